/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the PSI step: multiplies blinded elements by the secret scalar, proves that
 * it did where it is asked to, and sees nothing else. Without I/O: a server moves the bytes. */
#ifndef HASHVEIL_EVALUATOR_H
#define HASHVEIL_EVALUATOR_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/key.h>
#include <hashveil/scanner.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Holds the secret scalar. Shared freely between threads. */
typedef struct hashveil_evaluator hashveil_evaluator;

/** key: an evaluator key with its secret; copied. Errors: ERR_KEY, ERR_NO_MEMORY. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_evaluator_create(const hashveil_key *key,
                                                                         hashveil_evaluator **out);

/**
 * Answers one request.
 *
 * request  len bytes, any content; borrowed for the call
 * out      HASHVEIL_RESPONSE_MAX_BYTES of room; *len_out of them are filled on success
 *
 * Errors: ERR_PROTOCOL (malformed, or an element that is not a canonical group element other than
 * the identity), ERR_VERSION, ERR_KEY (meant for another evaluator), ERR_IO (no random numbers).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_evaluator_respond(const hashveil_evaluator *evaluator, const uint8_t *request, size_t len,
                           uint8_t *out, size_t *len_out);

/**
 * Says how many elements a request has: what answering it costs, for whoever meters that. Its
 * elements are not looked at yet.
 *
 * Errors: ERR_PROTOCOL, ERR_VERSION.
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_request_count(const uint8_t *request,
                                                                      size_t len,
                                                                      uint32_t *count_out);

/** Wipes and releases. Accepts NULL. */
HASHVEIL_API void hashveil_evaluator_destroy(hashveil_evaluator *evaluator);

#ifdef __cplusplus
}
#endif

#endif
