/* SPDX-License-Identifier: Apache-2.0 */
/* A log in its folder: read whole, added to at its end. */
#include <hashveil/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hex.h"
#include "base/memory.h"
#include "hashdb/log/head.h"
#include "hashdb/log/merkle.h"
#include "hashdb/sealed/database.h"

_Static_assert((int)HASHVEIL_LOG_MAX_PATH == (int)HV_MERKLE_MAX_PATH &&
                   (int)HASHVEIL_LOG_HASH_BYTES == (int)HV_MERKLE_BYTES,
               "a proof has room for what is proved");

enum { FILE_MODE = 0644, FOLDER_MODE = 0755, PATH_ROOM = 4096 };

struct hashveil_log {
    hashveil_log_head head;
    uint8_t *leaves; /* owned; head.size of them */
};

/* The name of a file in the folder. Errors: ERR_LIMIT. */
static hashveil_status name_file(const char *folder, const char *name, char out[PATH_ROOM])
{
    const int len = snprintf(out, PATH_ROOM, "%s/%s", folder, name);
    return len > 0 && len < PATH_ROOM ? HASHVEIL_OK : HASHVEIL_ERR_LIMIT;
}

hashveil_status hashveil_log_read_head(const uint8_t *bytes, size_t len, const hashveil_key *key,
                                       hashveil_log_head *out)
{
    const hashveil_status status = hv_log_head_parse(bytes, len, out);
    return status == HASHVEIL_OK ? hv_log_head_verify(out, key) : status;
}

