/* SPDX-License-Identifier: Apache-2.0 */
/* The start of a decoder process: what it shares with this one, and nothing else of it. */
#ifndef HV_SANDBOX_SPAWN_H
#define HV_SANDBOX_SPAWN_H

#include <hashveil/sandbox.h>

#include "sandbox/process.h"

/* Runs the program; it has not said a word yet. On failure hv_process_end releases what there is.
 *
 * options: with no zeros. Errors: ERR_NOT_FOUND, ERR_ACCESS, ERR_NO_MEMORY, ERR_IO. */
HASHVEIL_MUST_USE hashveil_status hv_process_spawn(const hashveil_sandbox_options *options,
                                                   struct hv_process *out);

#endif
