/* SPDX-License-Identifier: Apache-2.0 */
#include "match/subject.h"

#include <stdlib.h>

#include <sodium.h>

#include "base/memory.h"
#include "psi/probes.h"

bool hv_subject_is_clear(const hashveil_subject *subject)
{
    return subject->form_count > 0 && subject->forms[0].quality >= HASHVEIL_PDQ_MIN_QUALITY;
}

static void shuffle(struct hv_probe *probes, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = randombytes_uniform((uint32_t)i);
        const struct hv_probe probe = probes[i - 1];
        probes[i - 1] = probes[other];
        probes[other] = probe;
    }
}

hashveil_status hv_subject_probes(const hashveil_subject *subject, const struct hv_masks *masks,
                                  size_t count, struct hv_probe *out)
{
    const bool is_clear = hv_subject_is_clear(subject);
    hashveil_status status = HASHVEIL_OK;
    struct hv_token *tokens = hv_alloc_array(count, sizeof *tokens);
    if (!tokens) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (is_clear) {
        status = hv_probes_rank(masks, subject->forms, count, tokens);
    } else {
        hv_probes_random(masks, count, tokens);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct hv_probe){.token = tokens[i], .is_random = !is_clear};
    }
    shuffle(out, count);
    hv_wipe(tokens, count * sizeof *tokens);
    free(tokens);
    return status;
}
