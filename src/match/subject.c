/* SPDX-License-Identifier: Apache-2.0 */
#include "match/subject.h"

#include <stdlib.h>

#include "base/memory.h"
#include "psi/probes.h"

bool hv_subject_is_clear(const hashveil_subject *subject)
{
    return subject->form_count > 0 && subject->forms[0].quality >= HASHVEIL_PDQ_MIN_QUALITY;
}

static void shuffle(struct hv_probe *probes, size_t count, struct hv_random_stream *stream)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = hv_draw_below(stream, (uint32_t)i);
        const struct hv_probe probe = probes[i - 1];
        probes[i - 1] = probes[other];
        probes[other] = probe;
    }
}

hashveil_status hv_forms_init(const hashveil_subject *subject, bool is_dihedral,
                              struct hv_forms *out)
{
    const size_t turns = is_dihedral ? HASHVEIL_PDQ_DIHEDRAL : 1;
    *out = (struct hv_forms){.count = subject->form_count * turns, .turns = turns};
    out->forms = hv_alloc_array(out->count, sizeof *out->forms);
    if (!out->forms) {
        *out = (struct hv_forms){0};
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < subject->form_count; i++) {
        out->forms[i * turns] = subject->forms[i];
        for (size_t turn = 1; turn < turns; turn++) {
            hashveil_pdq_turn(&subject->forms[i], (hashveil_dihedral)turn,
                              &out->forms[i * turns + turn]);
        }
    }
    return HASHVEIL_OK;
}

void hv_forms_clear(struct hv_forms *forms)
{
    if (forms->forms) {
        hv_wipe(forms->forms, forms->count * sizeof *forms->forms);
    }
    free(forms->forms);
    *forms = (struct hv_forms){0};
}

/* Fills out with count probes, the likeliest first. */
static hashveil_status choose_tokens(const struct hv_forms *forms, const struct hv_masks *masks,
                                     size_t count, struct hv_random_stream *stream,
                                     struct hv_probe *out)
{
    const hashveil_signal signal = forms->count > 0 ? HASHVEIL_SIGNAL_PDQ : HASHVEIL_SIGNAL_NONE;
    hashveil_status status = HASHVEIL_OK;
    struct hv_token *tokens = hv_alloc_array(count, sizeof *tokens);
    if (!tokens) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (signal == HASHVEIL_SIGNAL_PDQ) {
        status = hv_probes_rank(masks, forms->forms, forms->count, count, tokens);
    } else {
        hv_probes_random(masks, count, stream, tokens);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct hv_probe){.signal = signal, .token = tokens[i]};
    }
    hv_wipe(tokens, count * sizeof *tokens);
    free(tokens);
    return status;
}

static const struct {
    hashveil_signal signal;
    hashveil_digest_kind kind;
} exact_signals[] = {
    {HASHVEIL_SIGNAL_MD5, HASHVEIL_DIGEST_MD5},
    {HASHVEIL_SIGNAL_SHA1, HASHVEIL_DIGEST_SHA1},
    {HASHVEIL_SIGNAL_SHA256, HASHVEIL_DIGEST_SHA256},
};
enum { EXACT_SIGNALS = sizeof exact_signals / sizeof exact_signals[0] };

hashveil_status hv_subject_probes(const struct hv_forms *forms, const hashveil_digests *digests,
                                  const struct hv_masks *masks, size_t count,
                                  struct hv_random_stream *stream, struct hv_probe *out)
{
    const size_t exact = digests ? EXACT_SIGNALS : 0;
    const hashveil_status status = choose_tokens(forms, masks, count - exact, stream, out + exact);
    for (size_t i = 0; i < exact; i++) {
        out[i] = (struct hv_probe){.signal = exact_signals[i].signal};
    }
    shuffle(out, count, stream);
    return status;
}

void hv_probe_encode(const struct hv_probe *probe, const hashveil_digests *digests, uint64_t epoch,
                     struct hv_token_input *out)
{
    for (size_t i = 0; i < EXACT_SIGNALS; i++) {
        if (probe->signal == exact_signals[i].signal) {
            const hashveil_digest digest = hashveil_digests_get(digests, exact_signals[i].kind);
            hv_token_encode_exact(&digest, epoch, out);
            return;
        }
    }
    hv_token_encode(&probe->token, epoch, out);
}
