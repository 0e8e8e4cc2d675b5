/* SPDX-License-Identifier: Apache-2.0 */
#include "ratchet_store.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

static int code_of(hashveil_status status)
{
    return status == HASHVEIL_OK              ? SG_SUCCESS
           : status == HASHVEIL_ERR_NO_MEMORY ? SG_ERR_NOMEM
                                              : SG_ERR_UNKNOWN;
}

/* Gives an item as libomemo-c takes it. Returns 1, 0 where there is none, negative on failure. */
static int load(struct store *store, enum store_kind kind, const char *name, signal_buffer **out)
{
    struct blob blob;
    const hashveil_status status = store_get(store, kind, name, &blob);
    if (status == HASHVEIL_ERR_NOT_FOUND) {
        return 0;
    }
    if (status != HASHVEIL_OK) {
        return code_of(status);
    }
    *out = signal_buffer_create(blob.bytes, blob.len);
    blob_clear(&blob);
    return *out ? 1 : SG_ERR_NOMEM;
}

static int contains(struct store *store, enum store_kind kind, const char *name)
{
    signal_buffer *found = NULL;
    const int result = load(store, kind, name, &found);
    signal_buffer_bzero_free(found);
    return result;
}

void ratchet_store_name(uint32_t id, char out[RATCHET_NUMBER_BYTES])
{
    snprintf(out, RATCHET_NUMBER_BYTES, "%u", id);
}

/* Sessions; an address' name is always one of our texts. */

static int load_session(signal_buffer **record, signal_buffer **user_record,
                        const signal_protocol_address *address, void *store)
{
    *user_record = NULL;
    return load(store, STORE_SESSION, address->name, record);
}

static int list_devices(signal_int_list **out, const char *name, size_t name_len, void *store)
{
    (void)name_len;
    *out = signal_int_list_alloc();
    if (!*out) {
        return SG_ERR_NOMEM;
    }
    const int has_session = contains(store, STORE_SESSION, name);
    if (has_session == 1 && signal_int_list_push_back(*out, RATCHET_DEVICE) < 0) {
        return SG_ERR_NOMEM;
    }
    return has_session;
}

/* libomemo-c fixes these parameters. NOLINTBEGIN(readability-non-const-parameter) */
static int store_session(const signal_protocol_address *address, uint8_t *record, size_t len,
                         uint8_t *user_record, size_t user_len, void *store)
{
    (void)user_record;
    (void)user_len;
    return code_of(store_put(store, STORE_SESSION, address->name, record, len));
}

static int contains_session(const signal_protocol_address *address, void *store)
{
    return contains(store, STORE_SESSION, address->name);
}

static int delete_all_sessions(const char *name, size_t name_len, void *store)
{
    (void)name_len;
    const int has_session = contains(store, STORE_SESSION, name);
    const int removed = code_of(store_remove(store, STORE_SESSION, name));
    return removed < 0 ? removed : has_session;
}

static int delete_session(const signal_protocol_address *address, void *store)
{
    return delete_all_sessions(address->name, address->name_len, store);
}

/* Prekeys */

static int load_key(struct store *store, enum store_kind kind, uint32_t id, signal_buffer **out)
{
    char name[RATCHET_NUMBER_BYTES];
    ratchet_store_name(id, name);
    const int result = load(store, kind, name, out);
    return result == 1 ? SG_SUCCESS : result == 0 ? SG_ERR_INVALID_KEY_ID : result;
}

static int store_key(struct store *store, enum store_kind kind, uint32_t id, const uint8_t *record,
                     size_t len)
{
    char name[RATCHET_NUMBER_BYTES];
    ratchet_store_name(id, name);
    return code_of(store_put(store, kind, name, record, len));
}

static int contains_key(struct store *store, enum store_kind kind, uint32_t id)
{
    char name[RATCHET_NUMBER_BYTES];
    ratchet_store_name(id, name);
    return contains(store, kind, name);
}

static int remove_key(struct store *store, enum store_kind kind, uint32_t id)
{
    char name[RATCHET_NUMBER_BYTES];
    ratchet_store_name(id, name);
    return code_of(store_remove(store, kind, name));
}

static int load_prekey(signal_buffer **record, uint32_t id, void *store)
{
    return load_key(store, STORE_PREKEY, id, record);
}

static int store_prekey(uint32_t id, uint8_t *record, size_t len, void *store)
{
    return store_key(store, STORE_PREKEY, id, record, len);
}

static int contains_prekey(uint32_t id, void *store)
{
    return contains_key(store, STORE_PREKEY, id);
}

