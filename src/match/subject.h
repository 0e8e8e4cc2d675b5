/* SPDX-License-Identifier: Apache-2.0 */
/* From what is known of a file to what is asked for: always as many probes. */
#ifndef HV_MATCH_SUBJECT_H
#define HV_MATCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/scanner.h>

#include "base/random_stream.h"
#include "psi/masks.h"
#include "psi/token.h"

struct hv_probe {
    hashveil_signal signal; /* NONE: random, in place of what there is not; never looked up */
    struct hv_token token;  /* where it is PDQ or NONE */
};

/* Whether its fingerprint is worth asking for. */
bool hv_subject_is_clear(const hashveil_subject *subject);

/* All that a picture may be listed as. Starts as {0}. */
struct hv_forms {
    hashveil_fingerprint *forms; /* owned; turns of them for each of the subject's */
    size_t count;
    size_t turns;
};

/* is_dihedral: with all turned forms. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_forms_init(const hashveil_subject *subject, bool is_dihedral,
                                                struct hv_forms *out);

/* Wipes and releases. Accepts cleared ones. */
void hv_forms_clear(struct hv_forms *forms);

/* Fills out with count probes: the digests where they are given, for the rest the forms' likeliest,
 * or random ones where there are none. Their order is random: it must not say which are the
 * likeliest, should an evaluator ever learn something of single ones.
 *
 * stream: NULL for the system's random numbers. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_subject_probes(const struct hv_forms *forms,
                                                    const hashveil_digests *digests,
                                                    const struct hv_masks *masks, size_t count,
                                                    struct hv_random_stream *stream,
                                                    struct hv_probe *out);

/* digests: those that the probe was chosen with. */
void hv_probe_encode(const struct hv_probe *probe, const hashveil_digests *digests, uint64_t epoch,
                     struct hv_token_input *out);

#endif
