/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_log.h"

#include "log_source.h"
#include "output.h"
#include "state_folder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/log.h>
#include <hashveil/trust.h>

static bool has_parts(const struct scan_options *options, const hashveil_sealed_db *database,
                      const hashveil_log *log)
{
    for (size_t i = 0; i < hashveil_sealed_db_part_count(database); i++) {
        const hashveil_sealed_db_info *info = hashveil_sealed_db_describe_part(database, i);
        if (!hashveil_log_find(log, info->digest, NULL)) {
            complain(i == 0 ? options->database_path : options->segment_paths[i - 1],
                     "not trusted: it is not in the log %s", options->log_path);
            return false;
        }
    }
    return true;
}

/* Whoever shows a device one log and others another must go on doing so, or is found out here. */
static bool goes_on(const struct scan_options *options, const hashveil_log *log,
                    const uint8_t key[HASHVEIL_KEY_BYTES], hashveil_editions *editions)
{
    const hashveil_log_head *head = hashveil_log_describe(log);
    hashveil_seen_log seen;
    hashveil_status status = hashveil_editions_log(editions, key, &seen);
    if (status == HASHVEIL_OK && seen.size > 0 &&
        !hashveil_log_extends(log, seen.size, seen.root)) {
        complain(options->log_path,
                 "not trusted: it does not go on from the log of %" PRIu64 " editions seen before",
                 seen.size);
        return false;
    }
    if (status == HASHVEIL_OK) {
        seen.size = head->size;
        memcpy(seen.root, head->root, sizeof seen.root);
        status = hashveil_editions_note_log(editions, key, &seen);
    }
    if (status != HASHVEIL_OK) {
        complain("scan", "the log could not be noted: %s", hashveil_status_text(status));
    }
    return status == HASHVEIL_OK;
}

static bool check_history(const struct scan_options *options, const hashveil_log *log)
{
    char *path = NULL;
    hashveil_editions *editions = NULL;
    hashveil_key key = {0};
    hashveil_status status =
        hashveil_key_load_public(options->log_key_path, HASHVEIL_KEY_CURATOR, &key);
    if (status == HASHVEIL_OK) {
        status = state_folder_file("editions.sqlite", &path);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_editions_open(path, &editions);
    }
    if (status != HASHVEIL_OK) {
        complain(path ? path : "scan", "the log seen before is not known: %s",
                 hashveil_status_text(status));
    }
    const bool is_good = editions && goes_on(options, log, key.public_bytes, editions);
    hashveil_editions_close(editions);
    free(path);
    return is_good;
}

bool scan_is_logged(const struct scan_options *options, const hashveil_sealed_db *database)
{
    if (!options->log_path) {
        return true;
    }
    hashveil_log *log = log_source_open(options->log_path, options->log_key_path, &options->peers);
    const bool is_logged = log && has_parts(options, database, log) && check_history(options, log);
    hashveil_log_close(log);
    return is_logged;
}
