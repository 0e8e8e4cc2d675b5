/* SPDX-License-Identifier: Apache-2.0 */
/* Segments on top of a database. */
#include <stdlib.h>
#include <string.h>

#include "hashdb/sealed/database.h"
#include "hashdb/sealed/reader.h"

/* What a device asks for one must serve both. */
static bool is_of(const hashveil_sealed_db *segment, const hashveil_sealed_db *db)
{
    const struct hv_manifest *a = &segment->manifest;
    const struct hv_manifest *b = &db->manifest;
    return memcmp(a->base_digest, db->info.digest, sizeof a->base_digest) == 0 &&
           memcmp(a->evaluator_public, b->evaluator_public, sizeof a->evaluator_public) == 0 &&
           memcmp(a->mask_seed, b->mask_seed, sizeof a->mask_seed) == 0 &&
           a->mask_params.masks == b->mask_params.masks &&
           a->mask_params.bits == b->mask_params.bits &&
           a->mask_params.pool_bits == b->mask_params.pool_bits && a->token_epoch == b->token_epoch;
}

hashveil_status hashveil_sealed_db_attach(hashveil_sealed_db *db, hashveil_sealed_db *segment)
{
    if (db->info.is_segment || !segment->info.is_segment) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (!is_of(segment, db)) {
        return HASHVEIL_ERR_KEY;
    }
    if (db->segment_count == HASHVEIL_MAX_SEGMENTS) {
        return HASHVEIL_ERR_LIMIT;
    }
    db->segments[db->segment_count++] = segment;
    return HASHVEIL_OK;
}

size_t hashveil_sealed_db_part_count(const hashveil_sealed_db *db)
{
    return 1 + db->segment_count;
}

const hashveil_sealed_db *hv_sealed_db_part(const hashveil_sealed_db *db, size_t part)
{
    return part == 0 ? db : db->segments[part - 1];
}

const hashveil_sealed_db_info *hashveil_sealed_db_describe_part(const hashveil_sealed_db *db,
                                                                size_t part)
{
    return part <= db->segment_count ? &hv_sealed_db_part(db, part)->info : NULL;
}

bool hashveil_sealed_db_lists_digests(const hashveil_sealed_db *db)
{
    bool lists_any = db->info.padded_exact_count > 0;
    for (size_t i = 0; i < db->segment_count; i++) {
        lists_any = lists_any || db->segments[i]->info.padded_exact_count > 0;
    }
    return lists_any;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, HASHVEIL_RECORD_ID_BYTES);
}

bool hv_sealed_db_is_withdrawn(const hashveil_sealed_db *db,
                               const uint8_t record_id[HASHVEIL_RECORD_ID_BYTES])
{
    bool is_withdrawn = false;
    for (size_t i = 0; i < db->segment_count && !is_withdrawn; i++) {
        const hashveil_sealed_db *segment = db->segments[i];
        is_withdrawn = segment->manifest.withdrawn_count > 0 &&
                       bsearch(record_id, segment->bytes + segment->manifest.withdrawn.offset,
                               segment->manifest.withdrawn_count, HASHVEIL_RECORD_ID_BYTES,
                               compare_ids) != NULL;
    }
    return is_withdrawn;
}
