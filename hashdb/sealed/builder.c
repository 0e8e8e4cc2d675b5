/* SPDX-License-Identifier: Apache-2.0 */
/* Entries to a sealed database: clusters -> tokens and digests -> OPRF -> tables; records under
 * secrets that any two masks' tables share out, and that the table of digests holds. */
#include <hashveil/sealed_db.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "base/threads.h"
#include "hashdb/sealed/database.h"
#include "hashdb/sealed/partial.h"
#include "hashdb/sealed/seal_input.h"
#include "hashdb/sealed/table.h"

enum { DATABASE_MODE = 0644, MIN_WITHDRAWN = 64 };

struct build {
    const char *path;
    struct hv_partial_begin begin; /* secret */
    const hashveil_seal_options *options;
    struct hv_table_source source;
    struct hv_manifest manifest;
    struct hv_new_file file;
    pthread_mutex_t lock; /* of what is below */
    uint64_t tokens_done;
    uint64_t tokens_lost;
};

static void tokens_done(void *context, uint64_t tokens)
{
    struct build *build = context;
    const hashveil_seal_options *options = build->options;
    if (!options->progress) {
        return;
    }
    const hashveil_entries *entries = build->source.entries;
    pthread_mutex_lock(&build->lock);
    build->tokens_done += tokens;
    options->progress(options->progress_context, build->tokens_done,
                      (uint64_t)entries->count * build->manifest.mask_params.masks +
                          entries->exact_count);
    pthread_mutex_unlock(&build->lock);
}

static hashveil_status write_table(struct build *build, unsigned number, unsigned worker,
                                   struct hv_table_section *section)
{
    const size_t len = (size_t)section->section.len;
    struct hv_table table = {.shape = section->shape};
    hashveil_status status = hv_table_make(&build->source, number, worker, &table);
    if (status == HASHVEIL_OK) {
        section->shape = table.shape;
        status = hv_new_file_write(&build->file, table.bytes, len, section->section.offset);
    }
    pthread_mutex_lock(&build->lock);
    build->tokens_lost += table.lost;
    pthread_mutex_unlock(&build->lock);
    free(table.bytes);
    return status;
}

/* The masks' tables by their numbers, and behind them that of the digests. */
static hashveil_status table_job(void *context, size_t index, unsigned worker)
{
    struct build *build = context;
    return index < build->manifest.mask_params.masks
               ? write_table(build, (unsigned)index, worker, &build->manifest.tables[index])
               : write_table(build, HV_EXACT_TABLE, worker, &build->manifest.exact);
}

/* Each record's slot is a random one of all, so that its place says nothing of the entries' places
 * in their list. */
