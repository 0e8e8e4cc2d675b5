/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

bool wire_is_name(const char *name)
{
    const size_t len = strlen(name);
    return len > 0 && len <= WIRE_NAME_MAX_LEN &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

/* Adds bytes as a member; false without memory. len: at most WIRE_SIGNATURE_BYTES. */
static bool set_hex(json_t *object, const char *name, const uint8_t *bytes, size_t len)
{
    char text[2 * WIRE_SIGNATURE_BYTES + 1];
    hex_write(bytes, len, text);
    const bool is_set = json_object_set_new(object, name, json_string(text)) == 0;
    OPENSSL_cleanse(text, sizeof text);
    return is_set;
}

static bool get_hex(const json_t *object, const char *name, uint8_t *out, size_t len)
{
    return hex_read(json_string_value(json_object_get(object, name)), out, len);
}

/* The object is released; NULL for one that is not complete. */
static char *text_of(json_t *object, bool is_complete)
{
    char *text = object && is_complete ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

static bool set_number(json_t *object, const char *name, uint32_t number)
{
    return json_object_set_new(object, name, json_integer(number)) == 0;
}

static bool get_number(const json_t *object, const char *name, uint32_t *out)
{
    const json_t *value = json_object_get(object, name);
    const json_int_t number = json_integer_value(value);
    *out = (uint32_t)number;
    return json_is_integer(value) && number >= 0 && number <= INT32_MAX;
}

static json_t *key_of(uint32_t id, const uint8_t key[WIRE_KEY_BYTES])
{
    json_t *object = json_object();
    if (object && set_number(object, "id", id) && set_hex(object, "key", key, WIRE_KEY_BYTES)) {
        return object;
    }
    json_decref(object);
    return NULL;
}

char *wire_bundle_text(const struct wire_bundle *bundle)
{
    json_t *object = json_object();
    json_t *prekeys = json_array();
    bool is_complete =
        object && prekeys && set_number(object, "registration", bundle->registration_id) &&
        set_hex(object, "identity", bundle->identity, sizeof bundle->identity) &&
        set_number(object, "signed_id", bundle->signed_id) &&
        set_hex(object, "signed_key", bundle->signed_key, sizeof bundle->signed_key) &&
        set_hex(object, "signature", bundle->signature, sizeof bundle->signature);
    for (size_t i = 0; i < bundle->prekey_count && is_complete; i++) {
        is_complete =
            json_array_append_new(prekeys, key_of(bundle->prekey_ids[i], bundle->prekeys[i])) == 0;
    }
    is_complete = is_complete && json_object_set(object, "prekeys", prekeys) == 0;
    json_decref(prekeys);
    return text_of(object, is_complete);
}

static bool read_prekeys(const json_t *array, struct wire_bundle *out)
{
    out->prekey_count = json_array_size(array);
    if (out->prekey_count == 0 || out->prekey_count > WIRE_PREKEYS) {
        return false;
    }
    for (size_t i = 0; i < out->prekey_count; i++) {
        const json_t *row = json_array_get(array, i);
        if (!get_number(row, "id", &out->prekey_ids[i]) ||
            !get_hex(row, "key", out->prekeys[i], WIRE_KEY_BYTES)) {
            return false;
        }
    }
    return true;
}

hashveil_status wire_bundle_parse(const char *bytes, size_t len, struct wire_bundle *out)
{
    json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    const bool is_valid = object && get_number(object, "registration", &out->registration_id) &&
                          get_hex(object, "identity", out->identity, sizeof out->identity) &&
                          get_number(object, "signed_id", &out->signed_id) &&
                          get_hex(object, "signed_key", out->signed_key, sizeof out->signed_key) &&
                          get_hex(object, "signature", out->signature, sizeof out->signature) &&
                          read_prekeys(json_object_get(object, "prekeys"), out);
    json_decref(object);
    if (!is_valid) {
        *out = (struct wire_bundle){0};
    }
    return is_valid ? HASHVEIL_OK : HASHVEIL_ERR_PROTOCOL;
}

char *wire_envelope_text(const struct wire_envelope *envelope)
{
    char *body = malloc(2 * envelope->body.len + 1);
    if (!body) {
        return NULL;
    }
    hex_write(envelope->body.bytes, envelope->body.len, body);
    json_t *object = json_pack("{s:s, s:b, s:s}", "from", envelope->from, "first",
                               (int)envelope->is_first, "body", body);
    free(body);
    return text_of(object, true);
}

/* out: owned bytes. */
static hashveil_status get_blob(const json_t *object, const char *name, struct blob *out)
{
    const char *text = json_string_value(json_object_get(object, name));
    const size_t len = text ? strlen(text) / 2 : 0;
    if (len == 0) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    out->bytes = malloc(len);
    if (!out->bytes) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    out->len = len;
    return hex_read(text, out->bytes, len) ? HASHVEIL_OK : HASHVEIL_ERR_PROTOCOL;
}

hashveil_status wire_envelope_parse(const char *bytes, size_t len, struct wire_envelope *out)
{
    hashveil_status status = HASHVEIL_ERR_PROTOCOL;
    json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    const char *from = json_string_value(json_object_get(object, "from"));
    const json_t *first = json_object_get(object, "first");
    *out = (struct wire_envelope){.is_first = json_is_true(first)};
    if (from && wire_is_name(from) && json_is_boolean(first)) {
        snprintf(out->from, sizeof out->from, "%s", from);
        status = get_blob(object, "body", &out->body);
    }
    json_decref(object);
    if (status != HASHVEIL_OK) {
        wire_envelope_clear(out);
    }
    return status;
}

char *wire_content_text(const struct wire_content *content)
{
    if (content->text) {
        return text_of(json_pack("{s:s}", "text", content->text), true);
    }
    const struct attachment_key *picture = &content->picture;
    json_t *object = json_object();
    const bool is_complete = object &&
                             set_hex(object, "picture", picture->id, sizeof picture->id) &&
                             set_hex(object, "key", picture->key, sizeof picture->key) &&
                             set_hex(object, "nonce", picture->nonce, sizeof picture->nonce) &&
                             set_hex(object, "digest", picture->digest, sizeof picture->digest);
    return text_of(object, is_complete);
}

static bool read_picture(const json_t *object, struct attachment_key *out)
{
    return get_hex(object, "picture", out->id, sizeof out->id) &&
           get_hex(object, "key", out->key, sizeof out->key) &&
           get_hex(object, "nonce", out->nonce, sizeof out->nonce) &&
           get_hex(object, "digest", out->digest, sizeof out->digest);
}

hashveil_status wire_content_parse(const char *bytes, size_t len, struct wire_content *out)
{
    hashveil_status status = HASHVEIL_ERR_PROTOCOL;
    json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(object, "text"));
    *out = (struct wire_content){0};
    if (text && strlen(text) <= WIRE_TEXT_MAX_BYTES) {
        out->text = strdup(text);
        status = out->text ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    } else if (!text && read_picture(object, &out->picture)) {
        status = HASHVEIL_OK;
    }
    json_decref(object);
    if (status != HASHVEIL_OK) {
        wire_content_clear(out);
    }
    return status;
}

void wire_envelope_clear(struct wire_envelope *envelope)
{
    blob_clear(&envelope->body);
    *envelope = (struct wire_envelope){0};
}

void wire_content_clear(struct wire_content *content)
{
    if (content->text) {
        OPENSSL_cleanse(content->text, strlen(content->text));
        free(content->text);
    }
    OPENSSL_cleanse(content, sizeof *content);
}
