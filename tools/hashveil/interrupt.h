/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C ends a long command in good order: what is begun is finished, what was done is printed. */
#ifndef HASHVEIL_TOOLS_INTERRUPT_H
#define HASHVEIL_TOOLS_INTERRUPT_H

#include <hashveil/cancel.h>

/* From now on SIGINT, SIGTERM and SIGHUP turn the flag true, which must outlive the command; a
 * second signal ends the process at once. */
void interrupt_sets(hashveil_atomic_bool *is_cancelled);

#endif
