/* SPDX-License-Identifier: Apache-2.0 */
#include "ratchet_keys.h"

#include "ratchet_store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <key_helper.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

enum { SIGNED_PREKEY_ID = 1, PRIVATE_BYTES = 32 };

static bool take_public(const ec_public_key *key, uint8_t out[WIRE_KEY_BYTES])
{
    signal_buffer *buffer = NULL;
    const bool is_taken = ec_public_key_serialize(&buffer, key) == SG_SUCCESS &&
                          signal_buffer_len(buffer) == WIRE_KEY_BYTES;
    if (is_taken) {
        memcpy(out, signal_buffer_data(buffer), WIRE_KEY_BYTES);
    }
    signal_buffer_free(buffer);
    return is_taken;
}

static hashveil_status keep_identity(const ratchet_identity_key_pair *pair, struct store *store)
{
    uint8_t both[WIRE_KEY_BYTES + PRIVATE_BYTES];
    signal_buffer *secret = NULL;
    hashveil_status status = HASHVEIL_ERR_IO;
    if (take_public(ratchet_identity_key_pair_get_public(pair), both) &&
        ec_private_key_serialize(&secret, ratchet_identity_key_pair_get_private(pair)) ==
            SG_SUCCESS &&
        signal_buffer_len(secret) == PRIVATE_BYTES) {
        memcpy(both + WIRE_KEY_BYTES, signal_buffer_data(secret), PRIVATE_BYTES);
        status = store_put(store, STORE_IDENTITY, "", both, sizeof both);
    }
    signal_buffer_bzero_free(secret);
    OPENSSL_cleanse(both, sizeof both);
    return status;
}

/* record: taken; NULL is a failure. */
static hashveil_status keep_record(struct store *store, enum store_kind kind, uint32_t id,
                                   signal_buffer *record)
{
    char name[RATCHET_NUMBER_BYTES];
    ratchet_store_name(id, name);
    const hashveil_status status =
        record ? store_put(store, kind, name, signal_buffer_data(record), signal_buffer_len(record))
               : HASHVEIL_ERR_NO_MEMORY;
    signal_buffer_bzero_free(record);
    return status;
}

static hashveil_status make_signed(signal_context *context, const ratchet_identity_key_pair *pair,
                                   struct store *store)
{
    session_signed_pre_key *key = NULL;
    signal_buffer *record = NULL;
    if (signal_protocol_key_helper_generate_signed_pre_key(
            &key, pair, SIGNED_PREKEY_ID, (uint64_t)time(NULL), context) != SG_SUCCESS ||
        session_signed_pre_key_serialize(&record, key) != SG_SUCCESS) {
        record = NULL;
    }
    SIGNAL_UNREF(key);
    return keep_record(store, STORE_SIGNED_PREKEY, SIGNED_PREKEY_ID, record);
}

hashveil_status ratchet_keys_make(signal_context *context, struct store *store)
{
    struct blob known;
    uint32_t registration = 0;
    ratchet_identity_key_pair *pair = NULL;
    hashveil_status status = store_get(store, STORE_IDENTITY, "", &known);
    blob_clear(&known);
    if (status != HASHVEIL_ERR_NOT_FOUND) {
        return status;
    }
    if (signal_protocol_key_helper_generate_identity_key_pair(&pair, context) != SG_SUCCESS ||
        signal_protocol_key_helper_generate_registration_id(&registration, 0, context) !=
            SG_SUCCESS) {
        status = HASHVEIL_ERR_IO;
        goto done;
    }
    status = store_begin(store);
    if (status == HASHVEIL_OK) {
        status = keep_identity(pair, store);
    }
    if (status == HASHVEIL_OK) {
        status = store_put(store, STORE_REGISTRATION, "", (const uint8_t *)&registration,
                           sizeof registration);
    }
    if (status == HASHVEIL_OK) {
        status = make_signed(context, pair, store);
    }
    if (status == HASHVEIL_OK) {
        status = store_commit(store);
    }
    if (status != HASHVEIL_OK) {
        store_roll_back(store);
    }
done:
    SIGNAL_UNREF(pair);
    return status;
}

