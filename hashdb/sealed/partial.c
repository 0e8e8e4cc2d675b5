/* SPDX-License-Identifier: Apache-2.0 */
/* The file: a header with its digest, the name of the new database file, then room for every piece
 * at a place of its own. Nothing of it is flushed: a piece that a power cut takes is made again. */
#include "hashdb/sealed/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/memory.h"

#define MAGIC "HVPARTDB"

enum {
    VERSION =
        1, /* of what pieces mean, too: sealing that makes others goes on from none of these */
    MAGIC_LEN = 8,
    HEADER_BYTES = 128,
    NAME_OFFSET = HEADER_BYTES,
    NAME_BYTES = sizeof ".new-00000000",
    PIECES_OFFSET = 4096,
    CODE_BYTES = 32,
    PIECE_BYTES = HV_PARTIAL_PIECE_TOKENS * HV_OUTPUT_KEPT_BYTES + CODE_BYTES
};

static void write_header(const struct hv_partial *partial, uint8_t out[HEADER_BYTES])
{
    struct hv_writer writer = hv_writer_of(out, HEADER_BYTES);
    hv_write_bytes(&writer, (const uint8_t *)MAGIC, MAGIC_LEN);
    hv_write_u64le(&writer, VERSION);
    hv_write_bytes(&writer, partial->input_digest, sizeof partial->input_digest);
    hv_write_bytes(&writer, partial->begin.seed, sizeof partial->begin.seed);
    hv_write_u64le(&writer, partial->begin.epoch);
    hv_write_u64le(&writer, partial->begin.created_s);
    hv_sealed_digest(out, writer.len, out + writer.len);
}

/* Returns whether it is a whole header of this version and input; begin is then what it says. */
static bool read_header(struct hv_partial *partial)
{
    uint8_t bytes[HEADER_BYTES];
    uint8_t wanted[HEADER_BYTES];
    const struct hv_partial_begin fresh = partial->begin;
    if (hv_read_at(partial->fd, bytes, sizeof bytes, 0) != HASHVEIL_OK) {
        return false;
    }
    struct hv_reader in = hv_reader_of(bytes, sizeof bytes);
    (void)hv_read_bytes(&in, MAGIC_LEN + 8 + HASHVEIL_DIGEST_BYTES);
    hv_read_copy(&in, partial->begin.seed, sizeof partial->begin.seed);
    partial->begin.epoch = hv_read_u64le(&in);
    partial->begin.created_s = hv_read_u64le(&in);
    write_header(partial, wanted);
    const bool is_same = memcmp(bytes, wanted, sizeof wanted) == 0;
    if (!is_same) {
        partial->begin = fresh;
    }
    hv_wipe(bytes, sizeof bytes);
    hv_wipe(wanted, sizeof wanted);
    return is_same;
}

/* Of what is in the file only the name of the new file is used any more. */
static hashveil_status begin_anew(const struct hv_partial *partial)
{
    uint8_t header[HEADER_BYTES];
    if (ftruncate(partial->fd, NAME_OFFSET + NAME_BYTES) != 0) {
        return hv_status_of_errno(errno);
    }
    write_header(partial, header);
    const hashveil_status status = hv_write_at(partial->fd, header, sizeof header, 0);
    hv_wipe(header, sizeof header);
    return status;
}

