/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/trust.h"

#include <string.h>

const char *hashveil_distrust_text(hashveil_distrust distrust)
{
    switch (distrust) {
#define X(name, number, text)                                                                      \
    case HASHVEIL_DISTRUST_##name:                                                                 \
        return text;
        HASHVEIL_DISTRUST_TABLE(X)
#undef X
    }
    return "unknown reason";
}

/* Opening has verified the signatures: here it only matters whose they are. */
static size_t count_signed(const hashveil_sealed_db_info *info, const hashveil_trust *trust)
{
    size_t count = 0;
    for (size_t i = 0; i < trust->curator_count; i++) {
        for (size_t k = 0; k < info->signature_count; k++) {
            count += memcmp(info->signed_by[k], trust->curators[i].public_bytes,
                            HASHVEIL_KEY_BYTES) == 0;
        }
    }
    return count;
}

static hashveil_distrust check_part(const hashveil_sealed_db_info *info,
                                    const hashveil_trust *trust)
{
    if (count_signed(info, trust) < trust->needed) {
        return HASHVEIL_DISTRUST_SIGNATURES;
    }
    if (trust->evaluator &&
        memcmp(info->evaluator_public, trust->evaluator->public_bytes, HASHVEIL_KEY_BYTES) != 0) {
        return HASHVEIL_DISTRUST_EVALUATOR;
    }
    return info->expires_s > 0 && info->expires_s <= trust->now_s ? HASHVEIL_DISTRUST_EXPIRED
                                                                  : HASHVEIL_DISTRUST_NONE;
}

uint64_t hv_epoch_of(const hashveil_sealed_db *db)
{
    uint64_t epoch = 0;
    for (size_t part = 0; part < hashveil_sealed_db_part_count(db); part++) {
        const uint64_t own = hashveil_sealed_db_describe_part(db, part)->epoch;
        epoch = own > epoch ? own : epoch;
    }
    return epoch;
}

hashveil_distrust hashveil_trust_check(const hashveil_sealed_db *db, const hashveil_trust *trust,
                                       uint64_t newest_epoch, size_t *part_out)
{
    hashveil_distrust distrust = HASHVEIL_DISTRUST_NONE;
    const size_t count = hashveil_sealed_db_part_count(db);
    size_t part = 0;
    for (; part < count && distrust == HASHVEIL_DISTRUST_NONE; part++) {
        distrust = check_part(hashveil_sealed_db_describe_part(db, part), trust);
    }
    if (distrust == HASHVEIL_DISTRUST_NONE && hv_epoch_of(db) < newest_epoch) {
        distrust = HASHVEIL_DISTRUST_OLDER;
    }
    if (part_out) {
        *part_out = distrust == HASHVEIL_DISTRUST_OLDER ? 0 : part - 1;
    }
    return distrust;
}
