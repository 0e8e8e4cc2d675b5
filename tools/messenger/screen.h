/* SPDX-License-Identifier: Apache-2.0 */
/* For people: the whole terminal, by ncurses. What is checked, and what follows, is always in
 * sight.
 */
#ifndef MESSENGER_SCREEN_H
#define MESSENGER_SCREEN_H

#include "messenger.h"

struct screen;

/* Takes the terminal. Errors: ERR_NO_MEMORY, ERR_UNSUPPORTED (no terminal that it can use). */
HASHVEIL_MUST_USE hashveil_status screen_open(struct screen **out);

/* Adds an event to what is shown; context: the screen. */
messenger_event_fn screen_tell;

/* Runs until the user quits, and all is published or a while has passed. Returns whether all is. */
bool screen_run(struct screen *screen, struct messenger *messenger);

/* Gives the terminal back. Accepts NULL. */
void screen_close(struct screen *screen);

#endif
