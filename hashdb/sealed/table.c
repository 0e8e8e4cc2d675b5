/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/sealed/table.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "hashdb/sealed/format.h"
#include "psi/token.h"

enum { TOKENS_STEP = 256 };

/* One table in the making. */
struct work {
    const struct hv_table_source *source;
    unsigned mask;
    struct hv_random_stream stream;
    uint64_t *keys;  /* padded_count: the entries' tokens in order, then padding */
    uint8_t *values; /* as many */
    size_t values_len;
};

/* The value that a token's holder recovers: share, slot and, in the last byte's unused bits, what
 * value already holds, which is random. The pad then covers all of it. */
static void seal_value(const struct work *work, size_t entry, const uint8_t y[HV_OPRF_OUTPUT_BYTES],
                       uint8_t *value)
{
    const struct hv_table_source *source = work->source;
    const uint8_t *pad = y + HV_TOKEN_KEY_BYTES;
    const unsigned slot_len = (unsigned)(source->value_bytes - HV_SHARE_BYTES);
    const uint64_t slot_mask = source->padded_count - 1;
    const uint64_t spare = hv_load_le(value + HV_SHARE_BYTES, slot_len) & ~slot_mask;
    hv_line_share(&source->line[entry], (uint8_t)(work->mask + 1), value);
    hv_store_le(value + HV_SHARE_BYTES, spare | source->slot[entry], slot_len);
    for (size_t i = 0; i < source->value_bytes; i++) {
        value[i] ^= pad[i];
    }
}

static hashveil_status seal_tokens(struct work *work, hv_tokens_done_fn *tokens_done, void *context)
{
    const struct hv_table_source *source = work->source;
    const size_t count = source->entries->count;
    for (size_t i = 0; i < count; i++) {
        struct hv_token_input input;
        uint8_t y[HV_OPRF_OUTPUT_BYTES];
        const struct hv_token token =
            hv_masks_token(&source->masks, work->mask, &source->entries->entries[i].hash);
        hv_token_encode(&token, source->epoch, &input);
        const struct hv_piece piece = hv_token_piece(&input);
        if (!hv_oprf_evaluate(HV_OPRF_MODE, source->evaluator_secret, &piece, y)) {
            return HASHVEIL_ERR_KEY;
        }
        work->keys[i] = hv_load_le(y, HV_TOKEN_KEY_BYTES);
        seal_value(work, i, y, work->values + i * source->value_bytes);
        hv_wipe(y, sizeof y);
        if ((i + 1) % TOKENS_STEP == 0) {
            tokens_done(context, TOKENS_STEP);
        }
    }
    tokens_done(context, count % TOKENS_STEP);
    return HASHVEIL_OK;
}

struct numbered_key {
    uint64_t key;
    size_t number;
};

static int compare_keys(const void *a, const void *b)
{
    const struct numbered_key *x = a;
    const struct numbered_key *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

/* A table holds a token once. Where entries share one, the first keeps it, and the others are found
 * through their other masks: their place here goes to padding, so that the table's size says
 * nothing. */
static hashveil_status replace_repeated_keys(struct work *work)
{
    const size_t count = work->source->padded_count;
    const size_t value_bytes = work->source->value_bytes;
    struct numbered_key *sorted = hv_alloc_array(count, sizeof *sorted);
    if (!sorted) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct numbered_key){work->keys[i], i};
    }
    qsort(sorted, count, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (sorted[i].key == sorted[i - 1].key) {
            const size_t number = sorted[i].number;
            work->keys[number] = hv_random_stream_u64(&work->stream);
            hv_random_stream_fill(&work->stream, work->values + number * value_bytes, value_bytes);
        }
    }
    free(sorted);
    return HASHVEIL_OK;
}

static void draw_padding(struct work *work)
{
    const struct hv_table_source *source = work->source;
    hv_random_stream_init(source->seed, "table", work->mask, &work->stream);
    hv_random_stream_fill(&work->stream, work->values, work->values_len);
    for (size_t i = source->entries->count; i < source->padded_count; i++) {
        work->keys[i] = hv_random_stream_u64(&work->stream);
    }
}

hashveil_status hv_table_make(const struct hv_table_source *source, unsigned mask,
                              hv_tokens_done_fn *tokens_done, void *context,
                              struct hv_fuse_shape *shape, uint8_t **table_out)
{
    struct work work = {
        .source = source, .mask = mask, .values_len = source->padded_count * source->value_bytes};
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    uint8_t *table = hv_alloc_array((size_t)hv_fuse_places(shape), source->value_bytes);
    work.keys = hv_alloc_array(source->padded_count, sizeof *work.keys);
    work.values = hv_alloc_array(source->padded_count, source->value_bytes);
    const struct hv_fuse_input input = {.keys = work.keys,
                                        .values = work.values,
                                        .count = source->padded_count,
                                        .value_bytes = source->value_bytes};
    if (!table || !work.keys || !work.values) {
        goto done;
    }
    draw_padding(&work);
    status = seal_tokens(&work, tokens_done, context);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = replace_repeated_keys(&work);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = hv_fuse_build(&input, &work.stream, shape, table);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    *table_out = table;
    table = NULL; /* now the caller's */
done:
    hv_random_stream_clear(&work.stream);
    free(work.keys);
    free(work.values);
    free(table);
    return status;
}
