/* SPDX-License-Identifier: Apache-2.0 */
/* Entries to a sealed database: masks -> tokens -> OPRF -> one table a mask; records under secrets
 * that any two tables share out. */
#include "hashdb/sealed/builder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/threads.h"
#include "hashdb/sealed/format.h"
#include "psi/token.h"

enum { PROGRESS_STEP = 256, DATABASE_MODE = 0644 };

struct build {
    const hashveil_entries *entries;
    const hashveil_seal_options *options;
    const uint8_t *seed;
    struct hv_manifest manifest;
    struct hv_masks masks;
    size_t padded_count;
    size_t value_bytes;
    uint32_t *slot;       /* of each entry */
    struct hv_line *line; /* of each entry: secret */
    struct hv_new_file file;
    pthread_mutex_t progress_lock;
    uint64_t tokens_done;
};

static void report_progress(struct build *build, uint64_t tokens)
{
    const hashveil_seal_options *options = build->options;
    if (!options->progress) {
        return;
    }
    pthread_mutex_lock(&build->progress_lock);
    build->tokens_done += tokens;
    options->progress(options->progress_context, build->tokens_done,
                      (uint64_t)build->entries->count * build->masks.params.masks);
    pthread_mutex_unlock(&build->progress_lock);
}

/* One table's making; each worker has its own. */
struct table_work {
    uint64_t *keys; /* padded_count: the entries' tokens in order, then padding */
    uint8_t *values;
    uint8_t *table;
    size_t table_len;
    struct hv_random_stream stream;
};

/* The value that a token's holder recovers: share, slot and, in the last byte's unused bits, what
 * value already holds, which is random. The pad then covers all of it. */
static void seal_value(const struct build *build, size_t entry, unsigned mask,
                       const uint8_t y[HV_OPRF_OUTPUT_BYTES], uint8_t *value)
{
    const uint8_t *pad = y + HV_TOKEN_KEY_BYTES;
    const unsigned slot_len = (unsigned)(build->value_bytes - HV_SHARE_BYTES);
    const uint64_t slot_mask = build->padded_count - 1;
    const uint64_t spare = hv_load_le(value + HV_SHARE_BYTES, slot_len) & ~slot_mask;
    hv_line_share(&build->line[entry], (uint8_t)(mask + 1), value);
    hv_store_le(value + HV_SHARE_BYTES, spare | build->slot[entry], slot_len);
    for (size_t i = 0; i < build->value_bytes; i++) {
        value[i] ^= pad[i];
    }
}

static hashveil_status seal_tokens(struct build *build, unsigned mask, struct table_work *work)
{
    const struct hv_manifest *manifest = &build->manifest;
    const uint8_t *secret = build->options->evaluator_key->secret_bytes;
    const size_t count = build->entries->count;
    for (size_t i = 0; i < count; i++) {
        struct hv_token_input input;
        uint8_t y[HV_OPRF_OUTPUT_BYTES];
        const struct hv_token token =
            hv_masks_token(&build->masks, mask, &build->entries->entries[i].hash);
        hv_token_encode(&token, manifest->epoch, &input);
        const struct hv_piece piece = hv_token_piece(&input);
        if (!hv_oprf_evaluate(manifest->mode, secret, &piece, y)) {
            return HASHVEIL_ERR_KEY;
        }
        work->keys[i] = hv_load_le(y, HV_TOKEN_KEY_BYTES);
        seal_value(build, i, mask, y, work->values + i * build->value_bytes);
        hv_wipe(y, sizeof y);
        if ((i + 1) % PROGRESS_STEP == 0) {
            report_progress(build, PROGRESS_STEP);
        }
    }
    report_progress(build, count % PROGRESS_STEP);
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
static hashveil_status replace_repeated_keys(const struct build *build, struct table_work *work)
{
    struct numbered_key *sorted = hv_alloc_array(build->padded_count, sizeof *sorted);
    if (!sorted) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < build->padded_count; i++) {
        sorted[i] = (struct numbered_key){work->keys[i], i};
    }
    qsort(sorted, build->padded_count, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < build->padded_count; i++) {
        if (sorted[i].key == sorted[i - 1].key) {
            const size_t number = sorted[i].number;
            work->keys[number] = hv_random_stream_u64(&work->stream);
            hv_random_stream_fill(&work->stream, work->values + number * build->value_bytes,
                                  build->value_bytes);
        }
    }
    free(sorted);
    return HASHVEIL_OK;
}