static hashveil_status draw_slots_and_lines(struct build *build)
{
    struct hv_random_stream stream;
    uint32_t *free_slots = hv_alloc_array(build->source.padded_records, sizeof *free_slots);
    const size_t count = build->source.clusters.count;
    build->source.slot = hv_alloc_array(count, sizeof *build->source.slot);
    build->source.line = hv_alloc_array(count, sizeof *build->source.line);
    if (!free_slots || !build->source.slot || !build->source.line) {
        free(free_slots);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hv_random_stream_init(build->source.seed, "records", 0, &stream);
    for (size_t i = 0; i < build->source.padded_records; i++) {
        free_slots[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t other =
            i + (size_t)hv_random_stream_below(&stream, build->source.padded_records - i);
        build->source.slot[i] = free_slots[other];
        free_slots[other] = free_slots[i];
        hv_random_stream_fill(&stream, build->source.line[i].secret, HV_SHARE_BYTES);
        hv_random_stream_fill(&stream, build->source.line[i].slope, HV_SHARE_BYTES);
    }
    hv_random_stream_clear(&stream);
    free(free_slots);
    return HASHVEIL_OK;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, HASHVEIL_RECORD_ID_BYTES);
}

/* Those that are withdrawn, among random ones. */
static hashveil_status write_withdrawn(struct build *build)
{
    const struct hv_section *section = &build->manifest.withdrawn;
    const size_t given = build->options->withdrawn_count * HASHVEIL_RECORD_ID_BYTES;
    struct hv_random_stream stream;
    uint8_t *ids = hv_alloc_array((size_t)section->len, 1);
    if (!ids) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (given > 0) {
        memcpy(ids, build->options->withdrawn, given);
    }
    hv_random_stream_init(build->source.seed, "withdrawn", 0, &stream);
    hv_random_stream_fill(&stream, ids + given, (size_t)section->len - given);
    hv_random_stream_clear(&stream);
    qsort(ids, build->manifest.withdrawn_count, HASHVEIL_RECORD_ID_BYTES, compare_ids);
    const hashveil_status status =
        hv_new_file_write(&build->file, ids, (size_t)section->len, section->offset);
    free(ids);
    return status;
}

/* Slots without a record hold random bytes, as sealed records look. */
static hashveil_status write_records(struct build *build)
{
    struct hv_section *section = &build->manifest.records;
    struct hv_random_stream stream;
    hashveil_status status = HASHVEIL_OK;
    uint8_t *records = hv_alloc_array(build->source.padded_records, HV_RECORD_BYTES);
    if (!records) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hv_random_stream_init(build->source.seed, "padding", 0, &stream);
    hv_random_stream_fill(&stream, records, (size_t)section->len);
    hv_random_stream_clear(&stream);
    for (size_t i = 0; i < build->source.clusters.count && status == HASHVEIL_OK; i++) {
        const uint32_t slot = build->source.slot[i];
        status =
            hv_record_seal(&build->source.clusters.records[i], build->source.line[i].secret,
                           build->manifest.epoch, slot, records + (size_t)slot * HV_RECORD_BYTES);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(&build->file, records, (size_t)section->len, section->offset);
    }
    free(records);
    return status;
}

/* From what was written: so that also what a faulty device did to it is found when it is opened. */
static hashveil_status write_pages(struct build *build)
{
    struct hv_manifest *manifest = &build->manifest;
    const struct hv_section body = hv_manifest_body(manifest);
    struct hv_mapping written = {0};
    uint8_t *digests = hv_alloc_array((size_t)manifest->pages.len, 1);
    hashveil_status status =
        digests ? hv_map_file(build->file.path_new, &written) : HASHVEIL_ERR_NO_MEMORY;
    if (status == HASHVEIL_OK && written.len != body.offset + body.len) {
        status = HASHVEIL_ERR_IO; /* somebody else writes it too */
    }
    if (status == HASHVEIL_OK) {
        hv_pages_digest(written.bytes + body.offset, body.len, digests);
        hv_sealed_digest(digests, (size_t)manifest->pages.len, manifest->pages_digest);
        status = hv_new_file_write(&build->file, digests, (size_t)manifest->pages.len,
                                   manifest->pages.offset);
    }
    hv_unmap_file(&written);
    free(digests);
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

/* Returns where the table ends that begins behind what ends at end. */
static uint64_t lay_out_table(const struct build *build, size_t padded_count, uint64_t end,
                              struct hv_table_section *out)
{
    out->shape = hv_fuse_shape_for(padded_count);
    out->section.offset = hv_align(end);
    out->section.len = hv_fuse_places(&out->shape) * build->source.value_bytes;
    return out->section.offset + out->section.len;
}

/* Returns the end of the body, from where its first table stands. */
static uint64_t lay_out_body(struct build *build, uint64_t end)
{
    struct hv_manifest *manifest = &build->manifest;
    for (uint32_t i = 0; i < manifest->mask_params.masks; i++) {
        end = lay_out_table(build, build->source.padded_tokens, end, &manifest->tables[i]);
    }
    if (manifest->exact_bits > 0) {
        end = lay_out_table(build, build->source.padded_exact, end, &manifest->exact);
    }
    manifest->withdrawn.offset = hv_align(end);
    manifest->withdrawn.len = (uint64_t)manifest->withdrawn_count * HASHVEIL_RECORD_ID_BYTES;
    manifest->records.offset = hv_align(manifest->withdrawn.offset + manifest->withdrawn.len);
    manifest->records.len = (uint64_t)build->source.padded_records * HV_RECORD_BYTES;
    return manifest->records.offset + manifest->records.len;
}

/* How many pages there are says how far the body moves, but not how long it is. */
static hashveil_status lay_out(struct build *build)
{
    struct hv_manifest *manifest = &build->manifest;
    const uint64_t body_len = lay_out_body(build, 0);
    manifest->pages.offset = hv_align(HV_SEALED_HEADER_BYTES + hv_manifest_len(manifest));
    manifest->pages.len = hv_page_count(body_len) * HASHVEIL_DIGEST_BYTES;
    lay_out_body(build, manifest->pages.offset + manifest->pages.len);
    return HASHVEIL_OK;
}

/* Of the public steps in which numbers are told: powers of two. */
static uint32_t step_bits(size_t count)
{
    uint32_t bits = HV_SEALED_MIN_SLOT_BITS;
    while ((size_t)1 << bits < count) {
        bits++;
    }
    return bits;
}

/* The masks, and by them the records. */
static hashveil_status draw_masks_and_cluster(struct build *build)
{
    struct hv_manifest *manifest = &build->manifest;
    const hashveil_entries *entries = build->source.entries;
    struct hv_random_stream stream;
    hv_random_stream_init(build->source.seed, "masks", 0, &stream);
    hv_random_stream_fill(&stream, manifest->mask_seed, sizeof manifest->mask_seed);
    hv_random_stream_clear(&stream);
    if (build->options->mask_seed) {
        memcpy(manifest->mask_seed, build->options->mask_seed, sizeof manifest->mask_seed);
    }
    manifest->mask_params = build->options->mask_params;
    if (build->options->base) {
        const struct hv_manifest *base = &build->options->base->manifest;
        memcpy(manifest->mask_seed, base->mask_seed, sizeof manifest->mask_seed);
        manifest->mask_params = base->mask_params;
    }
    hv_masks_from_seed(manifest->mask_seed, &manifest->mask_params, &build->source.masks);
    const hashveil_status status =
        hv_clusters_make(entries, &build->source.masks, &build->source.clusters);
    if (status != HASHVEIL_OK) {
        return status;
    }
    manifest->slot_bits = step_bits(build->source.clusters.count);
    manifest->exact_bits = entries->exact_count > 0 ? step_bits(entries->exact_count) : 0;
    build->source.padded_records = (size_t)1 << manifest->slot_bits;
    build->source.padded_tokens = (size_t)1 << step_bits(entries->count);
    build->source.padded_exact = (size_t)1 << manifest->exact_bits;
    build->source.value_bytes = hv_value_bytes(manifest->slot_bits);
    return HASHVEIL_OK;
}

/* Their number is told in powers of two as well. */
static uint32_t withdrawn_step(size_t count)
{
    uint32_t step = MIN_WITHDRAWN;
    while (step < count) {
        step *= 2;
    }
    return step;
}

static hashveil_status fill_manifest(struct build *build)
{
    struct hv_manifest *manifest = &build->manifest;
    const hashveil_seal_options *options = build->options;
    manifest->expires_s = options->expires_s;
    if (options->base) {
        memcpy(manifest->base_digest, options->base->info.digest, sizeof manifest->base_digest);
        manifest->withdrawn_count = withdrawn_step(options->withdrawn_count);
    }
    manifest->list_count = (uint32_t)build->source.entries->list_count;
    manifest->curator_count = (uint32_t)options->curator_count;
    memcpy(manifest->evaluator_public, options->evaluator_key->public_bytes, HASHVEIL_KEY_BYTES);
    for (size_t i = 0; i < build->source.entries->list_count; i++) {
        memcpy(manifest->list_names[i], build->source.entries->list_names[i], HV_SEALED_NAME_BYTES);
    }
    for (size_t i = 0; i < options->curator_count; i++) {
        memcpy(manifest->curator_keys[i], options->curator_keys[i].public_bytes,
               HASHVEIL_KEY_BYTES);
    }
    return HASHVEIL_OK;
}

static hashveil_status write_tables(struct build *build)
{
    const unsigned workers = build->options->workers;
    return hv_parallel(build->manifest.mask_params.masks + (build->manifest.exact_bits > 0),
                       workers ? workers : hv_processor_count(), table_job, build);
}

/* Where it goes on from, or what it begins with. */
static hashveil_status begin(struct build *build)
{
    uint8_t input_digest[HASHVEIL_DIGEST_BYTES];
    const hashveil_seal_options *options = build->options;
    const hashveil_entries *entries = build->source.entries;
    const size_t most_tokens =
        entries->count > entries->exact_count ? entries->count : entries->exact_count;
    hashveil_seal_start start = HASHVEIL_SEAL_BEGINS;
    hashveil_status status = hv_seal_input_digest(entries, options, input_digest);
    if (status != HASHVEIL_OK) {
        return status;
    }
    hv_seal_input_begin(options, input_digest, &build->begin);
    if (options->is_resumable) {
        status = hv_partial_open(build->path, &build->begin, input_digest, most_tokens,
                                 &build->source.partial, &start);
    }
    if (status == HASHVEIL_OK && options->is_resumable) {
        build->begin = build->source.partial.begin;
        if (options->on_start) {
            options->on_start(options->progress_context, start);
        }
    }
    return status;
}

static hashveil_status set_epoch(struct build *build)
{
    const hashveil_sealed_db *base = build->options->base;
    if (base && base->info.epoch >= build->begin.epoch) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    build->manifest.epoch = build->begin.epoch;
    build->manifest.created_s = build->begin.created_s;
    build->manifest.token_epoch = base ? base->manifest.token_epoch : build->begin.epoch;
    build->source.outputs.token_epoch = build->manifest.token_epoch;
    return HASHVEIL_OK;
}

static hashveil_status make_file(struct build *build)
{
    const hashveil_status status = hv_new_file_init(build->path, DATABASE_MODE, &build->file);
    return status == HASHVEIL_OK ? hv_partial_note_file(&build->source.partial, &build->file)
                                 : status;
}

static hashveil_status commit(struct build *build)
{
    return hv_new_file_commit(&build->file);
}

static void build_clear(struct build *build, bool is_done)
{
    hv_new_file_clear(&build->file);
    if (build->source.line) {
        hv_wipe(build->source.line, build->source.clusters.count * sizeof *build->source.line);
    }
    free(build->source.line);
    free(build->source.slot);
    hv_clusters_clear(&build->source.clusters);
    hv_partial_close(&build->source.partial, !is_done);
    hv_wipe(&build->begin, sizeof build->begin);
}

hashveil_status hashveil_sealed_db_build(const char *path, const hashveil_entries *entries,
                                         const hashveil_seal_options *options,
                                         hashveil_seal_summary *summary_out)
{
    static hashveil_status (*const steps[])(struct build *) = {
        begin,
        set_epoch,
        make_file,
        draw_masks_and_cluster,
        fill_manifest,
        lay_out,
        draw_slots_and_lines,
        write_tables,
        write_withdrawn,
        write_records,
        write_pages,
        write_ends,
        commit,
    };
    struct build build = {.path = path,
                          .options = options,
                          .source = {.entries = entries,
                                     .outputs = {.key = options->evaluator_key,
                                                 .exchange = options->exchange,
                                                 .exchange_context = options->exchange_context,
                                                 .key_shares = options->key_shares},
                                     .tokens_done = tokens_done},
                          .lock = PTHREAD_MUTEX_INITIALIZER};
    build.source.seed = build.begin.seed;
    build.source.tokens_done_context = &build;
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    hashveil_status status = hv_seal_input_check(entries, options);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == HASHVEIL_OK; i++) {
        status = steps[i](&build);
    }
    if (status == HASHVEIL_OK && summary_out) {
        *summary_out =
            (hashveil_seal_summary){.records = build.source.clusters.count,
                                    .labels_left_out = build.source.clusters.labels_left_out,
                                    .tokens_lost = build.tokens_lost};
    }
    build_clear(&build, status == HASHVEIL_OK);
    return status;
}