/* Behind the leaves of the head may be one that was being added when its process was killed. */
hashveil_status hashveil_log_read(const hashveil_log_head *head, const uint8_t *leaves,
                                  size_t leaves_len, hashveil_log **out)
{
    const size_t wanted = (size_t)head->size * HV_MERKLE_BYTES;
    uint8_t root[HV_MERKLE_BYTES];
    *out = NULL;
    if (leaves_len < wanted) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    hv_merkle_root(leaves, head->size, root);
    if (memcmp(root, head->root, sizeof root) != 0) {
        return HASHVEIL_ERR_DIGEST;
    }
    hashveil_log *log = hv_alloc_array(1, sizeof *log);
    if (!log) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    log->head = *head;
    log->leaves = hv_copy_bytes(leaves, wanted);
    if (!log->leaves) {
        hashveil_log_close(log);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    *out = log;
    return HASHVEIL_OK;
}

static hashveil_status open_head(const char *folder, const hashveil_key *key,
                                 hashveil_log_head *out)
{
    char path[PATH_ROOM];
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_status status = name_file(folder, HASHVEIL_LOG_HEAD_FILE, path);
    if (status == HASHVEIL_OK) {
        status = hv_read_file(path, HASHVEIL_LOG_HEAD_BYTES + 1, &bytes, &len);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_log_read_head(bytes, len, key, out);
    }
    free(bytes);
    return status;
}

static hashveil_status open_leaves(const char *folder, const hashveil_log_head *head,
                                   hashveil_log **out)
{
    char path[PATH_ROOM];
    uint8_t *leaves = NULL;
    size_t len = 0;
    hashveil_status status = name_file(folder, HASHVEIL_LOG_LEAVES_FILE, path);
    if (status == HASHVEIL_OK) {
        status = hv_read_file_start(path, (size_t)head->size * HV_MERKLE_BYTES, &leaves, &len);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_log_read(head, leaves, len, out);
    }
    free(leaves);
    return status;
}

hashveil_status hashveil_log_open(const char *folder, const hashveil_key *key, hashveil_log **out,
                                  const char **where_out)
{
    hashveil_log_head head;
    *out = NULL;
    *where_out = HASHVEIL_LOG_HEAD_FILE;
    hashveil_status status = open_head(folder, key, &head);
    if (status == HASHVEIL_OK) {
        *where_out = HASHVEIL_LOG_LEAVES_FILE;
        status = open_leaves(folder, &head, out);
    }
    if (status == HASHVEIL_OK) {
        *where_out = "";
    }
    return status;
}

void hashveil_log_close(hashveil_log *log)
{
    if (log) {
        free(log->leaves);
        free(log);
    }
}

const hashveil_log_head *hashveil_log_describe(const hashveil_log *log)
{
    return &log->head;
}

bool hashveil_log_find(const hashveil_log *log, const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                       uint64_t *index_out)
{
    uint64_t i = 0;
    while (i < log->head.size &&
           memcmp(log->leaves + i * HV_MERKLE_BYTES, digest, HV_MERKLE_BYTES) != 0) {
        i++;
    }
    if (index_out) {
        *index_out = i;
    }
    return i < log->head.size;
}

bool hashveil_log_extends(const hashveil_log *log, uint64_t old_size,
                          const uint8_t old_root[HASHVEIL_LOG_HASH_BYTES])
{
    uint8_t root[HV_MERKLE_BYTES];
    if (old_size > log->head.size) {
        return false;
    }
    hv_merkle_root(log->leaves, old_size, root);
    return memcmp(root, old_root, sizeof root) == 0;
}

static void take_path(const struct hv_merkle_path *path, hashveil_log_path *out)
{
    out->count = path->count;
    memcpy(out->hashes, path->hashes, path->count * sizeof path->hashes[0]);
}

hashveil_status hashveil_log_prove(const hashveil_log *log,
                                   const uint8_t digest[HASHVEIL_DIGEST_BYTES], uint64_t old_size,
                                   hashveil_log_proof *out)
{
    struct hv_merkle_path path;
    *out = (hashveil_log_proof){.head = log->head, .old_size = old_size};
    if (old_size > log->head.size) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (!hashveil_log_find(log, digest, &out->index)) {
        return HASHVEIL_ERR_NOT_FOUND;
    }
    hv_merkle_prove_inclusion(log->leaves, log->head.size, out->index, &path);
    take_path(&path, &out->inclusion);
    if (old_size > 0) {
        hv_merkle_prove_consistency(log->leaves, old_size, log->head.size, &path);
        take_path(&path, &out->consistency);
    }
    return HASHVEIL_OK;
}

/* Returns false for more hashes than a proof can have. */
static bool give_path(const hashveil_log_path *path, struct hv_merkle_path *out)
{
    if (path->count > HASHVEIL_LOG_MAX_PATH) {
        return false;
    }
    out->count = path->count;
    memcpy(out->hashes, path->hashes, path->count * sizeof path->hashes[0]);
    return true;
}

hashveil_status hashveil_log_verify(const hashveil_log_proof *proof, const hashveil_key *key,
                                    const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                                    const uint8_t old_root[HASHVEIL_LOG_HASH_BYTES])
{
    const hashveil_log_head *head = &proof->head;
    struct hv_merkle_path path;
    uint8_t leaf[HV_MERKLE_BYTES];
    const hashveil_status status = hv_log_head_verify(head, key);
    if (status != HASHVEIL_OK) {
        return status;
    }
    hv_merkle_leaf(digest, leaf);
    if (!give_path(&proof->inclusion, &path) ||
        !hv_merkle_verify_inclusion(leaf, proof->index, head->size, &path, head->root)) {
        return HASHVEIL_ERR_DIGEST;
    }
    return proof->old_size == 0 || (give_path(&proof->consistency, &path) &&
                                    hv_merkle_verify_consistency(proof->old_size, old_root,
                                                                 head->size, head->root, &path))
               ? HASHVEIL_OK
               : HASHVEIL_ERR_DIGEST;
}

/* Replaces a file of the folder, or makes it. */
static hashveil_status write_file(const char *folder, const char *name, const uint8_t *bytes,
                                  size_t len)
{
    char path[PATH_ROOM];
    struct hv_new_file file = {0};
    hashveil_status status = name_file(folder, name, path);
    if (status == HASHVEIL_OK) {
        status = hv_new_file_init(path, FILE_MODE, &file);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(&file, bytes, len, 0);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_commit(&file);
    }
    hv_new_file_clear(&file);
    return status;
}

static hashveil_status write_manifest(const char *folder, const hashveil_sealed_db *db)
{
    char name[sizeof "manifests/" + 2 * (size_t)HASHVEIL_DIGEST_BYTES];
    const size_t len = hv_manifest_len(&db->manifest);
    memcpy(name, "manifests/", sizeof "manifests/" - 1);
    hv_hex_encode(db->info.digest, HASHVEIL_DIGEST_BYTES, name + sizeof "manifests/" - 1);
    return write_file(folder, name, db->bytes + HV_SEALED_HEADER_BYTES, len);
}

/* In its place behind those that the head knows, and on the disk before the head is. */
static hashveil_status write_leaf(const char *folder, uint64_t index, const uint8_t *leaf)
{
    char path[PATH_ROOM];
    hashveil_status status = name_file(folder, HASHVEIL_LOG_LEAVES_FILE, path);
    if (status != HASHVEIL_OK) {
        return status;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        return hv_status_of_errno(errno);
    }
    const ssize_t written = pwrite(fd, leaf, HV_MERKLE_BYTES, (off_t)(index * HV_MERKLE_BYTES));
    if (written < 0 || fsync(fd) != 0) {
        status = hv_status_of_errno(errno);
    } else if (written != HV_MERKLE_BYTES) {
        status = HASHVEIL_ERR_NO_SPACE;
    }
    close(fd);
    return status;
}

/* log: as it is, and on success as it becomes. */
static hashveil_status add(const char *folder, const hashveil_key *key,
                           const hashveil_sealed_db *db, hashveil_log *log)
{
    const size_t len = (size_t)log->head.size * HV_MERKLE_BYTES;
    uint8_t bytes[HASHVEIL_LOG_HEAD_BYTES];
    uint8_t *leaves = hv_alloc_array(len + HV_MERKLE_BYTES, 1);
    if (!leaves) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (len > 0) {
        memcpy(leaves, log->leaves, len);
    }
    memcpy(leaves + len, db->info.digest, HV_MERKLE_BYTES);
    free(log->leaves);
    log->leaves = leaves;
    log->head.size++;
    log->head.time_s = (uint64_t)time(NULL);
    hv_merkle_root(leaves, log->head.size, log->head.root);
    hashveil_status status = hv_log_head_sign(key, &log->head);
    if (status == HASHVEIL_OK) {
        status = write_manifest(folder, db);
    }
    if (status == HASHVEIL_OK) {
        status = write_leaf(folder, log->head.size - 1, leaves + len);
    }
    if (status == HASHVEIL_OK) {
        hv_log_head_write(&log->head, bytes);
        status = write_file(folder, HASHVEIL_LOG_HEAD_FILE, bytes, sizeof bytes);
    }
    return status;
}

/* Opens the log, or an empty one where there is none yet. */
static hashveil_status open_or_begin(const char *folder, const hashveil_key *key,
                                     hashveil_log **out, const char **where_out)
{
    char path[PATH_ROOM];
    struct stat info;
    const hashveil_status status = name_file(folder, HASHVEIL_LOG_HEAD_FILE, path);
    if (status == HASHVEIL_OK && stat(path, &info) != 0 && errno == ENOENT) {
        *where_out = "";
        *out = hv_alloc_array(1, sizeof **out);
        return *out ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    }
    return status == HASHVEIL_OK ? hashveil_log_open(folder, key, out, where_out) : status;
}

/* For one process at a time. */
static hashveil_status append_locked(const char *folder, const hashveil_key *key,
                                     const hashveil_sealed_db *db, bool *added_out,
                                     const char **where_out)
{
    hashveil_log *log = NULL;
    hashveil_status status = open_or_begin(folder, key, &log, where_out);
    if (status == HASHVEIL_OK && log->head.size >= HV_LOG_MAX_SIZE) {
        status = HASHVEIL_ERR_LIMIT;
    }
    if (status == HASHVEIL_OK && !hashveil_log_find(log, db->info.digest, NULL)) {
        status = add(folder, key, db, log);
        *added_out = status == HASHVEIL_OK;
    }
    hashveil_log_close(log);
    return status;
}

static hashveil_status make_folders(const char *folder)
{
    char path[PATH_ROOM];
    hashveil_status status = name_file(folder, "manifests", path);
    if (status == HASHVEIL_OK && mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST) {
        status = hv_status_of_errno(errno);
    }
    if (status == HASHVEIL_OK && mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST) {
        status = hv_status_of_errno(errno);
    }
    return status;
}

hashveil_status hashveil_log_append(const char *folder, const hashveil_key *key,
                                    const hashveil_sealed_db *db, bool *added_out,
                                    const char **where_out)
{
    *added_out = false;
    *where_out = "";
    if (key->kind != HASHVEIL_KEY_CURATOR || !key->has_secret) {
        return HASHVEIL_ERR_KEY;
    }
    hashveil_status status = make_folders(folder);
    if (status != HASHVEIL_OK) {
        return status;
    }
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        status = hv_status_of_errno(errno);
    } else {
        status = append_locked(folder, key, db, added_out, where_out);
    }
    if (fd >= 0) {
        close(fd);
    }
    return status;
}
