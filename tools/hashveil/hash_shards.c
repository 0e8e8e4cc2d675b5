/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of hash_part.c: whether all shards of a bulk are there. */
#include "hash_part.h"
#include "output.h"

#include <dirent.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns N of a name "BASE.I-of-N" or "BASE.I-of-N.partial"; 0 for another. */
static unsigned long shards_in(const char *name, const char *base)
{
    static const char between[] = "-of-";
    const size_t base_len = strlen(base);
    char *end = NULL;
    if (strncmp(name, base, base_len) != 0 || name[base_len] != '.') {
        return 0;
    }
    const unsigned long shard = strtoul(name + base_len + 1, &end, 10);
    if (strncmp(end, between, sizeof between - 1) != 0) {
        return 0;
    }
    const unsigned long shards = strtoul(end + sizeof between - 1, &end, 10);
    return shard > 0 && shards <= HASH_MAX_SHARDS ? shards : 0;
}

/* Gives into how many shards the run was cut; 0 where there is none. Returns false after a message.
 */
static bool count_shards(const char *output_path, const char *folder_path, const char *base,
                         unsigned long *out)
{
    DIR *folder = opendir(folder_path);
    bool is_one_run = true;
    const struct dirent *entry;
    *out = 0;
    while (is_one_run && folder && (entry = readdir(folder)) != NULL) {
        const unsigned long shards = shards_in(entry->d_name, base);
        is_one_run = shards == 0 || *out == 0 || shards == *out;
        *out = shards > 0 ? shards : *out;
    }
    if (folder) {
        closedir(folder);
    }
    if (!is_one_run) {
        complain(output_path, "its shards are of several runs: remove those of all but one");
    }
    return is_one_run;
}

/* Likewise, of the path alone. */
static bool find_shards(const char *output_path, unsigned long *out)
{
    char *folder = strdup(output_path);
    char *base = strdup(output_path);
    bool is_done = folder && base;
    if (is_done) {
        is_done = count_shards(output_path, dirname(folder), basename(base), out);
    } else {
        complain_status(output_path, HASHVEIL_ERR_NO_MEMORY);
    }
    free(folder);
    free(base);
    return is_done;
}

/* shard: 0 for the file of a run without shards. Returns NULL after a message. */
static char *finished_path(const char *output_path, unsigned long shard, unsigned long shards)
{
    char *path = NULL;
    const int len = shard == 0 ? asprintf(&path, "%s", output_path)
                               : asprintf(&path, "%s.%lu-of-%lu", output_path, shard, shards);
    if (len < 0) {
        complain_status(output_path, HASHVEIL_ERR_NO_MEMORY);
        return NULL;
    }
    if (access(path, R_OK) != 0) {
        complain(path, "'hashveil hash' has not finished it: nothing is imported");
        free(path);
        return NULL;
    }
    return path;
}

/* Of few files some shards have none: these have nothing to import. */
static bool is_empty(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_size == 0;
}

bool hash_shards_find(const char *output_path, char ***paths_out, size_t *count_out)
{
    unsigned long shards = 0;
    if (access(output_path, F_OK) != 0 && !find_shards(output_path, &shards)) {
        return false;
    }
    char **paths = calloc(shards + 1, sizeof *paths);
    size_t count = 0;
    bool are_all = paths != NULL;
    for (unsigned long shard = shards > 0 ? 1 : 0; are_all && shard <= shards; shard++) {
        paths[count] = finished_path(output_path, shard, shards);
        are_all = paths[count] != NULL;
        if (are_all && shard < shards && is_empty(paths[count])) {
            free(paths[count]);
        } else {
            count += are_all;
        }
    }
    /* The last one tells of it when all are empty. */
    if (are_all && count > 1 && is_empty(paths[count - 1])) {
        free(paths[--count]);
    }
    if (!are_all) {
        hash_shards_clear(paths, count);
        return false;
    }
    *paths_out = paths;
    *count_out = count;
    return true;
}

void hash_shards_clear(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(paths[i]);
    }
    free(paths);
}
