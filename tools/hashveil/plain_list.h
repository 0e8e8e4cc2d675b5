/* SPDX-License-Identifier: Apache-2.0 */
/* The plaintext list that a reporter checks reports against. */
#ifndef HASHVEIL_TOOLS_PLAIN_LIST_H
#define HASHVEIL_TOOLS_PLAIN_LIST_H

#include <hashveil/index.h>

/* Makes an index of what a workspace lists; to be released with hashveil_index_destroy. Errors:
 * those of opening a workspace and making an index. */
HASHVEIL_MUST_USE hashveil_status plain_list_load(const char *path, hashveil_index **out);

#endif
