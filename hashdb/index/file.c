/* SPDX-License-Identifier: Apache-2.0 */
/* An index as a file: hashdb/index/FORMAT.md. */
#include "hashdb/index/index.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/threads.h"

enum {
    VERSION = 1,
    MAGIC_BYTES = 8,
    HASH_BYTES = 32,
    DIGEST_ROW_BYTES = 4 + HASHVEIL_DIGEST_MAX_LEN,
    SHA256_BYTES = 32,
    PAGE = 4096, /* where sections begin, and how long the header is */
    PIECE = 1 << 20,
    HEADER_DIGEST_AT = PAGE - SHA256_BYTES,
    FILE_MODE = 0600
};

static const char magic[MAGIC_BYTES + 1] = "hvindex\n";

enum section_kind { HASHES, STARTS, NUMBERS, DIGESTS, SECTIONS };

static const char *const section_names[SECTIONS] = {
    [HASHES] = "hashes", [STARTS] = "starts", [NUMBERS] = "numbers", [DIGESTS] = "digests"};

struct section {
    const uint8_t *bytes; /* borrowed */
    uint64_t offset, len;
    uint8_t digest[SHA256_BYTES];
};

struct layout {
    uint64_t count, digest_count;
    unsigned bits; /* 0: no tables */
    struct section sections[SECTIONS];
    uint64_t file_bytes;
};

static bool is_little_endian(void)
{
    const uint32_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

static uint64_t to_page(uint64_t offset)
{
    return (offset + PAGE - 1) / PAGE * PAGE;
}

/* Where everything stands follows from the counts, which are below 2^32. */
static void lay_out(struct layout *layout)
{
    const bool has_tables = layout->count >= HV_BUCKET_MIN_COUNT;
    layout->bits = has_tables ? hv_bucket_bits(layout->count) : 0;
    const uint64_t lens[SECTIONS] = {
        [HASHES] = layout->count * HASH_BYTES,
        [STARTS] = has_tables ? hv_bucket_start_count(layout->bits) * sizeof(uint32_t) : 0,
        [NUMBERS] = has_tables ? HV_BUCKET_PARTS * layout->count * sizeof(uint32_t) : 0,
        [DIGESTS] = layout->digest_count * DIGEST_ROW_BYTES,
    };
    uint64_t offset = PAGE;
    for (unsigned kind = 0; kind < SECTIONS; kind++) {
        layout->sections[kind].offset = offset;
        layout->sections[kind].len = lens[kind];
        offset = to_page(offset + lens[kind]);
    }
    layout->file_bytes = offset;
}

static hashveil_status digest_of(const uint8_t *bytes, size_t len, uint8_t out[SHA256_BYTES])
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1 ? HASHVEIL_OK
                                                                      : HASHVEIL_ERR_NO_MEMORY;
}

struct pieces {
    const struct section *section;
    uint8_t *digests; /* of each piece */
};

static hashveil_status digest_piece(void *context, size_t index, unsigned worker)
{
    const struct pieces *pieces = context;
    const uint64_t from = (uint64_t)index * PIECE;
    const uint64_t left = pieces->section->len - from;
    (void)worker;
    return digest_of(pieces->section->bytes + from, left < PIECE ? (size_t)left : PIECE,
                     pieces->digests + index * SHA256_BYTES);
}

/* SHA-256 of the SHA-256 of each piece, so that all processors can work at it. */
static hashveil_status digest_section(const struct section *section, uint8_t out[SHA256_BYTES])
{
    const size_t count = (size_t)((section->len + PIECE - 1) / PIECE);
    struct pieces pieces = {section, hv_alloc_array(count, SHA256_BYTES)};
    if (!pieces.digests) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = hv_parallel(count, hv_processor_count(), digest_piece, &pieces);
    if (status == HASHVEIL_OK) {
        status = digest_of(pieces.digests, count * SHA256_BYTES, out);
    }
    free(pieces.digests);
    return status;
}

