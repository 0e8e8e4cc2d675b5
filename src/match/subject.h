/* SPDX-License-Identifier: Apache-2.0 */
/* From what is known of a file to what is asked for: always as many probes. */
#ifndef HV_MATCH_SUBJECT_H
#define HV_MATCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/scanner.h>

#include "psi/masks.h"

struct hv_probe {
    struct hv_token token;
    bool is_random; /* in place of a picture that has nothing worth asking: never looked up */
};

/* Whether its fingerprint is worth asking for. */
bool hv_subject_is_clear(const hashveil_subject *subject);

/* Fills out with count probes in a random order: the request's order must not say which are the
 * likeliest, should an evaluator ever learn something of single ones.
 *
 * Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_subject_probes(const hashveil_subject *subject,
                                                    const struct hv_masks *masks, size_t count,
                                                    struct hv_probe *out);

#endif
