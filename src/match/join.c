/* SPDX-License-Identifier: Apache-2.0 */
#include "match/join.h"

#include <stdlib.h>

#include "base/memory.h"

/* By slot, then the surest signal first, then by mask. */
static int compare_slots(const void *a, const void *b)
{
    const struct hv_named_value *x = a;
    const struct hv_named_value *y = b;
    if (x->value.slot != y->value.slot) {
        return x->value.slot < y->value.slot ? -1 : 1;
    }
    if (x->signal != y->signal) {
        return x->signal > y->signal ? -1 : 1;
    }
    return (x->token.mask > y->token.mask) - (x->token.mask < y->token.mask);
}

static uint8_t point_of(const struct hv_named_value *value)
{
    return (uint8_t)(value->token.mask + 1);
}

/* Values of one slot, rising by mask: how many masks hold a share on the line. */
static unsigned count_masks(struct hv_named_value *values, size_t count, const struct hv_line *line)
{
    unsigned hits = 0;
    size_t last_hit = count;
    for (size_t i = 0; i < count; i++) {
        uint8_t share[HV_SHARE_BYTES];
        hv_line_share(line, point_of(&values[i]), share);
        values[i].is_hit = hv_equal_secret(share, values[i].value.share, HV_SHARE_BYTES);
        if (values[i].is_hit) {
            hits += last_hit == count || values[last_hit].token.mask != values[i].token.mask;
            last_hit = i;
        }
    }
    return hits;
}

/* Errors: as hv_sealed_db_open_record. */
static hashveil_status join_two(const hashveil_sealed_db *db, const struct hv_named_value *a,
                                const struct hv_named_value *b, struct hv_line *line_out,
                                hashveil_record *out)
{
    if (a->token.mask == b->token.mask) {
        return HASHVEIL_ERR_KEY;
    }
    hv_line_join(point_of(a), a->value.share, point_of(b), b->value.share, line_out);
    return hv_sealed_db_open_record(db, a->value.slot, line_out->secret, out);
}

/* Masks of one slot: at most one record. Errors: ERR_KEY (none opens), ERR_DIGEST. */
static hashveil_status join_masks(const hashveil_sealed_db *db, struct hv_named_value *values,
                                  size_t count, struct hv_joined *out)
{
    struct hv_line line;
    hashveil_status status = HASHVEIL_ERR_KEY;
    for (size_t i = 0; i + 1 < count && status == HASHVEIL_ERR_KEY; i++) {
        for (size_t k = i + 1; k < count && status == HASHVEIL_ERR_KEY; k++) {
            status = join_two(db, &values[i], &values[k], &line, &out->record);
        }
    }
    if (status == HASHVEIL_OK) {
        out->masks_hit = count_masks(values, count, &line);
        out->values = values;
        out->count = count;
    }
    hv_wipe(&line, sizeof line);
    return status;
}

/* Digests of one slot, the surest first: likewise. */
static hashveil_status join_digests(const hashveil_sealed_db *db,
                                    const struct hv_named_value *values, size_t count,
                                    struct hv_joined *out)
{
    hashveil_status status = HASHVEIL_ERR_KEY;
    for (size_t i = 0; i < count && status == HASHVEIL_ERR_KEY; i++) {
        status =
            hv_sealed_db_open_record(db, values[i].value.slot, values[i].value.share, &out->record);
        if (status == HASHVEIL_OK) {
            out->matched_by = values[i].signal;
        }
    }
    return status;
}

/* All of one slot: at most one record. */
static hashveil_status join_slot(const hashveil_sealed_db *db, struct hv_named_value *values,
                                 size_t count, struct hv_joined *out)
{
    size_t digests = 0;
    while (digests < count && values[digests].signal != HASHVEIL_SIGNAL_PDQ) {
        digests++;
    }
    hashveil_status status = join_digests(db, values, digests, out);
    if (status == HASHVEIL_OK || status == HASHVEIL_ERR_KEY) {
        status = join_masks(db, values + digests, count - digests, out);
    }
    if (status == HASHVEIL_OK && out->matched_by == HASHVEIL_SIGNAL_NONE) {
        out->matched_by = HASHVEIL_SIGNAL_PDQ;
    }
    return status == HASHVEIL_ERR_KEY ? HASHVEIL_OK : status;
}

static bool is_better(const struct hv_joined *joined, const struct hv_joined *than)
{
    return joined->matched_by != than->matched_by ? joined->matched_by > than->matched_by
                                                  : joined->masks_hit > than->masks_hit;
}

hashveil_status hv_join(const hashveil_sealed_db *db, size_t part, struct hv_named_value *values,
                        size_t count, struct hv_joined *out)
{
    const hashveil_sealed_db *searched = hv_sealed_db_part(db, part);
    hashveil_status status = HASHVEIL_OK;
    qsort(values, count, sizeof *values, compare_slots);
    for (size_t first = 0; first < count && status == HASHVEIL_OK;) {
        struct hv_joined joined = {.part = part, .matched_by = HASHVEIL_SIGNAL_NONE};
        size_t end = first + 1;
        while (end < count && values[end].value.slot == values[first].value.slot) {
            end++;
        }
        status = join_slot(searched, values + first, end - first, &joined);
        if (status == HASHVEIL_OK && is_better(&joined, out) &&
            (part > 0 || !hv_sealed_db_is_withdrawn(db, joined.record.id))) {
            *out = joined;
        }
        first = end;
    }
    return status;
}