static int remove_prekey(uint32_t id, void *store)
{
    return remove_key(store, STORE_PREKEY, id);
}

static int load_signed(signal_buffer **record, uint32_t id, void *store)
{
    return load_key(store, STORE_SIGNED_PREKEY, id, record);
}

static int store_signed(uint32_t id, uint8_t *record, size_t len, void *store)
{
    return store_key(store, STORE_SIGNED_PREKEY, id, record, len);
}

static int contains_signed(uint32_t id, void *store)
{
    return contains_key(store, STORE_SIGNED_PREKEY, id);
}

static int remove_signed(uint32_t id, void *store)
{
    return remove_key(store, STORE_SIGNED_PREKEY, id);
}

/* Identities */

enum { PUBLIC_BYTES = 33, PRIVATE_BYTES = 32 };

static int get_identity(signal_buffer **public_data, signal_buffer **private_data, void *store)
{
    struct blob blob;
    if (store_get(store, STORE_IDENTITY, "", &blob) != HASHVEIL_OK) {
        return SG_ERR_UNKNOWN;
    }
    if (blob.len == PUBLIC_BYTES + PRIVATE_BYTES) {
        *public_data = signal_buffer_create(blob.bytes, PUBLIC_BYTES);
        *private_data = signal_buffer_create(blob.bytes + PUBLIC_BYTES, PRIVATE_BYTES);
    }
    blob_clear(&blob);
    return *public_data && *private_data ? SG_SUCCESS : SG_ERR_NOMEM;
}

static int get_registration(void *store, uint32_t *out)
{
    struct blob blob;
    if (store_get(store, STORE_REGISTRATION, "", &blob) != HASHVEIL_OK) {
        return SG_ERR_UNKNOWN;
    }
    const bool is_number = blob.len == sizeof *out;
    if (is_number) {
        memcpy(out, blob.bytes, sizeof *out); /* of this machine alone */
    }
    blob_clear(&blob);
    return is_number ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

/* Whose key was seen first stays who it was: another key is never taken by itself. */
static int is_trusted(const signal_protocol_address *address, uint8_t *key, size_t len, void *store)
{
    struct blob known;
    const hashveil_status status = store_get(store, STORE_CONTACT, address->name, &known);
    if (status == HASHVEIL_ERR_NOT_FOUND) {
        return 1;
    }
    const bool is_same =
        status == HASHVEIL_OK && known.len == len && CRYPTO_memcmp(known.bytes, key, len) == 0;
    blob_clear(&known);
    return is_same ? 1 : 0;
}

static int save_identity(const signal_protocol_address *address, uint8_t *key, size_t len,
                         void *store)
{
    return is_trusted(address, key, len, store) == 1
               ? code_of(store_put(store, STORE_CONTACT, address->name, key, len))
               : SG_ERR_UNTRUSTED_IDENTITY;
}
/* NOLINTEND(readability-non-const-parameter) */

int ratchet_store_attach(signal_protocol_store_context *context, struct store *store)
{
    const signal_protocol_session_store sessions = {.load_session_func = load_session,
                                                    .get_sub_device_sessions_func = list_devices,
                                                    .store_session_func = store_session,
                                                    .contains_session_func = contains_session,
                                                    .delete_session_func = delete_session,
                                                    .delete_all_sessions_func = delete_all_sessions,
                                                    .user_data = store};
    const signal_protocol_pre_key_store prekeys = {.load_pre_key = load_prekey,
                                                   .store_pre_key = store_prekey,
                                                   .contains_pre_key = contains_prekey,
                                                   .remove_pre_key = remove_prekey,
                                                   .user_data = store};
    const signal_protocol_signed_pre_key_store signed_prekeys = {
        .load_signed_pre_key = load_signed,
        .store_signed_pre_key = store_signed,
        .contains_signed_pre_key = contains_signed,
        .remove_signed_pre_key = remove_signed,
        .user_data = store};
    const signal_protocol_identity_key_store identities = {.get_identity_key_pair = get_identity,
                                                           .get_local_registration_id =
                                                               get_registration,
                                                           .save_identity = save_identity,
                                                           .is_trusted_identity = is_trusted,
                                                           .user_data = store};
    int code = signal_protocol_store_context_set_session_store(context, &sessions);
    if (code == SG_SUCCESS) {
        code = signal_protocol_store_context_set_pre_key_store(context, &prekeys);
    }
    if (code == SG_SUCCESS) {
        code = signal_protocol_store_context_set_signed_pre_key_store(context, &signed_prekeys);
    }
    return code == SG_SUCCESS
               ? signal_protocol_store_context_set_identity_key_store(context, &identities)
               : code;
}
