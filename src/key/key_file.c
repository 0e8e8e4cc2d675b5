/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: three lines of text, or two without the secret.
 *
 *     hashveil evaluator secret key 1
 *     secret 64 hex digits
 *     public 64 hex digits
 *
 * libsodium's hex functions, because their time does not depend on the digits. */
#include "key/key.h"

#include "base/bytes.h"
#include "base/files.h"
#include "base/memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VERSION = 1, HEX_LEN = 2 * HASHVEIL_KEY_BYTES, MAX_DIGITS = 9 };

/* Passes over text where it comes next, and says whether it does. */
static bool skip(struct hv_reader *in, const char *text)
{
    struct hv_reader ahead = *in;
    const size_t len = strlen(text);
    const uint8_t *bytes = hv_read_bytes(&ahead, len);
    if (!bytes || memcmp(bytes, text, len) != 0) {
        return false;
    }
    *in = ahead;
    return true;
}

static void expect(struct hv_reader *in, const char *text)
{
    if (!skip(in, text)) {
        in->failed = true;
    }
}

static hashveil_key_kind read_kind(struct hv_reader *in)
{
    for (unsigned kind = 0; kind < HV_KEY_KINDS; kind++) {
        if (skip(in, hashveil_key_kind_text((hashveil_key_kind)kind))) {
            return (hashveil_key_kind)kind;
        }
    }
    in->failed = true;
    return HASHVEIL_KEY_EVALUATOR;
}

static uint32_t read_number(struct hv_reader *in)
{
    uint32_t number = 0;
    unsigned digits = 0;
    while (in->left > 0 && *in->next >= '0' && *in->next <= '9' && digits < MAX_DIGITS) {
        number = 10 * number + (uint32_t)(hv_read_u8(in) - '0');
        digits++;
    }
    if (digits == 0) {
        in->failed = true;
    }
    return number;
}

static void read_hex_line(struct hv_reader *in, const char *name, uint8_t out[HASHVEIL_KEY_BYTES])
{
    expect(in, name);
    const uint8_t *digits = hv_read_bytes(in, HEX_LEN);
    if (digits &&
        sodium_hex2bin(out, HASHVEIL_KEY_BYTES, (const char *)digits, HEX_LEN, NULL, NULL, NULL)) {
        in->failed = true;
    }
    expect(in, "\n");
}

hashveil_status hv_key_parse(const uint8_t *text, size_t len, hashveil_key *out)
{
    struct hv_reader in = hv_reader_of(text, len);
    hashveil_key key = {0};
    hashveil_status status = HASHVEIL_ERR_FORMAT;

    hashveil_key_clear(out);
    expect(&in, "hashveil ");
    key.kind = read_kind(&in);
    key.has_secret = skip(&in, " secret");
    expect(&in, key.has_secret ? " key " : " public key ");
    const uint32_t version = read_number(&in);
    expect(&in, "\n");
    if (!in.failed && version != VERSION) {
        return HASHVEIL_ERR_VERSION;
    }
    if (key.has_secret) {
        read_hex_line(&in, "secret ", key.secret_bytes);
    }
    read_hex_line(&in, "public ", key.public_bytes);
    if (!in.failed && in.left == 0 && hv_key_is_sound(&key)) {
        *out = key;
        status = HASHVEIL_OK;
    }
    hashveil_key_clear(&key);
    return status;
}

size_t hv_key_format(const hashveil_key *key, bool with_secret, char out[HV_KEY_FILE_MAX_BYTES])
{
    char secret[HEX_LEN + 1];
    char public[HEX_LEN + 1];
    int len;
    sodium_bin2hex(public, sizeof public, key->public_bytes, HASHVEIL_KEY_BYTES);
    if (with_secret) {
        sodium_bin2hex(secret, sizeof secret, key->secret_bytes, HASHVEIL_KEY_BYTES);
        len = snprintf(out, HV_KEY_FILE_MAX_BYTES,
                       "hashveil %s secret key %d\nsecret %s\npublic %s\n",
                       hashveil_key_kind_text(key->kind), VERSION, secret, public);
        hv_wipe(secret, sizeof secret);
    } else {
        len = snprintf(out, HV_KEY_FILE_MAX_BYTES, "hashveil %s public key %d\npublic %s\n",
                       hashveil_key_kind_text(key->kind), VERSION, public);
    }
    return (size_t)len;
}

