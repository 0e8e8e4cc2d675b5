/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder process's own side: takes files, gives results, knows nothing else. */
#ifndef HV_SANDBOX_SERVE_H
#define HV_SANDBOX_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/fingerprint.h>

/* Fingerprints a file; as hashveil_fingerprint_file for one form. */
typedef hashveil_status hv_decode_fn(const uint8_t *bytes, size_t len,
                                     const hashveil_fingerprint_options *options, uint32_t forms,
                                     hashveil_fingerprint *out);

/* Locks the process down; hv_lock_down, but for tests. */
typedef hashveil_status hv_lock_fn(int descriptor, uint64_t max_memory_bytes);

/* Serves until the other side closes its end. Returns the process's exit status. */
int hv_serve(hv_lock_fn *lock, hv_decode_fn *decode);

#endif
