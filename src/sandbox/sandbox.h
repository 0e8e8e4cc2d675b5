/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: whoever has a file waits for a free decoder process. */
#ifndef HV_SANDBOX_SANDBOX_H
#define HV_SANDBOX_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/fingerprint.h>
#include <hashveil/sandbox.h>

/* Fills forms fingerprints, 1, HASHVEIL_PDQ_POLICIES or HASHVEIL_PDQ_DIHEDRAL.
 *
 * Errors: as hv_process_run, and those of starting a process. Threads: safe. */
HASHVEIL_MUST_USE hashveil_status hv_sandbox_fingerprint(
    hashveil_sandbox *sandbox, const uint8_t *bytes, size_t len,
    const hashveil_fingerprint_options *options, uint32_t forms, hashveil_fingerprint *out);

#endif
