/* SPDX-License-Identifier: Apache-2.0 */
/* A report as it leaves the device: 456 bytes, whatever it says. All numbers are little-endian.
 *
 *     offset  bytes  the sealed report
 *          0      4  "HVRP"
 *          4      2  version, 3
 *          6      2  reserved, zero
 *          8     16  report id, random
 *         24      8  key id: the first bytes of SHA-256 of the reporter's public key
 *         32    424  crypto_box_seal (X25519, XSalsa20-Poly1305) of the envelope: an ephemeral
 *                    public key of 32 bytes, a tag of 16, and 376 of
 *
 *     offset  bytes  the envelope
 *          0      2  version, 3
 *          2      2  threshold: how many different listed records open the account
 *          4      4  reserved, zero
 *          8     16  report id, as outside: nobody can put another one on a report
 *         24     16  account
 *         40     16  point of the record's share, an element of GF(2^128), not zero
 *         56     16  the share there of the account's secret
 *         72    304  XChaCha20-Poly1305 of the content (content.c): key, the account's secret's;
 *                    nonce, the report id and 8 zeros; bound to the 72 bytes before
 *
 * The id outside lets spool and reporter tell reports apart without opening them. account.c says
 * where account, point, share and key come from. */
#include "report/report.h"

#include "base/bytes.h"
#include "base/memory.h"

#include <assert.h>
#include <sodium.h>

enum {
    VERSION = 3,
    HEADER_BYTES = 32,
    BOUND_BYTES = 72, /* of an envelope, before the content */
    ENVELOPE_BYTES = BOUND_BYTES + HASHVEIL_CLOSED_CONTENT_BYTES,
    SEAL_BYTES = ENVELOPE_BYTES + crypto_box_SEALBYTES
};

static_assert(HEADER_BYTES + SEAL_BYTES == HASHVEIL_SEALED_REPORT_BYTES, "the public size");
static_assert((int)HASHVEIL_CLOSED_CONTENT_BYTES ==
                  (int)HV_REPORT_PLAIN_BYTES + (int)crypto_aead_xchacha20poly1305_ietf_ABYTES,
              "the public size");

static const uint8_t magic[4] = {'H', 'V', 'R', 'P'};

static void key_id_of(const hashveil_key *reporter, uint8_t out[HV_REPORT_KEY_ID_BYTES])
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, reporter->public_bytes, HASHVEIL_KEY_BYTES);
    memcpy(out, digest, HV_REPORT_KEY_ID_BYTES);
}

/* What the content is bound to. */
static void write_bound(const hashveil_envelope *envelope, struct hv_writer *out)
{
    hv_write_u16le(out, VERSION);
    hv_write_u16le(out, (uint16_t)envelope->threshold);
    hv_write_u32le(out, 0);
    hv_write_bytes(out, envelope->id, sizeof envelope->id);
    hv_write_bytes(out, envelope->account, sizeof envelope->account);
    hv_write_bytes(out, envelope->point, sizeof envelope->point);
    hv_write_bytes(out, envelope->share, sizeof envelope->share);
}

/* Ids are random, and a report is sealed under one account, so that no nonce is used for two
 * contents. */
static void nonce_of(const hashveil_envelope *envelope,
                     uint8_t out[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES])
{
    memset(out, 0, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    memcpy(out, envelope->id, sizeof envelope->id);
}

static void close_content(const hashveil_report *report, const uint8_t key[HV_CONTENT_KEY_BYTES],
                          hashveil_envelope *envelope)
{
    uint8_t plain[HV_REPORT_PLAIN_BYTES];
    uint8_t bound[BOUND_BYTES];
    uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    struct hv_writer writer = hv_writer_of(bound, sizeof bound);
    write_bound(envelope, &writer);
    assert(!writer.failed && writer.len == sizeof bound);
    nonce_of(envelope, nonce);
    hv_report_write(report, plain);
    crypto_aead_xchacha20poly1305_ietf_encrypt(envelope->content, NULL, plain, sizeof plain, bound,
                                               sizeof bound, NULL, nonce, key);
    hv_wipe(plain, sizeof plain);
}

static hashveil_status write_seal(const hashveil_envelope *envelope, const hashveil_key *reporter,
                                  uint8_t out[HASHVEIL_SEALED_REPORT_BYTES])
{
    uint8_t plain[ENVELOPE_BYTES];
    uint8_t key_id[HV_REPORT_KEY_ID_BYTES];
    struct hv_writer inside = hv_writer_of(plain, sizeof plain);
    write_bound(envelope, &inside);
    hv_write_bytes(&inside, envelope->content, sizeof envelope->content);

    struct hv_writer outside = hv_writer_of(out, HASHVEIL_SEALED_REPORT_BYTES);
    key_id_of(reporter, key_id);
    hv_write_bytes(&outside, magic, sizeof magic);
    hv_write_u16le(&outside, VERSION);
    hv_write_u16le(&outside, 0);
    hv_write_bytes(&outside, envelope->id, sizeof envelope->id);
    hv_write_bytes(&outside, key_id, sizeof key_id);
    assert(!inside.failed && inside.len == sizeof plain);
    const bool is_sealed = crypto_box_seal(hv_write_space(&outside, SEAL_BYTES), plain,
                                           sizeof plain, reporter->public_bytes) == 0;
    hv_wipe(plain, sizeof plain);
    return is_sealed ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
}

hashveil_status hashveil_report_seal(const hashveil_report *report, const hashveil_account *account,
                                     const hashveil_key *reporter,
                                     uint8_t out[HASHVEIL_SEALED_REPORT_BYTES])
{
    uint8_t key[HV_CONTENT_KEY_BYTES];
    hashveil_envelope envelope = {.threshold = account->threshold};
    if (!hv_report_is_consistent(report) || !hv_labels_are_valid(&report->record) ||
        account->threshold < 1 || account->threshold > HASHVEIL_MAX_THRESHOLD) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (reporter->kind != HASHVEIL_KEY_REPORTER) {
        return HASHVEIL_ERR_KEY;
    }
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    memcpy(envelope.id, report->id, sizeof envelope.id);
    hv_account_share(account, reporter, report->record.id, &envelope, key);
    close_content(report, key, &envelope);
    hv_wipe(key, sizeof key);
    const hashveil_status status = write_seal(&envelope, reporter, out);
    hv_wipe(&envelope, sizeof envelope);
    return status;
}

hashveil_status hv_report_header_parse(const uint8_t *bytes, size_t len,
                                       struct hv_report_header *out)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    const uint8_t *start = hv_read_bytes(&in, sizeof magic);
    const uint16_t version = hv_read_u16le(&in);
    const uint16_t reserved = hv_read_u16le(&in);
    hv_read_copy(&in, out->id, sizeof out->id);
    hv_read_copy(&in, out->key_id, sizeof out->key_id);
    if (in.failed || !start || memcmp(start, magic, sizeof magic) != 0) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    if (version != VERSION) {
        return HASHVEIL_ERR_VERSION;
    }
    return reserved == 0 && in.left == SEAL_BYTES ? HASHVEIL_OK : HASHVEIL_ERR_PROTOCOL;
}

