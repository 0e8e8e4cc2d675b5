/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/sealed/outputs.h"

#include <stdlib.h>
#include <string.h>

#include <hashveil/scanner.h>

#include "base/memory.h"
#include "psi/client.h"

static hashveil_status evaluate_all(const struct hv_output_source *source,
                                    const struct hv_token_input *inputs, size_t count,
                                    uint8_t (*out)[HV_OUTPUT_KEPT_BYTES])
{
    uint8_t y[HV_OPRF_OUTPUT_BYTES];
    for (size_t i = 0; i < count; i++) {
        const struct hv_piece piece = hv_token_piece(&inputs[i]);
        if (!hv_oprf_evaluate(HV_OPRF_MODE, source->key->secret_bytes, &piece, y)) {
            return HASHVEIL_ERR_KEY;
        }
        memcpy(out[i], y, sizeof out[i]);
    }
    hv_wipe(y, sizeof y);
    return HASHVEIL_OK;
}

/* Room for one request and what comes of it. Starts as {0}. */
struct asking {
    struct hv_client_batch batch;
    uint8_t *response;                  /* owned */
    uint8_t (*y)[HV_OPRF_OUTPUT_BYTES]; /* owned; as many as the batch has inputs */
};

static void asking_clear(struct asking *asking)
{
    if (asking->y) {
        hv_wipe(asking->y, asking->batch.count * sizeof asking->y[0]);
    }
    free(asking->y);
    free(asking->response);
    hv_client_batch_clear(&asking->batch);
}

static hashveil_status asking_init(const struct hv_output_source *source,
                                   const struct hv_token_input *inputs, uint32_t count,
                                   struct asking *out)
{
    const size_t shares = source->key_shares ? HV_CLIENT_MAX_EVALUATORS : 0;
    hashveil_status status = hv_client_batch_init(count, &out->batch);
    if (status == HASHVEIL_OK) {
        status = hv_client_keys_of(source->key->public_bytes, source->key_shares, shares,
                                   &out->batch.keys);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    out->batch.epoch = source->token_epoch;
    out->batch.with_proof = true;
    memcpy(out->batch.input, inputs, count * sizeof *inputs);
    out->response = hv_alloc_array(HASHVEIL_RESPONSE_MAX_BYTES, 1);
    out->y = hv_alloc_array(count, sizeof out->y[0]);
    return out->response && out->y ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

/* One batch: every answer is proved to be under its evaluator's published key. */
static hashveil_status ask(const struct hv_output_source *source, unsigned worker,
                           const struct hv_token_input *inputs, uint32_t count,
                           uint8_t (*out)[HV_OUTPUT_KEPT_BYTES])
{
    struct asking asking = {0};
    size_t len = 0;
    hashveil_status status = asking_init(source, inputs, count, &asking);
    if (status == HASHVEIL_OK) {
        status = hv_client_blind(&asking.batch);
    }
    for (unsigned i = 0; i < asking.batch.keys.count && status == HASHVEIL_OK; i++) {
        const hashveil_seal_request request = {.bytes = hv_client_request(&asking.batch, i),
                                               .len = asking.batch.request_len,
                                               .worker = worker,
                                               .evaluator = i};
        status = source->exchange(source->exchange_context, &request, asking.response, &len);
        if (status == HASHVEIL_OK) {
            status = hv_client_take(&asking.batch, i, asking.response, len);
        }
    }
    if (status == HASHVEIL_OK) {
        status = hv_client_finalize(&asking.batch, asking.y);
    }
    for (uint32_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        memcpy(out[i], asking.y[i], sizeof out[i]);
    }
    asking_clear(&asking);
    return status;
}

hashveil_status hv_outputs_make(const struct hv_output_source *source, unsigned worker,
                                const struct hv_token_input *inputs, size_t count,
                                uint8_t (*out)[HV_OUTPUT_KEPT_BYTES])
{
    hashveil_status status = HASHVEIL_OK;
    if (!source->exchange) {
        return evaluate_all(source, inputs, count, out);
    }
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i += HV_CLIENT_MAX_INPUTS) {
        const size_t left = count - i;
        const uint32_t step =
            left < HV_CLIENT_MAX_INPUTS ? (uint32_t)left : (uint32_t)HV_CLIENT_MAX_INPUTS;
        status = ask(source, worker, inputs + i, step, out + i);
    }
    return status;
}
