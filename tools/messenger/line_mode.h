/* SPDX-License-Identifier: Apache-2.0 */
/* For scripts: commands on stdin, events as JSON lines on stdout. */
#ifndef MESSENGER_LINE_MODE_H
#define MESSENGER_LINE_MODE_H

#include "messenger.h"

/* Gives an event out as a line. */
messenger_event_fn line_mode_tell;

/* Runs until the user quits or the input ends, and all is published or a while has passed. Returns
 * whether all is published. */
bool line_mode_run(struct messenger *messenger);

#endif
