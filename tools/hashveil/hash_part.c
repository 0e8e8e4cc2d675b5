/* SPDX-License-Identifier: Apache-2.0 */
#include "hash_part.h"

#include "errno_status.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* 64-bit FNV-1a (RFC 9923), by which every machine gives a path to the same shard. */
static uint64_t hash_of(const char *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *byte = path; *byte; byte++) {
        hash = (hash ^ (unsigned char)*byte) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool hash_part_has(const struct hash_part *part, const char *path)
{
    return hash_of(path) % part->shards == part->shard &&
           !(part->done_count > 0 &&
             bsearch(&path, part->done, part->done_count, sizeof *part->done, compare));
}

/* Returns the PATH of a line HASH,QUALITY,PATH; NULL for another. */
static const char *path_of(const char *line)
{
    const char *comma = strchr(line, ',');
    comma = comma ? strchr(comma + 1, ',') : NULL;
    return comma ? comma + 1 : NULL;
}

static bool add_done(struct hash_part *part, const char *path, size_t *room)
{
    if (part->done_count == *room) {
        const size_t more = *room ? 2 * *room : 1024;
        char **longer = reallocarray(part->done, more, sizeof *longer);
        if (!longer) {
            return false;
        }
        part->done = longer;
        *room = more;
    }
    part->done[part->done_count] = strdup(path);
    return part->done[part->done_count++] != NULL;
}

/* Takes the lines that are whole, and cuts off what a killed run left of one. */
static hashveil_status read_done(struct hash_part *part)
{
    char *line = NULL;
    size_t line_room = 0;
    size_t room = 0;
    off_t whole = 0;
    hashveil_status status = HASHVEIL_OK;
    ssize_t len;
    while (status == HASHVEIL_OK && (len = getline(&line, &line_room, part->stream)) > 0 &&
           line[len - 1] == '\n') {
        line[len - 1] = '\0';
        whole += len;
        const char *path = path_of(line);
        if (path && !add_done(part, path, &room)) {
            status = HASHVEIL_ERR_NO_MEMORY;
        }
    }
    free(line);
    if (status == HASHVEIL_OK &&
        (ferror(part->stream) || ftruncate(fileno(part->stream), whole) != 0 ||
         fseeko(part->stream, whole, SEEK_SET) != 0)) {
        status = status_of_errno(errno);
    }
    if (part->done_count > 0) {
        qsort(part->done, part->done_count, sizeof *part->done, compare);
    }
    return status;
}

static bool name_files(struct hash_part *part)
{
    const int len = part->shards == 1 ? asprintf(&part->path, "%s", part->output_path)
                                      : asprintf(&part->path, "%s.%u-of-%u", part->output_path,
                                                 part->shard + 1, part->shards);
    if (len < 0) {
        part->path = NULL;
    }
    if (len < 0 || asprintf(&part->partial_path, "%s.partial", part->path) < 0) {
        part->partial_path = NULL;
        complain_status("hash", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    return true;
}

/* Opens the file for this process alone. */
static hashveil_status open_partial(struct hash_part *part)
{
    const int fd = open(part->partial_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        close(fd);
        return error == EWOULDBLOCK ? HASHVEIL_ERR_BUSY : status_of_errno(error);
    }
    part->stream = fd >= 0 ? fdopen(fd, "r+") : NULL;
    return part->stream ? read_done(part) : status_of_errno(errno);
}

bool hash_part_open(struct hash_part *part)
{
    if (!part->output_path) {
        part->stream = stdout;
        return true;
    }
    if (!name_files(part)) {
        return false;
    }
    if (access(part->path, F_OK) == 0) {
        complain(part->path, "it is finished; to hash these files again, remove it");
        return true;
    }
    const hashveil_status status = open_partial(part);
    if (status != HASHVEIL_OK) {
        complain_status(part->partial_path, status);
    }
    return status == HASHVEIL_OK;
}

static bool sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    const int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const bool is_synced = fd >= 0 && fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    free(copy);
    errno = error;
    return is_synced;
}

bool hash_part_finish(struct hash_part *part)
{
    if (!part->output_path) {
        return true;
    }
    const bool is_done = fflush(part->stream) == 0 && fsync(fileno(part->stream)) == 0 &&
                         rename(part->partial_path, part->path) == 0 && sync_folder_of(part->path);
    if (!is_done) {
        complain_status(part->path, status_of_errno(errno));
    }
    return is_done;
}

void hash_part_close(struct hash_part *part)
{
    if (part->stream && part->stream != stdout) {
        fclose(part->stream);
    }
    for (size_t i = 0; i < part->done_count; i++) {
        free(part->done[i]);
    }
    free(part->done);
    free(part->path);
    free(part->partial_path);
    *part = (struct hash_part){0};
}
