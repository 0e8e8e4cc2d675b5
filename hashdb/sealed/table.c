/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/sealed/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "hashdb/sealed/format.h"
#include "psi/token.h"

/* One table in the making. */
struct work {
    const struct hv_table_source *source;
    unsigned number;
    unsigned worker;
    size_t count;  /* of tokens or digests */
    size_t padded; /* a power of two */
    struct hv_random_stream stream;
    uint64_t *keys;  /* padded of them: of the entries in order, then padding */
    uint8_t *values; /* as many */
    size_t values_len;
    struct hv_token_input *inputs;            /* this and the next: of one piece */
    uint8_t (*outputs)[HV_OUTPUT_KEPT_BYTES]; /* secret */
};

static uint32_t record_of(const struct work *work, size_t place)
{
    const struct hv_clusters *clusters = &work->source->clusters;
    return work->number == HV_EXACT_TABLE ? clusters->of_exact[place] : clusters->of_entry[place];
}

static void encode(const struct work *work, size_t place, struct hv_token_input *out)
{
    const struct hv_table_source *source = work->source;
    const struct hv_clusters *clusters = &source->clusters;
    if (work->number == HV_EXACT_TABLE) {
        const hashveil_exact_entry *entry = &source->entries->exact[clusters->exact_order[place]];
        hv_token_encode_exact(&entry->digest, source->outputs.token_epoch, out);
    } else {
        const hashveil_entry *entry = &source->entries->entries[clusters->order[place]];
        const struct hv_token token = hv_masks_token(&source->masks, work->number, &entry->hash);
        hv_token_encode(&token, source->outputs.token_epoch, out);
    }
}

/* The value that a token's holder recovers: share or secret, slot and, in the last byte's unused
 * bits, what value already holds, which is random. The pad then covers all of it. */
static void seal_value(const struct work *work, uint32_t record,
                       const uint8_t y[HV_OUTPUT_KEPT_BYTES], uint8_t *value)
{
    const struct hv_table_source *source = work->source;
    const uint8_t *pad = y + HV_TOKEN_KEY_BYTES;
    const unsigned slot_len = (unsigned)(source->value_bytes - HV_SHARE_BYTES);
    const uint64_t slot_mask = source->padded_records - 1;
    const uint64_t spare = hv_load_le(value + HV_SHARE_BYTES, slot_len) & ~slot_mask;
    if (work->number == HV_EXACT_TABLE) {
        memcpy(value, source->line[record].secret, HV_SHARE_BYTES);
    } else {
        hv_line_share(&source->line[record], (uint8_t)(work->number + 1), value);
    }
    hv_store_le(value + HV_SHARE_BYTES, spare | source->slot[record], slot_len);
    for (size_t i = 0; i < source->value_bytes; i++) {
        value[i] ^= pad[i];
    }
}

/* From an attempt before, if that got so far; else made and kept. */
static hashveil_status get_outputs(const struct work *work, size_t first, size_t count)
{
    const struct hv_table_source *source = work->source;
    const size_t piece = first / HV_PARTIAL_PIECE_TOKENS;
    if (hv_partial_read(&source->partial, work->number, piece, count, work->outputs)) {
        return HASHVEIL_OK;
    }
    for (size_t i = 0; i < count; i++) {
        encode(work, first + i, &work->inputs[i]);
    }
    const hashveil_status status =
        hv_outputs_make(&source->outputs, work->worker, work->inputs, count, work->outputs);
    return status == HASHVEIL_OK
               ? hv_partial_keep(&source->partial, work->number, piece, count, work->outputs)
               : status;
}

static void seal_piece(struct work *work, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t place = first + i;
        work->keys[place] = hv_load_le(work->outputs[i], HV_TOKEN_KEY_BYTES);
        seal_value(work, record_of(work, place), work->outputs[i],
                   work->values + place * work->source->value_bytes);
    }
}

