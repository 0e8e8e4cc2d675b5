/* SPDX-License-Identifier: Apache-2.0 */
#include "match/transcript.h"

#include <math.h>
#include <string.h>

/* The last byte is the version. */
static const uint8_t magic[8] = {'H', 'V', 'A', 'U', 'D', 'I', 'T', '1'};

enum { NAME_BYTES = sizeof magic - 1, END = 0, ENTRY = 1, MAX_QUALITY = 100 };

void hv_transcript_write_header(const hashveil_sealed_db_info *info, struct hv_writer *out)
{
    hv_write_bytes(out, magic, sizeof magic);
    hv_write_bytes(out, info->digest, sizeof info->digest);
}

hashveil_status hv_transcript_read_header(const hashveil_sealed_db_info *info, struct hv_reader *in)
{
    const uint8_t *name = hv_read_bytes(in, NAME_BYTES);
    const uint8_t version = hv_read_u8(in);
    const uint8_t *digest = hv_read_bytes(in, sizeof info->digest);
    if (!name || memcmp(name, magic, NAME_BYTES) != 0) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    if (in->failed) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    if (version != magic[NAME_BYTES]) {
        return HASHVEIL_ERR_VERSION;
    }
    return memcmp(digest, info->digest, sizeof info->digest) == 0 ? HASHVEIL_OK
                                                                  : HASHVEIL_ERR_DIGEST;
}

static void write_float(struct hv_writer *out, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    hv_write_u32le(out, bits);
}

static float read_float(struct hv_reader *in)
{
    const uint32_t bits = hv_read_u32le(in);
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static void write_fingerprint(const hashveil_fingerprint *fingerprint, struct hv_writer *out)
{
    for (size_t i = 0; i < sizeof fingerprint->hash.word / sizeof fingerprint->hash.word[0]; i++) {
        hv_write_u64le(out, fingerprint->hash.word[i]);
    }
    hv_write_u8(out, (uint8_t)fingerprint->quality);
    write_float(out, fingerprint->median);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        write_float(out, fingerprint->margin[i]);
    }
}

/* Returns whether there is one that a picture can have: its margins give its hash. */
static bool read_fingerprint(struct hv_reader *in, hashveil_fingerprint *out)
{
    for (size_t i = 0; i < sizeof out->hash.word / sizeof out->hash.word[0]; i++) {
        out->hash.word[i] = hv_read_u64le(in);
    }
    out->quality = hv_read_u8(in);
    out->median = read_float(in);
    bool is_good = isfinite(out->median) && out->quality <= MAX_QUALITY;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        out->margin[i] = read_float(in);
        const bool is_set = (out->hash.word[i / 64] >> (i % 64) & 1) != 0;
        is_good &= isfinite(out->margin[i]) && is_set == (out->margin[i] > 0);
    }
    return is_good;
}

void hv_transcript_write_subject(const hashveil_audit_entry *entry, struct hv_writer *out)
{
    hv_write_bytes(out, entry->digests.md5, sizeof entry->digests.md5);
    hv_write_bytes(out, entry->digests.sha1, sizeof entry->digests.sha1);
    hv_write_bytes(out, entry->digests.sha256, sizeof entry->digests.sha256);
    hv_write_u8(out, entry->has_fingerprint);
    if (entry->has_fingerprint) {
        write_fingerprint(&entry->fingerprint, out);
    }
}

static bool read_subject(struct hv_reader *in, hashveil_audit_entry *out)
{
    hv_read_copy(in, out->digests.md5, sizeof out->digests.md5);
    hv_read_copy(in, out->digests.sha1, sizeof out->digests.sha1);
    hv_read_copy(in, out->digests.sha256, sizeof out->digests.sha256);
    const uint8_t has_fingerprint = hv_read_u8(in);
    out->has_fingerprint = has_fingerprint == 1;
    return has_fingerprint == 0 ||
           (has_fingerprint == 1 && read_fingerprint(in, &out->fingerprint));
}

static void write_message(const uint8_t *bytes, size_t len, struct hv_writer *out)
{
    hv_write_u32le(out, (uint32_t)len);
    hv_write_bytes(out, bytes, len);
}

static const uint8_t *read_message(struct hv_reader *in, size_t max_bytes, size_t *len_out)
{
    *len_out = hv_read_u32le(in);
    return *len_out <= max_bytes ? hv_read_bytes(in, *len_out) : NULL;
}

void hv_transcript_write_entry(const hashveil_audit_entry *entry, struct hv_writer *out)
{
    hv_write_u8(out, ENTRY);
    hv_write_bytes(out, entry->seed, sizeof entry->seed);
    hv_transcript_write_subject(entry, out);
    write_message(entry->request, entry->request_len, out);
    write_message(entry->response, entry->response_len, out);
}

void hv_transcript_write_end(struct hv_writer *out)
{
    hv_write_u8(out, END);
}

hashveil_status hv_transcript_read_entry(struct hv_reader *in, hashveil_audit_entry *out,
                                         bool *has_entry_out)
{
    const uint8_t kind = hv_read_u8(in);
    *out = (hashveil_audit_entry){0};
    *has_entry_out = kind == ENTRY;
    if (kind == END && !in->failed) {
        return in->left == 0 ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
    }
    hv_read_copy(in, out->seed, sizeof out->seed);
    const bool is_good = read_subject(in, out) && kind == ENTRY;
    out->request = read_message(in, HASHVEIL_REQUEST_MAX_BYTES, &out->request_len);
    out->response = read_message(in, HASHVEIL_RESPONSE_MAX_BYTES, &out->response_len);
    if (in->failed) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    return is_good && out->request && out->response ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}
