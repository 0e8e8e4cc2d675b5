/* SPDX-License-Identifier: Apache-2.0 */
#include "ratchet.h"

#include "hex.h"
#include "ratchet_crypto.h"
#include "ratchet_keys.h"
#include "ratchet_store.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <protocol.h>
#include <session_builder.h>
#include <session_cipher.h>

enum { RATCHET_DIGITS = 2 * (WIRE_KEY_BYTES - 1) };

struct ratchet {
    struct store *store;
    signal_context *context;
    signal_protocol_store_context *keeper;
};

static hashveil_status status_of(int code)
{
    switch (code) {
    case SG_SUCCESS:
        return HASHVEIL_OK;
    case SG_ERR_NOMEM:
        return HASHVEIL_ERR_NO_MEMORY;
    case SG_ERR_DUPLICATE_MESSAGE:
        return HASHVEIL_ERR_EXISTS;
    case SG_ERR_NO_SESSION:
        return HASHVEIL_ERR_NOT_FOUND;
    case SG_ERR_UNTRUSTED_IDENTITY:
        return HASHVEIL_ERR_KEY;
    default:
        return HASHVEIL_ERR_PROTOCOL;
    }
}

/* One thread uses the context, so nothing is locked; libomemo-c wants functions all the same. */
static void lock_nothing(void *user_data)
{
    (void)user_data;
}

hashveil_status ratchet_open(struct store *store, struct ratchet **out)
{
    struct ratchet *ratchet = calloc(1, sizeof *ratchet);
    *out = NULL;
    if (!ratchet) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    ratchet->store = store;
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    if (signal_context_create(&ratchet->context, NULL) == SG_SUCCESS &&
        signal_context_set_crypto_provider(ratchet->context, &ratchet_crypto) == SG_SUCCESS &&
        signal_context_set_locking_functions(ratchet->context, lock_nothing, lock_nothing) ==
            SG_SUCCESS &&
        signal_protocol_store_context_create(&ratchet->keeper, ratchet->context) == SG_SUCCESS &&
        ratchet_store_attach(ratchet->keeper, store) == SG_SUCCESS) {
        status = ratchet_keys_make(ratchet->context, store);
    }
    if (status != HASHVEIL_OK) {
        ratchet_close(ratchet);
        return status;
    }
    *out = ratchet;
    return HASHVEIL_OK;
}

hashveil_status ratchet_bundle(struct ratchet *ratchet, struct wire_bundle *out)
{
    return ratchet_keys_bundle(ratchet->context, ratchet->keeper, ratchet->store, out);
}

static signal_protocol_address address_of(const char *contact)
{
    return (signal_protocol_address){
        .name = contact, .name_len = strlen(contact), .device_id = RATCHET_DEVICE};
}

/* One of the prekeys at random: who writes first at the same time seldom takes the same. */
static int make_bundle(struct ratchet *ratchet, const struct wire_bundle *bundle,
                       session_pre_key_bundle **out)
{
    uint32_t choice = 0;
    ec_public_key *identity = NULL;
    ec_public_key *signed_key = NULL;
    ec_public_key *prekey = NULL;
    int code =
        RAND_bytes((unsigned char *)&choice, sizeof choice) == 1 ? SG_SUCCESS : SG_ERR_UNKNOWN;
    choice %= (uint32_t)bundle->prekey_count;
    if (code == SG_SUCCESS) {
        code = curve_decode_point(&identity, bundle->identity, WIRE_KEY_BYTES, ratchet->context);
    }
    if (code == SG_SUCCESS) {
        code =
            curve_decode_point(&signed_key, bundle->signed_key, WIRE_KEY_BYTES, ratchet->context);
    }
    if (code == SG_SUCCESS) {
        code =
            curve_decode_point(&prekey, bundle->prekeys[choice], WIRE_KEY_BYTES, ratchet->context);
    }
    if (code == SG_SUCCESS) {
        code = session_pre_key_bundle_create(
            out, bundle->registration_id, RATCHET_DEVICE, bundle->prekey_ids[choice], prekey,
            bundle->signed_id, signed_key, bundle->signature, WIRE_SIGNATURE_BYTES, identity);
    }
    SIGNAL_UNREF(identity);
    SIGNAL_UNREF(signed_key);
    SIGNAL_UNREF(prekey);
    return code;
}

hashveil_status ratchet_begin(struct ratchet *ratchet, const char *contact,
                              const struct wire_bundle *bundle)
{
    const signal_protocol_address address = address_of(contact);
    session_pre_key_bundle *made = NULL;
    session_builder *builder = NULL;
    if (signal_protocol_session_contains_session(ratchet->keeper, &address) == 1) {
        return HASHVEIL_OK;
    }
    int code = make_bundle(ratchet, bundle, &made);
    if (code == SG_SUCCESS) {
        code = session_builder_create(&builder, ratchet->keeper, &address, ratchet->context);
    }
    if (code == SG_SUCCESS) {
        code = session_builder_process_pre_key_bundle(builder, made);
    }
    session_builder_free(builder);
    SIGNAL_UNREF(made);
    return status_of(code);
}

