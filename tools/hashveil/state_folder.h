/* SPDX-License-Identifier: Apache-2.0 */
/* Where the program keeps what must outlive it, and finds how it is set up (XDG Base Directory
 * Specification 0.8). */
#ifndef HASHVEIL_TOOLS_STATE_FOLDER_H
#define HASHVEIL_TOOLS_STATE_FOLDER_H

#include <hashveil/status.h>

/* Gives the path of a file in $XDG_STATE_HOME/hashveil, else in ~/.local/state/hashveil, and makes
 * the folders that are missing, for their owner only.
 *
 * out  owned, released with free
 *
 * Errors: ERR_NOT_FOUND (neither variable names a folder), ERR_NO_MEMORY, and those of making a
 * folder; then out, unless NULL, is still the path for the message. */
HASHVEIL_MUST_USE hashveil_status state_folder_file(const char *name, char **out);

/* Returns the path of a file in $XDG_CONFIG_HOME/hashveil, else in ~/.config/hashveil, to be
 * released with free; NULL where neither variable names a folder. Makes nothing. */
char *config_folder_file(const char *name);

#endif