static hashveil_status prepare(const hashveil_key *key, bool with_secret, const char *path,
                               struct hv_new_file *out)
{
    char text[HV_KEY_FILE_MAX_BYTES];
    const size_t len = hv_key_format(key, with_secret, text);
    hashveil_status status = hv_new_file_init(path, with_secret ? 0600 : 0644, out);
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(out, text, len, 0);
    }
    hv_wipe(text, sizeof text);
    return status;
}

/* A file that got its name but not a safe place on the device is taken back. */
static hashveil_status publish(struct hv_new_file *file, const char *path)
{
    const hashveil_status status = hv_new_file_commit_exclusive(file);
    if (status != HASHVEIL_OK && !file->path) {
        unlink(path);
    }
    return status;
}

/* The secret first: when the machine stops between the two, its file still holds both halves. */
hashveil_status hashveil_key_save(const hashveil_key *key, const char *path)
{
    struct hv_new_file secret_file = {0};
    struct hv_new_file public_file = {0};
    char *public_path = NULL;
    hashveil_status status;

    if (!key->has_secret || sodium_init() < 0 || !hv_key_is_sound(key)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (asprintf(&public_path, "%s.pub", path) < 0) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    status = prepare(key, true, path, &secret_file);
    if (status == HASHVEIL_OK) {
        status = prepare(key, false, public_path, &public_file);
    }
    if (status == HASHVEIL_OK) {
        status = publish(&secret_file, path);
    }
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = publish(&public_file, public_path);
    if (status != HASHVEIL_OK) {
        unlink(path);
    }
done:
    hv_new_file_clear(&secret_file);
    hv_new_file_clear(&public_file);
    free(public_path);
    return status;
}

hashveil_status hashveil_key_save_public(const hashveil_key *key, const char *path)
{
    struct hv_new_file file = {0};
    hashveil_key public_half = *key;
    hv_wipe(public_half.secret_bytes, sizeof public_half.secret_bytes);
    public_half.has_secret = false;
    if (sodium_init() < 0 || !hv_key_is_sound(&public_half)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_status status = prepare(&public_half, false, path, &file);
    if (status == HASHVEIL_OK) {
        status = publish(&file, path);
    }
    hv_new_file_clear(&file);
    return status;
}

static hashveil_status load(const char *path, hashveil_key_kind kind, hashveil_key *out)
{
    uint8_t *text;
    size_t len;
    hashveil_key_clear(out);
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    hashveil_status status = hv_read_file(path, HV_KEY_FILE_MAX_BYTES, &text, &len);
    if (status != HASHVEIL_OK) {
        return status == HASHVEIL_ERR_LIMIT ? HASHVEIL_ERR_FORMAT : status;
    }
    status = hv_key_parse(text, len, out);
    hv_wipe(text, len);
    free(text);
    if (status == HASHVEIL_OK && out->kind != kind) {
        hashveil_key_clear(out);
        return HASHVEIL_ERR_KEY;
    }
    return status;
}

hashveil_status hashveil_key_load_secret(const char *path, hashveil_key_kind kind,
                                         hashveil_key *out)
{
    const hashveil_status status = load(path, kind, out);
    if (status == HASHVEIL_OK && !out->has_secret) {
        hashveil_key_clear(out);
        return HASHVEIL_ERR_KEY;
    }
    return status;
}

hashveil_status hashveil_key_load_public(const char *path, hashveil_key_kind kind,
                                         hashveil_key *out)
{
    const hashveil_status status = load(path, kind, out);
    hv_wipe(out->secret_bytes, sizeof out->secret_bytes);
    out->has_secret = false;
    return status;
}