static hashveil_status make_table(struct build *build, unsigned mask, struct table_work *work)
{
    struct hv_table_section *table = &build->manifest.tables[mask];
    hv_random_stream_fill(&work->stream, work->values, build->padded_count * build->value_bytes);
    for (size_t i = build->entries->count; i < build->padded_count; i++) {
        work->keys[i] = hv_random_stream_u64(&work->stream);
    }
    hashveil_status status = seal_tokens(build, mask, work);
    if (status == HASHVEIL_OK) {
        status = replace_repeated_keys(build, work);
    }
    if (status == HASHVEIL_OK) {
        status = hv_fuse_build(work->keys, work->values, build->padded_count, build->value_bytes,
                               &work->stream, &table->shape, work->table);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    hv_sealed_digest(work->table, work->table_len, table->section.digest);
    return hv_new_file_write(&build->file, work->table, work->table_len, table->section.offset);
}

static hashveil_status table_job(void *context, size_t index, unsigned worker)
{
    struct build *build = context;
    const size_t table_len = (size_t)build->manifest.tables[index].section.len;
    const size_t values_len = build->padded_count * build->value_bytes;
    struct table_work work = {.table_len = table_len};
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    (void)worker;

    work.keys = hv_alloc_array(build->padded_count, sizeof *work.keys);
    work.values = hv_alloc_array(values_len, 1);
    work.table = hv_alloc_array(table_len, 1);
    if (work.keys && work.values && work.table) {
        hv_random_stream_init(build->seed, "table", index, &work.stream);
        status = make_table(build, (unsigned)index, &work);
        hv_random_stream_clear(&work.stream);
    }
    free(work.keys);
    free(work.values);
    free(work.table);
    return status;
}

/* Each entry's slot is a random one of all, so that a record's place says nothing of the entry's
 * place in its list. */
static hashveil_status draw_slots_and_lines(struct build *build)
{
    struct hv_random_stream stream;
    uint32_t *free_slots = hv_alloc_array(build->padded_count, sizeof *free_slots);
    const size_t count = build->entries->count;
    build->slot = hv_alloc_array(count, sizeof *build->slot);
    build->line = hv_alloc_array(count, sizeof *build->line);
    if (!free_slots || !build->slot || !build->line) {
        free(free_slots);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hv_random_stream_init(build->seed, "records", 0, &stream);
    for (size_t i = 0; i < build->padded_count; i++) {
        free_slots[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t other = i + (size_t)hv_random_stream_below(&stream, build->padded_count - i);
        build->slot[i] = free_slots[other];
        free_slots[other] = free_slots[i];
        hv_random_stream_fill(&stream, build->line[i].secret, HV_SHARE_BYTES);
        hv_random_stream_fill(&stream, build->line[i].slope, HV_SHARE_BYTES);
    }
    hv_random_stream_clear(&stream);
    free(free_slots);
    return HASHVEIL_OK;
}

/* Slots without an entry hold random bytes, as sealed records look. */
static hashveil_status write_records(struct build *build)
{
    struct hv_section *section = &build->manifest.records;
    struct hv_random_stream stream;
    hashveil_status status = HASHVEIL_OK;
    uint8_t *records = hv_alloc_array(build->padded_count, HV_RECORD_BYTES);
    if (!records) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hv_random_stream_init(build->seed, "padding", 0, &stream);
    hv_random_stream_fill(&stream, records, (size_t)section->len);
    hv_random_stream_clear(&stream);
    for (size_t i = 0; i < build->entries->count && status == HASHVEIL_OK; i++) {
        const uint32_t slot = build->slot[i];
        status =
            hv_record_seal(&build->entries->entries[i].record, build->line[i].secret,
                           build->manifest.epoch, slot, records + (size_t)slot * HV_RECORD_BYTES);
    }
    if (status == HASHVEIL_OK) {
        hv_sealed_digest(records, (size_t)section->len, section->digest);
        status = hv_new_file_write(&build->file, records, (size_t)section->len, section->offset);
    }
    free(records);
    return status;
}

/* The header comes last: a file without it is no database. */
static hashveil_status write_ends(struct build *build)
{
    static const uint8_t no_signatures[HV_SEALED_SIGNATURES_BYTES];
    const struct hv_manifest *manifest = &build->manifest;
    const size_t len = hv_manifest_len(manifest);
    struct hv_sealed_header header = {.manifest_len = (uint32_t)len};
    uint8_t header_bytes[HV_SEALED_HEADER_BYTES];
    uint8_t *bytes = hv_alloc_array(len, 1);
    if (!bytes) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    header.signatures_offset = manifest->records.offset + manifest->records.len;
    header.file_bytes = header.signatures_offset + sizeof no_signatures;
    hv_manifest_write(manifest, bytes);
    hv_sealed_digest(bytes, len, header.manifest_digest);
    hv_sealed_header_write(&header, header_bytes);
    hashveil_status status = hv_new_file_write(&build->file, bytes, len, HV_SEALED_HEADER_BYTES);
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(&build->file, no_signatures, sizeof no_signatures,
                                   header.signatures_offset);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(&build->file, header_bytes, sizeof header_bytes, 0);
    }
    free(bytes);
    return status;
}

static void lay_out(struct build *build)
{
    struct hv_manifest *manifest = &build->manifest;
    uint64_t end = HV_SEALED_HEADER_BYTES + hv_manifest_len(manifest);
    for (uint32_t i = 0; i < manifest->mask_params.masks; i++) {
        struct hv_table_section *table = &manifest->tables[i];
        table->shape = hv_fuse_shape_for(build->padded_count);
        table->section.offset = hv_align(end);
        table->section.len = hv_fuse_places(&table->shape) * build->value_bytes;
        end = table->section.offset + table->section.len;
    }
    manifest->records.offset = hv_align(end);
    manifest->records.len = (uint64_t)build->padded_count * HV_RECORD_BYTES;
}

static void fill_manifest(struct build *build, uint64_t created_s)
{
    struct hv_manifest *manifest = &build->manifest;
    const hashveil_seal_options *options = build->options;
    struct hv_random_stream stream;
    uint32_t slot_bits = HV_SEALED_MIN_SLOT_BITS;
    while ((size_t)1 << slot_bits < build->entries->count) {
        slot_bits++;
    }
    build->padded_count = (size_t)1 << slot_bits;
    build->value_bytes = hv_value_bytes(slot_bits);
    manifest->mode = HV_OPRF_MODE_OPRF;
    manifest->epoch = options->epoch;
    manifest->created_s = created_s;
    manifest->mask_params = options->mask_params;
    manifest->slot_bits = slot_bits;
    manifest->list_count = (uint32_t)build->entries->list_count;
    manifest->curator_count = (uint32_t)options->curator_count;
    memcpy(manifest->evaluator_public, options->evaluator_key->public_bytes, HASHVEIL_KEY_BYTES);
    for (size_t i = 0; i < build->entries->list_count; i++) {
        memcpy(manifest->list_names[i], build->entries->list_names[i], HV_SEALED_NAME_BYTES);
    }
    for (size_t i = 0; i < options->curator_count; i++) {
        memcpy(manifest->curator_keys[i], options->curator_keys[i].public_bytes,
               HASHVEIL_KEY_BYTES);
    }
    hv_random_stream_init(build->seed, "masks", 0, &stream);
    hv_random_stream_fill(&stream, manifest->mask_seed, sizeof manifest->mask_seed);
    hv_random_stream_clear(&stream);
    hv_masks_from_seed(manifest->mask_seed, &manifest->mask_params, &build->masks);
}

static hashveil_status check_arguments(const hashveil_entries *entries,
                                       const hashveil_seal_options *options)
{
    if (entries->count == 0) {
        return HASHVEIL_ERR_EMPTY;
    }
    if (entries->count > (size_t)1 << HV_SEALED_MAX_SLOT_BITS) {
        return HASHVEIL_ERR_LIMIT;
    }
    if (options->evaluator_key->kind != HASHVEIL_KEY_EVALUATOR ||
        !options->evaluator_key->has_secret) {
        return HASHVEIL_ERR_KEY;
    }
    if (!hv_mask_params_are_valid(&options->mask_params) ||
        options->curator_count > HASHVEIL_MAX_CURATORS ||
        entries->list_count > HASHVEIL_MAX_LISTS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    return HASHVEIL_OK;
}

hashveil_status hv_sealed_db_build_from_seed(const char *path, const hashveil_entries *entries,
                                             const hashveil_seal_options *options,
                                             const uint8_t seed[HV_SEED_BYTES], uint64_t created_s)
{
    struct build build = {.entries = entries,
                          .options = options,
                          .seed = seed,
                          .progress_lock = PTHREAD_MUTEX_INITIALIZER};
    const unsigned workers = options->workers ? options->workers : hv_processor_count();
    hashveil_status status = check_arguments(entries, options);
    if (status != HASHVEIL_OK) {
        return status;
    }
    fill_manifest(&build, created_s);
    lay_out(&build);
    status = hv_new_file_init(path, DATABASE_MODE, &build.file);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = draw_slots_and_lines(&build);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = hv_parallel(build.masks.params.masks, workers, table_job, &build);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = write_records(&build);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = write_ends(&build);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = hv_new_file_commit(&build.file);
done:
    hv_new_file_clear(&build.file);
    if (build.line) {
        hv_wipe(build.line, entries->count * sizeof *build.line);
    }
    free(build.line);
    free(build.slot);
    return status;
}

hashveil_status hashveil_sealed_db_build(const char *path, const hashveil_entries *entries,
                                         const hashveil_seal_options *options)
{
    uint8_t seed[HV_SEED_BYTES];
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    randombytes_buf(seed, sizeof seed);
    const hashveil_status status =
        hv_sealed_db_build_from_seed(path, entries, options, seed, (uint64_t)time(NULL));
    hv_wipe(seed, sizeof seed);
    return status;
}
