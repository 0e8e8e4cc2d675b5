/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up all that decoding does not need, for good. */
#ifndef HV_SANDBOX_LOCKDOWN_H
#define HV_SANDBOX_LOCKDOWN_H

#include <stdint.h>

#include <hashveil/status.h>

/* What is left to this process: to compute, to get at most so much memory, to read from and write
 * to one descriptor, to start threads (libheif's decoders do), and to end. Anything else kills it.
 *
 * Errors: ERR_UNSUPPORTED (the system has no such filter); the process may then be locked in part.
 */
HASHVEIL_MUST_USE hashveil_status hv_lock_down(int descriptor, uint64_t max_memory_bytes);

/* The first half of that, which holds even if the filter of system calls had a hole: no file is
 * reached, no descriptor made, nothing written to a file, and memory is limited. */
HASHVEIL_MUST_USE hashveil_status hv_limit_process(uint64_t max_memory_bytes);

#endif
