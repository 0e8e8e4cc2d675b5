/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a bulk of files: those of one shard that were not done before, and the file that keeps
 * their lines. */
#ifndef HASHVEIL_TOOLS_HASH_PART_H
#define HASHVEIL_TOOLS_HASH_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { HASH_MAX_SHARDS = 100000 };

/* Starts as {.shards = 1}, with what the options say. */
struct hash_part {
    unsigned shard, shards;  /* files whose path has this hash modulo shards */
    const char *output_path; /* borrowed; NULL for stdout */
    FILE *stream;            /* where lines go, between open and close */
    char *path, *partial_path;
    char **done; /* paths that have their line, sorted */
    size_t done_count;
};

/* Reads what was done before. Returns false after a message. Where all of it was, stream is NULL.
 */
bool hash_part_open(struct hash_part *part);

/* Threads: safe. */
bool hash_part_has(const struct hash_part *part, const char *path);

/* Puts the file in its place, on disk. Returns false after a message. */
bool hash_part_finish(struct hash_part *part);

/* What is not finished stays for the next run. */
void hash_part_close(struct hash_part *part);

/* Lists the files of all shards of an --output FILE: FILE itself, or each FILE.I-of-N that has a
 * line; where none has, one of them.
 *
 * paths_out  count_out texts; owned, released by hash_shards_clear
 *
 * Returns false after a message, where one is missing or not finished. */
bool hash_shards_find(const char *output_path, char ***paths_out, size_t *count_out);

void hash_shards_clear(char **paths, size_t count);

#endif