static hashveil_status write_header(const struct layout *layout, uint8_t out[PAGE])
{
    struct hv_writer header = hv_writer_of(out, PAGE);
    memset(out, 0, PAGE);
    hv_write_bytes(&header, (const uint8_t *)magic, MAGIC_BYTES);
    hv_write_u32le(&header, VERSION);
    hv_write_u32le(&header, layout->bits);
    hv_write_u64le(&header, layout->count);
    hv_write_u64le(&header, layout->digest_count);
    for (unsigned kind = 0; kind < SECTIONS; kind++) {
        hv_write_bytes(&header, layout->sections[kind].digest, SHA256_BYTES);
    }
    return digest_of(out, HEADER_DIGEST_AT, out + HEADER_DIGEST_AT);
}

/* Digests as rows of the file. Returns NULL without memory. */
static uint8_t *rows_of_digests(const hashveil_index *index)
{
    uint8_t *rows = hv_alloc_array(index->digest_count, DIGEST_ROW_BYTES);
    for (size_t i = 0; i < index->digest_count && rows; i++) {
        uint8_t *row = rows + i * DIGEST_ROW_BYTES;
        hv_store_le(row, index->digests[i].kind, 4);
        memcpy(row + 4, index->digests[i].bytes, HASHVEIL_DIGEST_MAX_LEN);
    }
    return rows;
}

static hashveil_status write_section(const struct hv_new_file *file, struct section *section)
{
    static const uint8_t zeros[PAGE];
    const uint64_t end = section->offset + section->len;
    hashveil_status status = digest_section(section, section->digest);
    if (status == HASHVEIL_OK && section->len > 0) {
        status = hv_new_file_write(file, section->bytes, (size_t)section->len, section->offset);
    }
    if (status == HASHVEIL_OK && to_page(end) > end) {
        status = hv_new_file_write(file, zeros, (size_t)(to_page(end) - end), end);
    }
    return status;
}

static hashveil_status write_all(const struct hv_new_file *file, struct layout *layout)
{
    uint8_t header[PAGE];
    hashveil_status status = HASHVEIL_OK;
    for (unsigned kind = 0; kind < SECTIONS && status == HASHVEIL_OK; kind++) {
        status = write_section(file, &layout->sections[kind]);
    }
    if (status == HASHVEIL_OK) {
        status = write_header(layout, header);
    }
    return status == HASHVEIL_OK ? hv_new_file_write(file, header, sizeof header, 0) : status;
}

hashveil_status hashveil_index_save(const hashveil_index *index, const char *path)
{
    struct layout layout = {.count = index->count, .digest_count = index->digest_count};
    struct hv_new_file file = {0};
    uint8_t *rows = rows_of_digests(index);
    hashveil_status status = rows ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    lay_out(&layout);
    layout.sections[HASHES].bytes = (const uint8_t *)index->hashes;
    layout.sections[STARTS].bytes = (const uint8_t *)index->buckets.starts;
    layout.sections[NUMBERS].bytes = (const uint8_t *)index->buckets.numbers;
    layout.sections[DIGESTS].bytes = rows;
    if (!is_little_endian()) {
        status = HASHVEIL_ERR_UNSUPPORTED;
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_init(path, FILE_MODE, &file);
    }
    if (status == HASHVEIL_OK) {
        status = write_all(&file, &layout);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_commit(&file);
    }
    hv_new_file_clear(&file);
    free(rows);
    return status;
}

static hashveil_status read_header(const uint8_t *bytes, size_t len, struct layout *out)
{
    uint8_t digest[SHA256_BYTES];
    struct hv_reader in = hv_reader_of(bytes, len);
    const uint8_t *start = hv_read_bytes(&in, MAGIC_BYTES);
    if (len == 0 || !start || memcmp(start, magic, MAGIC_BYTES) != 0 || !is_little_endian()) {
        return len == 0 ? HASHVEIL_ERR_EMPTY : HASHVEIL_ERR_UNSUPPORTED;
    }
    const uint32_t version = hv_read_u32le(&in);
    const uint32_t bits = hv_read_u32le(&in);
    out->count = hv_read_u64le(&in);
    out->digest_count = hv_read_u64le(&in);
    for (unsigned kind = 0; kind < SECTIONS; kind++) {
        hv_read_copy(&in, out->sections[kind].digest, SHA256_BYTES);
    }
    if (in.failed || len < PAGE) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    if (version != VERSION) {
        return HASHVEIL_ERR_VERSION;
    }
    const hashveil_status status = digest_of(bytes, HEADER_DIGEST_AT, digest);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (memcmp(digest, bytes + HEADER_DIGEST_AT, sizeof digest) != 0 || out->count >= UINT32_MAX ||
        out->digest_count >= UINT32_MAX) {
        return HASHVEIL_ERR_FORMAT;
    }
    lay_out(out);
    if (bits != out->bits || len > out->file_bytes) {
        return HASHVEIL_ERR_FORMAT;
    }
    return len < out->file_bytes ? HASHVEIL_ERR_TRUNCATED : HASHVEIL_OK;
}

