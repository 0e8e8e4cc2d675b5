/* SPDX-License-Identifier: Apache-2.0 */
/* One record: sealed by AES-256-GCM (NIST SP 800-38D). Each key seals one record only, so the nonce
 * is zero. */
#include "hashdb/sealed/format.h"

#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/text.h"

enum { KEY_BYTES = 32, NONCE_BYTES = 12, LABEL_BYTES = HASHVEIL_LABEL_MAX_LEN };

_Static_assert((int)HV_RECORD_PLAIN_BYTES == (int)HASHVEIL_RECORD_ID_BYTES + 8 +
                                                 (int)HASHVEIL_MAX_LABELS * (1 + (int)LABEL_BYTES),
               "id, lists, labels with their lengths");

static const uint8_t zero_nonce[NONCE_BYTES];

static void record_key(const uint8_t secret[HV_SHARE_BYTES], uint64_t epoch, uint64_t slot,
                       uint8_t out[KEY_BYTES])
{
    static const char domain[] = "hashveil/v1/record";
    uint8_t input[sizeof domain - 1 + 8 + 8 + HV_SHARE_BYTES];
    uint8_t digest[crypto_hash_sha512_BYTES];
    struct hv_writer writer = hv_writer_of(input, sizeof input);
    hv_write_bytes(&writer, (const uint8_t *)domain, sizeof domain - 1);
    hv_write_u64le(&writer, epoch);
    hv_write_u64le(&writer, slot);
    hv_write_bytes(&writer, secret, HV_SHARE_BYTES);
    crypto_hash_sha512(digest, input, sizeof input);
    memcpy(out, digest, KEY_BYTES);
    hv_wipe(input, sizeof input);
    hv_wipe(digest, sizeof digest);
}

static bool label_is_plain(const char label[HASHVEIL_LABEL_MAX_LEN + 1])
{
    const size_t len = strnlen(label, HASHVEIL_LABEL_MAX_LEN + 1);
    return len <= HASHVEIL_LABEL_MAX_LEN && hv_text_is_plain(label, len);
}

bool hv_record_labels_are_valid(const hashveil_record *record)
{
    if (!label_is_plain(record->labels[0])) {
        return false;
    }
    for (size_t i = 1; i < HASHVEIL_MAX_LABELS; i++) {
        const char *label = record->labels[i];
        const char *before = record->labels[i - 1];
        if (!label_is_plain(label) ||
            (label[0] != '\0' && (before[0] == '\0' || strcmp(before, label) >= 0))) {
            return false;
        }
    }
    return true;
}

static void write_label(struct hv_writer *writer, const char *text)
{
    const size_t len = strnlen(text, LABEL_BYTES);
    uint8_t label[LABEL_BYTES] = {0};
    memcpy(label, text, len);
    hv_write_u8(writer, (uint8_t)len);
    hv_write_bytes(writer, label, sizeof label);
}

static void record_write(const hashveil_record *record, uint8_t out[HV_RECORD_PLAIN_BYTES])
{
    struct hv_writer writer = hv_writer_of(out, HV_RECORD_PLAIN_BYTES);
    hv_write_bytes(&writer, record->id, sizeof record->id);
    hv_write_u64le(&writer, record->lists);
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        write_label(&writer, record->labels[i]);
    }
}

/* Takes zeros alone behind the text. */
static bool read_label(struct hv_reader *in, char out[HASHVEIL_LABEL_MAX_LEN + 1])
{
    const uint8_t len = hv_read_u8(in);
    hv_read_copy(in, (uint8_t *)out, LABEL_BYTES);
    out[LABEL_BYTES] = '\0';
    return len == strlen(out) && sodium_is_zero((const uint8_t *)out + len, LABEL_BYTES - len);
}

static bool record_parse(const uint8_t bytes[HV_RECORD_PLAIN_BYTES], hashveil_record *out)
{
    struct hv_reader in = hv_reader_of(bytes, HV_RECORD_PLAIN_BYTES);
    hashveil_record record = {0};
    hv_read_copy(&in, record.id, sizeof record.id);
    record.lists = hv_read_u64le(&in);
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        if (!read_label(&in, record.labels[i])) {
            return false;
        }
    }
    if (in.failed || !hv_record_labels_are_valid(&record)) {
        return false;
    }
    *out = record;
    return true;
}

hashveil_status hv_record_seal(const hashveil_record *record, const uint8_t secret[HV_SHARE_BYTES],
                               uint64_t epoch, uint64_t slot, uint8_t out[HV_RECORD_BYTES])
{
    uint8_t plain[HV_RECORD_PLAIN_BYTES];
    uint8_t key[KEY_BYTES];
    int len = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    record_write(record, plain);
    record_key(secret, epoch, slot, key);
    const bool worked =
        context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, zero_nonce) == 1 &&
        EVP_EncryptUpdate(context, out, &len, plain, sizeof plain) == 1 &&
        EVP_EncryptFinal_ex(context, out + len, &len) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, HV_RECORD_TAG_BYTES,
                            out + HV_RECORD_PLAIN_BYTES) == 1;
    EVP_CIPHER_CTX_free(context);
    hv_wipe(key, sizeof key);
    hv_wipe(plain, sizeof plain);
    return worked ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

bool hv_record_open(const uint8_t sealed[HV_RECORD_BYTES], const uint8_t secret[HV_SHARE_BYTES],
                    uint64_t epoch, uint64_t slot, hashveil_record *out)
{
    uint8_t plain[HV_RECORD_PLAIN_BYTES];
    uint8_t tag[HV_RECORD_TAG_BYTES]; /* the call below takes it as not const */
    uint8_t key[KEY_BYTES];
    int len = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    memcpy(tag, sealed + HV_RECORD_PLAIN_BYTES, sizeof tag);
    record_key(secret, epoch, slot, key);
    const bool worked =
        context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, zero_nonce) == 1 &&
        EVP_DecryptUpdate(context, plain, &len, sealed, HV_RECORD_PLAIN_BYTES) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
        EVP_DecryptFinal_ex(context, plain + len, &len) == 1 && record_parse(plain, out);
    EVP_CIPHER_CTX_free(context);
    hv_wipe(key, sizeof key);
    hv_wipe(plain, sizeof plain);
    return worked;
}
