/* SPDX-License-Identifier: Apache-2.0 */
/* Entries to a sealed database: clusters -> tokens and digests -> OPRF -> tables; records under
 * secrets that any two masks' tables share out, and that the table of digests holds. */
#include "hashdb/sealed/builder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/threads.h"
#include "hashdb/sealed/database.h"
#include "hashdb/sealed/table.h"

enum { DATABASE_MODE = 0644, MIN_WITHDRAWN = 64 };

struct build {
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

static hashveil_status write_table(struct build *build, unsigned number,
                                   struct hv_table_section *section)
{
    const size_t len = (size_t)section->section.len;
    struct hv_table table = {.shape = section->shape};
    hashveil_status status = hv_table_make(&build->source, number, tokens_done, build, &table);
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
    (void)worker;
    return index < build->manifest.mask_params.masks
               ? write_table(build, (unsigned)index, &build->manifest.tables[index])
               : write_table(build, HV_EXACT_TABLE, &build->manifest.exact);
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
    manifest->epoch = options->epoch;
    manifest->token_epoch = build->source.token_epoch;
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

/* A record whose label no report could carry would be found and never reported. */
static bool texts_are_valid(const hashveil_entries *entries)
{
    bool are_valid = entries->list_count <= HASHVEIL_MAX_LISTS;
    for (size_t i = 0; are_valid && i < entries->list_count; i++) {
        are_valid = hv_sealed_name_is_valid(entries->list_names[i]);
    }
    for (size_t i = 0; are_valid && i < entries->count; i++) {
        are_valid = hv_record_labels_are_valid(&entries->entries[i].record);
    }
    for (size_t i = 0; are_valid && i < entries->exact_count; i++) {
        are_valid = hv_record_labels_are_valid(&entries->exact[i].record) &&
                    hashveil_digest_len(entries->exact[i].digest.kind) > 0;
    }
    return are_valid;
}

static bool base_is_valid(const hashveil_seal_options *options)
{
    const hashveil_sealed_db_info *base = &options->base->info;
    bool is_valid = !base->is_segment && base->epoch < options->epoch &&
                    options->withdrawn_count <= base->padded_count;
    for (size_t i = 1; is_valid && i < options->withdrawn_count; i++) {
        is_valid = compare_ids(options->withdrawn + (i - 1) * HASHVEIL_RECORD_ID_BYTES,
                               options->withdrawn + i * HASHVEIL_RECORD_ID_BYTES) < 0;
    }
    return is_valid;
}

static hashveil_status check_arguments(const hashveil_entries *entries,
                                       const hashveil_seal_options *options)
{
    const size_t max_count = (size_t)1 << HV_SEALED_MAX_SLOT_BITS;
    if (entries->count == 0 && entries->exact_count == 0 && options->withdrawn_count == 0) {
        return HASHVEIL_ERR_EMPTY;
    }
    if (entries->count > max_count || entries->exact_count > max_count - entries->count) {
        return HASHVEIL_ERR_LIMIT;
    }
    if (options->evaluator_key->kind != HASHVEIL_KEY_EVALUATOR ||
        !options->evaluator_key->has_secret) {
        return HASHVEIL_ERR_KEY;
    }
    if (!(options->base
              ? base_is_valid(options)
              : hv_mask_params_are_valid(&options->mask_params) && options->withdrawn_count == 0) ||
        options->curator_count > HASHVEIL_MAX_CURATORS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (options->base && memcmp(options->base->manifest.evaluator_public,
                                options->evaluator_key->public_bytes, HASHVEIL_KEY_BYTES) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    return texts_are_valid(entries) ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT;
}

static hashveil_status write_tables(struct build *build)
{
    const unsigned workers = build->options->workers;
    return hv_parallel(build->manifest.mask_params.masks + (build->manifest.exact_bits > 0),
                       workers ? workers : hv_processor_count(), table_job, build);
}

static void build_clear(struct build *build)
{
    hv_new_file_clear(&build->file);
    if (build->source.line) {
        hv_wipe(build->source.line, build->source.clusters.count * sizeof *build->source.line);
    }
    free(build->source.line);
    free(build->source.slot);
    hv_clusters_clear(&build->source.clusters);
}

hashveil_status hv_sealed_db_build_from_seed(const char *path, const hashveil_entries *entries,
                                             const hashveil_seal_options *options,
                                             const uint8_t seed[HV_SEED_BYTES], uint64_t created_s,
                                             hashveil_seal_summary *summary_out)
{
    static hashveil_status (*const steps[])(struct build *) = {
        draw_masks_and_cluster, fill_manifest, lay_out,     draw_slots_and_lines, write_tables,
        write_withdrawn,        write_records, write_pages, write_ends,
    };
    struct build build = {.options = options,
                          .source = {.entries = entries,
                                     .evaluator_secret = options->evaluator_key->secret_bytes,
                                     .seed = seed,
                                     .token_epoch = options->base
                                                        ? options->base->manifest.token_epoch
                                                        : options->epoch},
                          .manifest = {.created_s = created_s},
                          .lock = PTHREAD_MUTEX_INITIALIZER};
    hashveil_status status = check_arguments(entries, options);
    if (status == HASHVEIL_OK) {
        status = hv_new_file_init(path, DATABASE_MODE, &build.file);
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == HASHVEIL_OK; i++) {
        status = steps[i](&build);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_commit(&build.file);
    }
    if (status == HASHVEIL_OK && summary_out) {
        *summary_out =
            (hashveil_seal_summary){.records = build.source.clusters.count,
                                    .labels_left_out = build.source.clusters.labels_left_out,
                                    .tokens_lost = build.tokens_lost};
    }
    build_clear(&build);
    return status;
}

hashveil_status hashveil_sealed_db_build(const char *path, const hashveil_entries *entries,
                                         const hashveil_seal_options *options,
                                         hashveil_seal_summary *summary_out)
{
    uint8_t seed[HV_SEED_BYTES];
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    randombytes_buf(seed, sizeof seed);
    const hashveil_status status = hv_sealed_db_build_from_seed(path, entries, options, seed,
                                                                (uint64_t)time(NULL), summary_out);
    hv_wipe(seed, sizeof seed);
    return status;
}