/* For us alone: no other process seals to this name, and no other user reads what opens it. */
static hashveil_status check_file(const struct hv_partial *partial, struct stat *out)
{
    struct stat named;
    if (flock(partial->fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? HASHVEIL_ERR_BUSY : hv_status_of_errno(errno);
    }
    if (fstat(partial->fd, out) != 0) {
        return hv_status_of_errno(errno);
    }
    if (stat(partial->path, &named) != 0 || named.st_ino != out->st_ino) {
        return HASHVEIL_ERR_BUSY; /* whoever sealed to this name is done this moment */
    }
    if (!S_ISREG(out->st_mode)) {
        return HASHVEIL_ERR_NOT_A_FILE;
    }
    return out->st_uid == geteuid() && (out->st_mode & 077) == 0 ? HASHVEIL_OK
                                                                 : HASHVEIL_ERR_ACCESS;
}

static void release(struct hv_partial *partial)
{
    if (partial->path) {
        close(partial->fd);
    }
    free(partial->path);
    hv_wipe(partial, sizeof *partial);
}

hashveil_status hv_partial_open(const char *path, const struct hv_partial_begin *fresh,
                                const uint8_t *input_digest, size_t table_tokens,
                                struct hv_partial *out, hashveil_seal_start *start_out)
{
    struct stat info = {0};
    struct hv_partial partial = {.begin = *fresh,
                                 .table_pieces = (table_tokens + HV_PARTIAL_PIECE_TOKENS - 1) /
                                                 HV_PARTIAL_PIECE_TOKENS};
    memcpy(partial.input_digest, input_digest, sizeof partial.input_digest);
    if (asprintf(&partial.path, "%s.partial", path) < 0) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    partial.fd =
        open(partial.path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (partial.fd < 0) {
        const hashveil_status status = hv_status_of_errno(errno);
        free(partial.path);
        return status;
    }
    hashveil_status status = check_file(&partial, &info);
    if (status == HASHVEIL_OK) {
        const bool goes_on = read_header(&partial);
        *start_out = goes_on             ? HASHVEIL_SEAL_GOES_ON
                     : info.st_size == 0 ? HASHVEIL_SEAL_BEGINS
                                         : HASHVEIL_SEAL_BEGINS_ANEW;
        status = goes_on ? HASHVEIL_OK : begin_anew(&partial);
    }
    if (status == HASHVEIL_OK) {
        *out = partial;
        partial.path = NULL;
    }
    release(&partial);
    return status;
}

/* Keyed BLAKE2b (RFC 7693): the seed is known to whoever seals, and to nobody else. */
static void code_of(const struct hv_partial *partial, uint64_t place, const uint8_t *outputs,
                    size_t len, uint8_t out[CODE_BYTES])
{
    crypto_generichash_state state;
    uint8_t place_bytes[8];
    hv_store_le(place_bytes, place, sizeof place_bytes);
    crypto_generichash_init(&state, partial->begin.seed, HV_SEED_BYTES, CODE_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)MAGIC, MAGIC_LEN);
    crypto_generichash_update(&state, partial->input_digest, sizeof partial->input_digest);
    crypto_generichash_update(&state, place_bytes, sizeof place_bytes);
    crypto_generichash_update(&state, outputs, len);
    crypto_generichash_final(&state, out, CODE_BYTES);
    hv_wipe(&state, sizeof state);
}

static uint64_t place_of(const struct hv_partial *partial, unsigned table, size_t piece)
{
    return (uint64_t)table * partial->table_pieces + piece;
}

static uint64_t offset_of(uint64_t place)
{
    return PIECES_OFFSET + place * PIECE_BYTES;
}

bool hv_partial_read(const struct hv_partial *partial, unsigned table, size_t piece, size_t count,
                     uint8_t (*out)[HV_OUTPUT_KEPT_BYTES])
{
    uint8_t kept[CODE_BYTES];
    uint8_t code[CODE_BYTES];
    const size_t len = count * sizeof out[0];
    const uint64_t place = place_of(partial, table, piece);
    if (!partial->path ||
        hv_read_at(partial->fd, kept, sizeof kept, offset_of(place)) != HASHVEIL_OK ||
        hv_read_at(partial->fd, out[0], len, offset_of(place) + sizeof kept) != HASHVEIL_OK) {
        return false;
    }
    code_of(partial, place, out[0], len, code);
    return hv_equal_secret(kept, code, sizeof code);
}

hashveil_status hv_partial_keep(const struct hv_partial *partial, unsigned table, size_t piece,
                                size_t count, uint8_t (*outputs)[HV_OUTPUT_KEPT_BYTES])
{
    uint8_t code[CODE_BYTES];
    const size_t len = count * sizeof outputs[0];
    const uint64_t place = place_of(partial, table, piece);
    if (!partial->path) {
        return HASHVEIL_OK;
    }
    code_of(partial, place, outputs[0], len, code);
    const hashveil_status status =
        hv_write_at(partial->fd, outputs[0], len, offset_of(place) + sizeof code);
    return status == HASHVEIL_OK ? hv_write_at(partial->fd, code, sizeof code, offset_of(place))
                                 : status;
}

/* Nothing else than the name of a new file of this database is removed. */
static void remove_left_file(const struct hv_new_file *file, const char name[NAME_BYTES])
{
    char *left = NULL;
    if (memcmp(name, ".new-", 5) != 0 || name[NAME_BYTES - 1] != '\0' ||
        strspn(name + 5, "0123456789abcdef") != 8 ||
        asprintf(&left, "%s%s", file->path, name) < 0) {
        return;
    }
    unlink(left);
    free(left);
}

hashveil_status hv_partial_note_file(const struct hv_partial *partial,
                                     const struct hv_new_file *file)
{
    char name[NAME_BYTES];
    if (!partial->path) {
        return HASHVEIL_OK;
    }
    if (hv_read_at(partial->fd, name, sizeof name, NAME_OFFSET) == HASHVEIL_OK) {
        remove_left_file(file, name);
    }
    return hv_write_at(partial->fd, file->path_new + strlen(file->path), NAME_BYTES, NAME_OFFSET);
}

void hv_partial_close(struct hv_partial *partial, bool is_needed)
{
    if (partial->path && !is_needed) {
        unlink(partial->path);
    }
    release(partial);
}
