/* SPDX-License-Identifier: Apache-2.0 */
/* Workspaces and values as commands take them. */
#ifndef HASHVEIL_TOOLS_WORKSPACE_INPUT_H
#define HASHVEIL_TOOLS_WORKSPACE_INPUT_H

#include "json_line.h"

#include <stdbool.h>

#include <hashveil/curation.h>
#include <hashveil/workspace.h>

/* Returns NULL after a message. */
hashveil_workspace *workspace_open(const char *path, hashveil_workspace_mode mode);

/* Who runs the program, for a workspace's history: the login name, or "". Static. */
const char *user_name(void);

/* Returns false after a message. */
bool value_read(const char *text, hashveil_value *out);

/* Sets "value", and what else there is of a claim. */
void json_line_set_claim(struct json_line *line, const hashveil_claim *claim);

/* A line: value, source, label, item and when it was added, then when and by whom it was ended;
 * tabs between, "-" for what is not there. */
void print_claim(const hashveil_claim *claim);

#endif