hashveil_status ratchet_encrypt(struct ratchet *ratchet, const char *contact, const char *text,
                                struct wire_envelope *out)
{
    const signal_protocol_address address = address_of(contact);
    session_cipher *cipher = NULL;
    ciphertext_message *message = NULL;
    if (signal_protocol_session_contains_session(ratchet->keeper, &address) != 1) {
        return HASHVEIL_ERR_NOT_FOUND;
    }
    int code = session_cipher_create(&cipher, ratchet->keeper, &address, ratchet->context);
    if (code == SG_SUCCESS) {
        code = session_cipher_encrypt(cipher, (const uint8_t *)text, strlen(text), &message);
    }
    if (code == SG_SUCCESS) {
        const signal_buffer *body = ciphertext_message_get_serialized(message);
        out->is_first = ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE;
        out->body =
            (struct blob){.bytes = malloc(signal_buffer_len(body)), .len = signal_buffer_len(body)};
        if (out->body.bytes) {
            memcpy(out->body.bytes, signal_buffer_const_data(body), out->body.len);
        } else {
            out->body.len = 0;
            code = SG_ERR_NOMEM;
        }
    }
    SIGNAL_UNREF(message);
    session_cipher_free(cipher);
    return status_of(code);
}

static int open_first(struct ratchet *ratchet, session_cipher *cipher, const struct blob *body,
                      signal_buffer **out)
{
    pre_key_signal_message *message = NULL;
    int code =
        pre_key_signal_message_deserialize(&message, body->bytes, body->len, ratchet->context);
    if (code == SG_SUCCESS) {
        code = session_cipher_decrypt_pre_key_signal_message(cipher, message, NULL, out);
    }
    SIGNAL_UNREF(message);
    return code;
}

static int open_later(struct ratchet *ratchet, session_cipher *cipher, const struct blob *body,
                      signal_buffer **out)
{
    signal_message *message = NULL;
    int code = signal_message_deserialize(&message, body->bytes, body->len, ratchet->context);
    if (code == SG_SUCCESS) {
        code = session_cipher_decrypt_signal_message(cipher, message, NULL, out);
    }
    SIGNAL_UNREF(message);
    return code;
}

hashveil_status ratchet_decrypt(struct ratchet *ratchet, const struct wire_envelope *envelope,
                                struct blob *out)
{
    const signal_protocol_address address = address_of(envelope->from);
    session_cipher *cipher = NULL;
    signal_buffer *text = NULL;
    *out = (struct blob){0};
    int code = session_cipher_create(&cipher, ratchet->keeper, &address, ratchet->context);
    if (code == SG_SUCCESS) {
        code =
            (envelope->is_first ? open_first : open_later)(ratchet, cipher, &envelope->body, &text);
    }
    if (code == SG_SUCCESS) {
        const size_t len = signal_buffer_len(text);
        out->bytes = malloc(len ? len : 1);
        code = out->bytes ? SG_SUCCESS : SG_ERR_NOMEM;
        if (out->bytes) {
            memcpy(out->bytes, signal_buffer_data(text), len);
            out->len = len;
        }
    }
    signal_buffer_bzero_free(text);
    session_cipher_free(cipher);
    return status_of(code);
}

hashveil_status ratchet_fingerprint(struct ratchet *ratchet, const char *contact,
                                    char out[RATCHET_FINGERPRINT_CHARS])
{
    char digits[2 * WIRE_KEY_BYTES + 1];
    struct blob key;
    const hashveil_status status = contact ? store_get(ratchet->store, STORE_CONTACT, contact, &key)
                                           : store_get(ratchet->store, STORE_IDENTITY, "", &key);
    if (status != HASHVEIL_OK || key.len < WIRE_KEY_BYTES) {
        blob_clear(&key);
        return status != HASHVEIL_OK ? status : HASHVEIL_ERR_FORMAT;
    }
    hex_write(key.bytes + 1, WIRE_KEY_BYTES - 1, digits); /* the first byte is the same for all */
    blob_clear(&key);
    for (size_t i = 0, at = 0; i < RATCHET_DIGITS; i++) {
        if (i > 0 && i % 8 == 0) {
            out[at++] = '-';
        }
        out[at++] = digits[i];
    }
    out[RATCHET_FINGERPRINT_CHARS - 1] = '\0';
    return HASHVEIL_OK;
}

hashveil_status ratchet_verify(struct ratchet *ratchet, const char *contact,
                               const char *fingerprint)
{
    char known[RATCHET_FINGERPRINT_CHARS];
    const hashveil_status status = ratchet_fingerprint(ratchet, contact, known);
    if (status != HASHVEIL_OK) {
        return status;
    }
    return strcmp(known, fingerprint) == 0 ? store_put(ratchet->store, STORE_VERIFIED, contact,
                                                       (const uint8_t *)known, sizeof known)
                                           : HASHVEIL_ERR_KEY;
}

bool ratchet_is_verified(struct ratchet *ratchet, const char *contact)
{
    struct blob known;
    const bool is_verified =
        store_get(ratchet->store, STORE_VERIFIED, contact, &known) == HASHVEIL_OK;
    blob_clear(&known);
    return is_verified;
}

void ratchet_close(struct ratchet *ratchet)
{
    if (ratchet) {
        signal_protocol_store_context_destroy(ratchet->keeper);
        signal_context_destroy(ratchet->context);
        free(ratchet);
    }
}
