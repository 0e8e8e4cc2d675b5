/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a database of 100,000 records, checking all of it, and reading it for the first time,
 * beside hashing its bytes. Its tables and records are random bytes, as those of a sealed one look:
 * sealing so many would take minutes. */
#include <hashveil/sealed_db.h>

#include "base/files.h"
#include "base/memory.h"
#include "hashdb/sealed/format.h"
#include "hashdb/sealed/pages.h"
#include "hashdb/sealed/reader.h"
#include "stopwatch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 21, RECORDS = 100000, SLOT_BITS = 17, PROBES = 256 };

static void demand(hashveil_status status)
{
    if (status != HASHVEIL_OK) {
        fprintf(stderr, "bench_open: %s\n", hashveil_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static uint64_t place(struct hv_section *section, uint64_t end, uint64_t len)
{
    *section = (struct hv_section){hv_align(end), len};
    return section->offset + len;
}

/* Returns where the body ends that begins behind what ends at end. */
static uint64_t lay_out_body(struct hv_manifest *manifest, uint64_t end)
{
    for (uint32_t i = 0; i < manifest->mask_params.masks; i++) {
        struct hv_table_section *table = &manifest->tables[i];
        table->shape = hv_fuse_shape_for((size_t)1 << SLOT_BITS);
        end =
            place(&table->section, end, hv_fuse_places(&table->shape) * hv_value_bytes(SLOT_BITS));
    }
    end = place(&manifest->withdrawn, end, 0);
    return place(&manifest->records, end, (uint64_t)HV_RECORD_BYTES << SLOT_BITS);
}

static uint64_t lay_out(struct hv_manifest *manifest)
{
    const uint64_t body_len = lay_out_body(manifest, 0);
    const uint64_t end = place(&manifest->pages, HV_SEALED_HEADER_BYTES + hv_manifest_len(manifest),
                               hv_page_count(body_len) * HASHVEIL_DIGEST_BYTES);
    return lay_out_body(manifest, end);
}

/* The zeros between the sections of what is random otherwise. */
static void clear_gaps(const struct hv_manifest *manifest, uint8_t *bytes)
{
    uint64_t end = hv_manifest_body(manifest).offset;
    for (uint32_t i = 0; i < manifest->mask_params.masks; i++) {
        const struct hv_section *section = &manifest->tables[i].section;
        memset(bytes + end, 0, section->offset - end);
        end = section->offset + section->len;
    }
    memset(bytes + end, 0, manifest->records.offset - end);
}

/* Returns how long the file is. */
static uint64_t write_database(const char *path)
{
    struct hv_manifest manifest = {.epoch = 1,
                                   .token_epoch = 1,
                                   .mask_params = HASHVEIL_MASK_PARAMS_DEFAULT,
                                   .slot_bits = SLOT_BITS};
    struct hv_new_file file = {0};
    const uint64_t end = lay_out(&manifest);
    struct hv_sealed_header header = {.manifest_len = (uint32_t)hv_manifest_len(&manifest),
                                      .file_bytes = end + HV_SEALED_SIGNATURES_BYTES,
                                      .signatures_offset = end};
    uint8_t *bytes = hv_alloc_array(header.file_bytes, 1);
    demand(bytes ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY);
    const struct hv_section body = hv_manifest_body(&manifest);
    randombytes_buf(bytes + body.offset, body.len);
    clear_gaps(&manifest, bytes);
    hv_pages_digest(bytes + body.offset, body.len, bytes + manifest.pages.offset);
    hv_sealed_digest(bytes + manifest.pages.offset, manifest.pages.len, manifest.pages_digest);
    hv_manifest_write(&manifest, bytes + HV_SEALED_HEADER_BYTES);
    hv_sealed_digest(bytes + HV_SEALED_HEADER_BYTES, header.manifest_len, header.manifest_digest);
    hv_sealed_header_write(&header, bytes);
    demand(hv_new_file_init(path, 0600, &file));
    demand(hv_new_file_write(&file, bytes, header.file_bytes, 0));
    demand(hv_new_file_commit(&file));
    hv_new_file_clear(&file);
    free(bytes);
    return header.file_bytes;
}

static hashveil_sealed_db *open_database(const char *path)
{
    hashveil_sealed_db *db;
    const char *where;
    demand(hashveil_sealed_db_open(path, &db, &where));
    return db;
}

/* As many as one picture has, of tokens that are not listed. */
static double look_up_ms(const hashveil_sealed_db *db)
{
    static uint8_t y[PROBES][HV_OPRF_OUTPUT_BYTES];
    randombytes_buf(y, sizeof y);
    const double start = now_ms();
    for (unsigned i = 0; i < PROBES; i++) {
        struct hv_table_value value;
        demand(hv_sealed_db_lookup(db, i % HV_MAX_MASKS, y[i], &value));
    }
    return now_ms() - start;
}

static double hash_ms(const char *path)
{
    struct hv_mapping mapping;
    uint8_t digest[HASHVEIL_DIGEST_BYTES];
    demand(hv_map_file(path, &mapping));
    const double start = now_ms();
    hv_sealed_digest(mapping.bytes, mapping.len, digest);
    const double taken = now_ms() - start;
    hv_unmap_file(&mapping);
    return taken;
}

int main(void)
{
    char path[] = "/tmp/hashveil-bench-XXXXXX";
    double open_ms[RUNS];
    double first_ms[RUNS];
    double again_ms[RUNS];
    double check_ms[RUNS];
    double bound_ms[RUNS];
    const int fd = mkstemp(path);
    if (fd < 0 || sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    close(fd);
    const uint64_t len = write_database(path);
    for (size_t run = 0; run < RUNS; run++) {
        const char *where;
        const double start = now_ms();
        hashveil_sealed_db *db = open_database(path);
        open_ms[run] = now_ms() - start;
        first_ms[run] = look_up_ms(db);
        const double before_check = now_ms();
        demand(hashveil_sealed_db_check(db, &where));
        check_ms[run] = now_ms() - before_check;
        again_ms[run] = look_up_ms(db);
        bound_ms[run] = hash_ms(path);
        hashveil_sealed_db_close(db);
    }
    const double bound = median(bound_ms, RUNS);
    const double open = median(open_ms, RUNS);
    const double check = median(check_ms, RUNS);
    printf("database of %d records, %.1f MB: opened in %.2f ms, %.4f of hashing its bytes "
           "(%.1f ms)\n",
           RECORDS, (double)len / 1e6, open, open / bound, bound);
    printf("checking all of its pages: %.1f ms, ratio %.3f\n", check, check / bound);
    printf("%d look-ups: the first %.2f ms, with all pages checked %.3f ms\n", PROBES,
           median(first_ms, RUNS), median(again_ms, RUNS));
    unlink(path);
    return EXIT_SUCCESS;
}
