/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_trust.h"

#include "output.h"
#include "state_folder.h"

#include <stdlib.h>
#include <string.h>

/* Gives the newest epoch used before, and where it was noted. Whoever signs nothing could claim any
 * epoch, so without pinned curators none is noted, and editions_out is NULL. */
static bool open_editions(const hashveil_sealed_db *database, const hashveil_trust *trust,
                          hashveil_editions **editions_out, uint64_t *newest_out)
{
    char *path = NULL;
    hashveil_status status = HASHVEIL_OK;
    *editions_out = NULL;
    *newest_out = 0;
    if (trust->needed > 0) {
        status = state_folder_file("editions.sqlite", &path);
    }
    if (path && status == HASHVEIL_OK) {
        status = hashveil_editions_open(path, editions_out);
    }
    if (*editions_out) {
        status = hashveil_editions_newest(*editions_out, database, trust, newest_out);
    }
    if (status != HASHVEIL_OK) {
        complain(path ? path : "scan", "the editions used before are not known: %s",
                 hashveil_status_text(status));
    }
    free(path);
    return status == HASHVEIL_OK;
}

static bool note_edition(hashveil_editions *editions, const hashveil_sealed_db *database,
                         const hashveil_trust *trust)
{
    const hashveil_status status =
        editions ? hashveil_editions_note(editions, database, trust) : HASHVEIL_OK;
    if (status != HASHVEIL_OK) {
        complain("scan", "the edition could not be noted: %s", hashveil_status_text(status));
    }
    return status == HASHVEIL_OK;
}

static bool is_trusted(const struct scan_options *options, const hashveil_sealed_db *database,
                       const hashveil_trust *trust)
{
    const char *paths[1 + HASHVEIL_MAX_SEGMENTS] = {options->database_path};
    hashveil_editions *editions;
    uint64_t newest_epoch;
    size_t part = 0;
    memcpy(paths + 1, options->segment_paths, sizeof options->segment_paths);
    bool is_done = open_editions(database, trust, &editions, &newest_epoch);
    if (is_done) {
        const hashveil_distrust distrust =
            hashveil_trust_check(database, trust, options->takes_older ? 0 : newest_epoch, &part);
        if (distrust != HASHVEIL_DISTRUST_NONE) {
            trust_complain(paths[part], distrust);
            is_done = false;
        } else {
            is_done = note_edition(editions, database, trust);
        }
    }
    hashveil_editions_close(editions);
    return is_done;
}

bool scan_is_trusted(const struct scan_options *options, const hashveil_sealed_db *database)
{
    struct trust_keys keys;
    return trust_keys_load(&options->trust, &keys) && is_trusted(options, database, &keys.trust);
}