static hashveil_status check_section(const uint8_t *bytes, struct section *section)
{
    uint8_t digest[SHA256_BYTES];
    const uint64_t end = section->offset + section->len;
    bool is_sound = true;
    section->bytes = bytes + section->offset;
    const hashveil_status status = digest_section(section, digest);
    for (uint64_t i = end; i < to_page(end); i++) {
        is_sound &= bytes[i] == 0;
    }
    is_sound &= status != HASHVEIL_OK || memcmp(digest, section->digest, sizeof digest) == 0;
    return is_sound ? status : HASHVEIL_ERR_FORMAT;
}

static hashveil_status read_digests(hashveil_index *index, const struct section *section)
{
    struct hv_reader in = hv_reader_of(section->bytes, (size_t)section->len);
    index->digests = hv_alloc_array(index->digest_count, sizeof *index->digests);
    if (!index->digests) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < index->digest_count; i++) {
        const uint32_t kind = hv_read_u32le(&in);
        hv_read_copy(&in, index->digests[i].bytes, sizeof index->digests[i].bytes);
        if (kind >= HASHVEIL_DIGEST_KINDS) {
            return HASHVEIL_ERR_FORMAT;
        }
        index->digests[i].kind = (hashveil_digest_kind)kind;
    }
    return hv_index_digests_are_sorted(index) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

/* Sections begin where 4096 divides, so their numbers are aligned; they are this machine's own. */
static hashveil_status use_tables(hashveil_index *index, const struct layout *layout)
{
    if (layout->bits == 0) {
        return HASHVEIL_OK;
    }
    index->buckets = (struct hv_buckets){
        .hashes = index->hashes,
        .count = index->count,
        .bits = layout->bits,
        .starts = (const void *)layout->sections[STARTS].bytes,
        .numbers = (const void *)layout->sections[NUMBERS].bytes,
    };
    return hv_buckets_check(&index->buckets);
}

static hashveil_status open_checked(hashveil_index *index, const uint8_t *bytes, size_t len,
                                    const char **where_out)
{
    struct layout layout = {0};
    *where_out = "header";
    hashveil_status status = read_header(bytes, len, &layout);
    for (unsigned kind = 0; kind < SECTIONS && status == HASHVEIL_OK; kind++) {
        *where_out = section_names[kind];
        status = check_section(bytes, &layout.sections[kind]);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    index->count = (size_t)layout.count;
    index->digest_count = (size_t)layout.digest_count;
    index->hashes = (const void *)layout.sections[HASHES].bytes;
    status = read_digests(index, &layout.sections[DIGESTS]);
    if (status == HASHVEIL_OK) {
        *where_out = "tables";
        status = use_tables(index, &layout);
    }
    return status;
}

hashveil_status hv_index_open_bytes(const uint8_t *bytes, size_t len, hashveil_index **out,
                                    const char **where_out)
{
    hashveil_index *index = hv_alloc_array(1, sizeof *index);
    *out = NULL;
    *where_out = "";
    if (!index) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = open_checked(index, bytes, len, where_out);
    if (status != HASHVEIL_OK) {
        hashveil_index_destroy(index);
        return status;
    }
    *where_out = "";
    *out = index;
    return HASHVEIL_OK;
}

hashveil_status hashveil_index_open(const char *path, hashveil_index **out, const char **where_out)
{
    struct hv_mapping mapping = {0};
    *out = NULL;
    *where_out = "";
    hashveil_status status = hv_map_file(path, &mapping);
    if (status == HASHVEIL_OK) {
        status = hv_index_open_bytes(mapping.bytes, mapping.len, out, where_out);
    }
    if (status != HASHVEIL_OK) {
        hv_unmap_file(&mapping);
        return status;
    }
    (*out)->mapping = mapping;
    return HASHVEIL_OK;
}