static hashveil_status seal_tokens(struct work *work)
{
    const struct hv_table_source *source = work->source;
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < work->count && status == HASHVEIL_OK; i += HV_PARTIAL_PIECE_TOKENS) {
        const size_t left = work->count - i;
        const size_t count = left < HV_PARTIAL_PIECE_TOKENS ? left : HV_PARTIAL_PIECE_TOKENS;
        status = get_outputs(work, i, count);
        if (status == HASHVEIL_OK) {
            seal_piece(work, i, count);
            source->tokens_done(source->tokens_done_context, count);
        }
    }
    return status;
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

/* A table holds a token once. Where records share one, the first keeps it, and the others are found
 * through their other masks: their place here goes to padding, so that the table's size says
 * nothing. */
static hashveil_status replace_repeated_keys(struct work *work, uint64_t *lost_out)
{
    const size_t value_bytes = work->source->value_bytes;
    size_t first = 0; /* of equal ones */
    struct numbered_key *sorted = hv_alloc_array(work->padded, sizeof *sorted);
    if (!sorted) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < work->padded; i++) {
        sorted[i] = (struct numbered_key){work->keys[i], i};
    }
    qsort(sorted, work->padded, sizeof *sorted, compare_keys);
    *lost_out = 0;
    for (size_t i = 1; i < work->padded; i++) {
        const size_t number = sorted[i].number;
        if (sorted[i].key != sorted[first].key) {
            first = i;
            continue;
        }
        *lost_out += number < work->count &&
                     record_of(work, number) != record_of(work, sorted[first].number);
        work->keys[number] = hv_random_stream_u64(&work->stream);
        hv_random_stream_fill(&work->stream, work->values + number * value_bytes, value_bytes);
    }
    free(sorted);
    return HASHVEIL_OK;
}

static void draw_padding(struct work *work)
{
    hv_random_stream_init(work->source->seed, "table", work->number, &work->stream);
    hv_random_stream_fill(&work->stream, work->values, work->values_len);
    for (size_t i = work->count; i < work->padded; i++) {
        work->keys[i] = hv_random_stream_u64(&work->stream);
    }
}

static hashveil_status make(struct work *work, struct hv_table *table)
{
    const struct hv_fuse_input input = {.keys = work->keys,
                                        .values = work->values,
                                        .count = work->padded,
                                        .value_bytes = work->source->value_bytes};
    draw_padding(work);
    hashveil_status status = seal_tokens(work);
    if (status == HASHVEIL_OK) {
        status = replace_repeated_keys(work, &table->lost);
    }
    if (status == HASHVEIL_OK) {
        status = hv_fuse_build(&input, &work->stream, &table->shape, table->bytes);
    }
    hv_random_stream_clear(&work->stream);
    return status;
}

hashveil_status hv_table_make(const struct hv_table_source *source, unsigned number,
                              unsigned worker, struct hv_table *table)
{
    const bool is_exact = number == HV_EXACT_TABLE;
    struct work work = {.source = source,
                        .number = number,
                        .worker = worker,
                        .count = is_exact ? source->entries->exact_count : source->entries->count,
                        .padded = is_exact ? source->padded_exact : source->padded_tokens};
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    work.values_len = work.padded * source->value_bytes;
    work.keys = hv_alloc_array(work.padded, sizeof *work.keys);
    work.values = hv_alloc_array(work.padded, source->value_bytes);
    table->bytes = hv_alloc_array((size_t)hv_fuse_places(&table->shape), source->value_bytes);
    work.inputs = hv_alloc_array(HV_PARTIAL_PIECE_TOKENS, sizeof *work.inputs);
    work.outputs = hv_alloc_array(HV_PARTIAL_PIECE_TOKENS, sizeof work.outputs[0]);
    if (work.keys && work.values && table->bytes && work.inputs && work.outputs) {
        status = make(&work, table);
    }
    if (work.outputs) {
        hv_wipe(work.outputs, HV_PARTIAL_PIECE_TOKENS * sizeof work.outputs[0]);
    }
    if (status != HASHVEIL_OK) {
        free(table->bytes);
        table->bytes = NULL;
    }
    free(work.keys);
    free(work.values);
    free(work.inputs);
    free(work.outputs);
    return status;
}
