/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/log/head.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/ed25519.h"

/* The last byte is the version. */
static const uint8_t magic[8] = {'H', 'V', 'L', 'O', 'G', 'H', 'D', '1'};
static const char domain[] = "hashveil/v1/log head";

enum {
    NAME_BYTES = sizeof magic - 1,
    SAID_BYTES = 8 + 8 + HASHVEIL_LOG_HASH_BYTES,
    SIGNED_BYTES = sizeof domain - 1 + SAID_BYTES
};

/* Size, time and root. */
static void write_said(const hashveil_log_head *head, struct hv_writer *out)
{
    hv_write_u64le(out, head->size);
    hv_write_u64le(out, head->time_s);
    hv_write_bytes(out, head->root, sizeof head->root);
}

void hv_log_head_write(const hashveil_log_head *head, uint8_t out[HASHVEIL_LOG_HEAD_BYTES])
{
    struct hv_writer writer = hv_writer_of(out, HASHVEIL_LOG_HEAD_BYTES);
    hv_write_bytes(&writer, magic, sizeof magic);
    write_said(head, &writer);
    hv_write_bytes(&writer, head->signature, sizeof head->signature);
    assert(!writer.failed && writer.len == HASHVEIL_LOG_HEAD_BYTES);
}

hashveil_status hv_log_head_parse(const uint8_t *bytes, size_t len, hashveil_log_head *out)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    const uint8_t *name = hv_read_bytes(&in, NAME_BYTES);
    const uint8_t version = hv_read_u8(&in);
    out->size = hv_read_u64le(&in);
    out->time_s = hv_read_u64le(&in);
    hv_read_copy(&in, out->root, sizeof out->root);
    hv_read_copy(&in, out->signature, sizeof out->signature);
    if (!name || memcmp(name, magic, NAME_BYTES) != 0) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    if (in.failed) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    if (version != magic[NAME_BYTES]) {
        return HASHVEIL_ERR_VERSION;
    }
    if (in.left != 0) {
        return HASHVEIL_ERR_FORMAT;
    }
    return out->size <= HV_LOG_MAX_SIZE ? HASHVEIL_OK : HASHVEIL_ERR_LIMIT;
}

static void signed_bytes(const hashveil_log_head *head, uint8_t out[SIGNED_BYTES])
{
    struct hv_writer writer = hv_writer_of(out, SIGNED_BYTES);
    hv_write_bytes(&writer, (const uint8_t *)domain, sizeof domain - 1);
    write_said(head, &writer);
    assert(!writer.failed && writer.len == SIGNED_BYTES);
}

hashveil_status hv_log_head_sign(const hashveil_key *key, hashveil_log_head *head)
{
    uint8_t message[SIGNED_BYTES];
    if (key->kind != HASHVEIL_KEY_CURATOR || !key->has_secret) {
        return HASHVEIL_ERR_KEY;
    }
    signed_bytes(head, message);
    return hv_ed25519_sign(key->secret_bytes, message, sizeof message, head->signature);
}

hashveil_status hv_log_head_verify(const hashveil_log_head *head, const hashveil_key *key)
{
    uint8_t message[SIGNED_BYTES];
    if (key->kind != HASHVEIL_KEY_CURATOR) {
        return HASHVEIL_ERR_KEY;
    }
    signed_bytes(head, message);
    return hv_ed25519_verify(key->public_bytes, message, sizeof message, head->signature);
}