/* Numbers are drawn at random, so that one is never used for two keys. */
static hashveil_status make_prekey(signal_context *context, struct store *store)
{
    uint32_t id = 0;
    ec_key_pair *pair = NULL;
    session_pre_key *key = NULL;
    signal_buffer *record = NULL;
    if (RAND_bytes((unsigned char *)&id, sizeof id) != 1) {
        return HASHVEIL_ERR_IO;
    }
    id = id % (PRE_KEY_MEDIUM_MAX_VALUE - 1) + 1;
    if (curve_generate_key_pair(context, &pair) != SG_SUCCESS ||
        session_pre_key_create(&key, id, pair) != SG_SUCCESS ||
        session_pre_key_serialize(&record, key) != SG_SUCCESS) {
        record = NULL;
    }
    SIGNAL_UNREF(key);
    SIGNAL_UNREF(pair);
    return keep_record(store, STORE_PREKEY, id, record);
}

/* Adds a prekey's public half. */
static hashveil_status add_prekey(signal_protocol_store_context *keeper, const char *name,
                                  struct wire_bundle *out)
{
    session_pre_key *key = NULL;
    const uint32_t id = (uint32_t)strtoul(name, NULL, 10);
    const bool is_added = signal_protocol_pre_key_load_key(keeper, &key, id) == SG_SUCCESS &&
                          take_public(ec_key_pair_get_public(session_pre_key_get_key_pair(key)),
                                      out->prekeys[out->prekey_count]);
    SIGNAL_UNREF(key);
    if (is_added) {
        out->prekey_ids[out->prekey_count++] = id;
    }
    return is_added ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

/* Adds those that the store has. */
static hashveil_status add_prekeys(signal_protocol_store_context *keeper, struct store *store,
                                   struct wire_bundle *out)
{
    char *name = NULL;
    hashveil_status status = store_next_name(store, STORE_PREKEY, "", &name);
    out->prekey_count = 0;
    while (status == HASHVEIL_OK && name && out->prekey_count < WIRE_PREKEYS) {
        char *after = name;
        name = NULL;
        status = add_prekey(keeper, after, out);
        if (status == HASHVEIL_OK) {
            status = store_next_name(store, STORE_PREKEY, after, &name);
        }
        free(after);
    }
    free(name);
    return status;
}

static hashveil_status fill_up(signal_context *context, struct store *store, size_t missing)
{
    hashveil_status status = store_begin(store);
    for (size_t i = 0; i < missing && status == HASHVEIL_OK; i++) {
        status = make_prekey(context, store);
    }
    if (status == HASHVEIL_OK) {
        status = store_commit(store);
    }
    if (status != HASHVEIL_OK) {
        store_roll_back(store);
    }
    return status;
}

static bool add_signed(signal_protocol_store_context *keeper, struct wire_bundle *out)
{
    session_signed_pre_key *key = NULL;
    bool is_added =
        signal_protocol_signed_pre_key_load_key(keeper, &key, SIGNED_PREKEY_ID) == SG_SUCCESS &&
        take_public(ec_key_pair_get_public(session_signed_pre_key_get_key_pair(key)),
                    out->signed_key) &&
        session_signed_pre_key_get_signature_len(key) == WIRE_SIGNATURE_BYTES;
    if (is_added) {
        out->signed_id = SIGNED_PREKEY_ID;
        memcpy(out->signature, session_signed_pre_key_get_signature(key), WIRE_SIGNATURE_BYTES);
    }
    SIGNAL_UNREF(key);
    return is_added;
}

static bool add_identity(signal_protocol_store_context *keeper, struct wire_bundle *out)
{
    ratchet_identity_key_pair *pair = NULL;
    const bool is_added = signal_protocol_identity_get_key_pair(keeper, &pair) == SG_SUCCESS &&
                          take_public(ratchet_identity_key_pair_get_public(pair), out->identity) &&
                          signal_protocol_identity_get_local_registration_id(
                              keeper, &out->registration_id) == SG_SUCCESS;
    SIGNAL_UNREF(pair);
    return is_added;
}

hashveil_status ratchet_keys_bundle(signal_context *context, signal_protocol_store_context *keeper,
                                    struct store *store, struct wire_bundle *out)
{
    *out = (struct wire_bundle){0};
    hashveil_status status = add_prekeys(keeper, store, out);
    if (status == HASHVEIL_OK && out->prekey_count < WIRE_PREKEYS) {
        status = fill_up(context, store, WIRE_PREKEYS - out->prekey_count);
        if (status == HASHVEIL_OK) {
            status = add_prekeys(keeper, store, out);
        }
    }
    if (status == HASHVEIL_OK && !(add_identity(keeper, out) && add_signed(keeper, out))) {
        status = HASHVEIL_ERR_FORMAT;
    }
    return status;
}
