/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator_keys.h"

#include "errno_status.h"
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <hashveil/evaluator.h>
#include <hashveil/key.h>

struct key_set {
    struct {
        uint8_t public_bytes[HASHVEIL_KEY_BYTES];
        hashveil_evaluator *evaluator; /* owned */
    } list[EVALUATOR_MAX_KEYS];
    size_t count;
};

struct evaluator_keys {
    const char *const *paths;
    size_t path_count;
    pthread_rwlock_t lock; /* of set */
    struct key_set set;
};

static void clear(struct key_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        hashveil_evaluator_destroy(set->list[i].evaluator);
    }
    set->count = 0;
}

static bool has(const struct key_set *set, const hashveil_key *key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (memcmp(set->list[i].public_bytes, key->public_bytes, HASHVEIL_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Errors: ERR_LIMIT (too many), and those of a key file. */
static hashveil_status add(const char *path, struct key_set *set)
{
    hashveil_key key = {0};
    hashveil_status status = hashveil_key_load_secret(path, HASHVEIL_KEY_EVALUATOR, &key);
    if (status == HASHVEIL_OK && !has(set, &key)) {
        status = set->count < EVALUATOR_MAX_KEYS
                     ? hashveil_evaluator_create(&key, &set->list[set->count].evaluator)
                     : HASHVEIL_ERR_LIMIT;
        if (status == HASHVEIL_OK) {
            memcpy(set->list[set->count++].public_bytes, key.public_bytes, HASHVEIL_KEY_BYTES);
        }
    }
    hashveil_key_clear(&key);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status;
}

/* For scandir. */
static int is_key_file(const struct dirent *entry)
{
    static const char end[] = ".key";
    const size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > sizeof end - 1 &&
           strcmp(entry->d_name + len - (sizeof end - 1), end) == 0;
}

static hashveil_status add_folder(const char *folder, struct key_set *set)
{
    struct dirent **entries = NULL;
    hashveil_status status = HASHVEIL_OK;
    const int count = scandir(folder, &entries, is_key_file, alphasort);
    if (count < 0) {
        status = status_of_errno(errno);
        complain_status(folder, status);
        return status;
    }
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (status == HASHVEIL_OK && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0) {
            status = HASHVEIL_ERR_NO_MEMORY;
        } else if (status == HASHVEIL_OK) {
            status = add(path, set);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* Returns false after a message. */
static bool read_set(const struct evaluator_keys *keys, struct key_set *out)
{
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < keys->path_count && status == HASHVEIL_OK; i++) {
        struct stat info;
        const bool is_folder = stat(keys->paths[i], &info) == 0 && S_ISDIR(info.st_mode);
        status = is_folder ? add_folder(keys->paths[i], out) : add(keys->paths[i], out);
    }
    if (status == HASHVEIL_OK && out->count == 0) {
        complain(keys->paths[0], "has no file named *.key");
        status = HASHVEIL_ERR_NOT_FOUND;
    }
    if (status != HASHVEIL_OK) {
        clear(out);
    }
    return status == HASHVEIL_OK;
}

struct evaluator_keys *evaluator_keys_load(const char *const *paths, size_t count)
{
    struct evaluator_keys *keys = calloc(1, sizeof *keys);
    if (!keys) {
        complain_status(paths[0], HASHVEIL_ERR_NO_MEMORY);
        return NULL;
    }
    *keys = (struct evaluator_keys){
        .paths = paths, .path_count = count, .lock = PTHREAD_RWLOCK_INITIALIZER};
    if (!read_set(keys, &keys->set)) {
        free(keys);
        return NULL;
    }
    return keys;
}

bool evaluator_keys_reload(struct evaluator_keys *keys)
{
    struct key_set next = {0};
    if (!read_set(keys, &next)) {
        return false;
    }
    pthread_rwlock_wrlock(&keys->lock);
    struct key_set before = keys->set;
    keys->set = next;
    pthread_rwlock_unlock(&keys->lock);
    clear(&before);
    return true;
}

hashveil_status evaluator_keys_respond(struct evaluator_keys *keys, const uint8_t *request,
                                       size_t len, uint8_t *out, size_t *len_out)
{
    hashveil_status status = HASHVEIL_ERR_KEY;
    pthread_rwlock_rdlock(&keys->lock);
    for (size_t i = 0; i < keys->set.count && status == HASHVEIL_ERR_KEY; i++) {
        status =
            hashveil_evaluator_respond(keys->set.list[i].evaluator, request, len, out, len_out);
    }
    pthread_rwlock_unlock(&keys->lock);
    return status;
}

size_t evaluator_keys_print_manifest(struct evaluator_keys *keys, char *out, size_t room)
{
    json_t *list = json_array();
    pthread_rwlock_rdlock(&keys->lock);
    for (size_t i = 0; i < keys->set.count; i++) {
        char text[2 * HASHVEIL_KEY_BYTES + 1];
        format_hex(keys->set.list[i].public_bytes, HASHVEIL_KEY_BYTES, text);
        json_array_append_new(list, json_string(text));
    }
    pthread_rwlock_unlock(&keys->lock);
    json_t *manifest =
        json_pack("{s:s, s:s, s:i, s:o}", "suite", "ristretto255-SHA512", "mode", "VOPRF",
                  "max_request_bytes", (int)HASHVEIL_REQUEST_MAX_BYTES, "keys", list);
    const size_t len = manifest ? json_dumpb(manifest, out, room, JSON_COMPACT) : 0;
    json_decref(manifest);
    return len <= room ? len : 0;
}

void evaluator_keys_destroy(struct evaluator_keys *keys)
{
    if (keys) {
        clear(&keys->set);
        free(keys);
    }
}