hashveil_status hv_envelope_parse(const uint8_t *plain, size_t len, hashveil_envelope *out)
{
    struct hv_reader in = hv_reader_of(plain, len);
    hashveil_envelope envelope = {0};
    const uint16_t version = hv_read_u16le(&in);
    envelope.threshold = hv_read_u16le(&in);
    const uint32_t reserved = hv_read_u32le(&in);
    hv_read_copy(&in, envelope.id, sizeof envelope.id);
    hv_read_copy(&in, envelope.account, sizeof envelope.account);
    hv_read_copy(&in, envelope.point, sizeof envelope.point);
    hv_read_copy(&in, envelope.share, sizeof envelope.share);
    hv_read_copy(&in, envelope.content, sizeof envelope.content);
    if (in.failed || in.left != 0 || version != VERSION || reserved != 0 ||
        envelope.threshold < 1 || envelope.threshold > HASHVEIL_MAX_THRESHOLD ||
        sodium_is_zero(envelope.point, sizeof envelope.point)) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    *out = envelope;
    return HASHVEIL_OK;
}

hashveil_status hashveil_envelope_open(const uint8_t *bytes, size_t len,
                                       const hashveil_key *reporter, hashveil_envelope *out)
{
    struct hv_report_header header;
    uint8_t key_id[HV_REPORT_KEY_ID_BYTES];
    uint8_t plain[ENVELOPE_BYTES];
    hashveil_envelope envelope;

    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    hashveil_status status = hv_report_header_parse(bytes, len, &header);
    if (status != HASHVEIL_OK) {
        return status;
    }
    key_id_of(reporter, key_id);
    if (reporter->kind != HASHVEIL_KEY_REPORTER || !reporter->has_secret ||
        memcmp(header.key_id, key_id, sizeof key_id) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    if (crypto_box_seal_open(plain, bytes + HEADER_BYTES, SEAL_BYTES, reporter->public_bytes,
                             reporter->secret_bytes) != 0) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    status = hv_envelope_parse(plain, sizeof plain, &envelope);
    if (status == HASHVEIL_OK && memcmp(envelope.id, header.id, sizeof header.id) != 0) {
        status = HASHVEIL_ERR_PROTOCOL;
    }
    if (status == HASHVEIL_OK) {
        *out = envelope;
    }
    hv_wipe(plain, sizeof plain);
    return status;
}

hashveil_status hashveil_report_open(const hashveil_envelope *envelope,
                                     const uint8_t secret[HASHVEIL_SHARE_BYTES],
                                     hashveil_report *out)
{
    uint8_t key[HV_CONTENT_KEY_BYTES];
    uint8_t plain[HV_REPORT_PLAIN_BYTES];
    uint8_t bound[BOUND_BYTES];
    uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    hashveil_report report;
    struct hv_writer writer = hv_writer_of(bound, sizeof bound);
    write_bound(envelope, &writer);
    nonce_of(envelope, nonce);
    hv_account_content_key(envelope->account, secret, key);
    const bool is_open = crypto_aead_xchacha20poly1305_ietf_decrypt(
                             plain, NULL, NULL, envelope->content, sizeof envelope->content, bound,
                             sizeof bound, nonce, key) == 0;
    hv_wipe(key, sizeof key);
    if (!is_open) {
        return HASHVEIL_ERR_KEY;
    }
    hashveil_status status = hv_report_parse(plain, sizeof plain, &report);
    if (status == HASHVEIL_OK && memcmp(report.id, envelope->id, sizeof report.id) != 0) {
        status = HASHVEIL_ERR_PROTOCOL;
    }
    if (status == HASHVEIL_OK) {
        *out = report;
    }
    hv_wipe(plain, sizeof plain);
    hv_wipe(&report, sizeof report);
    return status;
}
