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

/* Masks of one slot: at most one record. Returns whether it opened. */
static bool join_masks(const hashveil_sealed_db *db, struct hv_named_value *values, size_t count,
                       struct hv_joined *out)
{
    struct hv_line line;
    bool is_open = false;
    for (size_t i = 0; i + 1 < count && !is_open; i++) {
        for (size_t k = i + 1; k < count && !is_open; k++) {
            if (values[i].token.mask == values[k].token.mask) {
                continue;
            }
            hv_line_join(point_of(&values[i]), values[i].value.share, point_of(&values[k]),
                         values[k].value.share, &line);
            is_open = hv_sealed_db_open_record(db, values[i].value.slot, line.secret, &out->record);
        }
    }
    if (is_open) {
        out->masks_hit = count_masks(values, count, &line);
        out->values = values;
        out->count = count;
    }
    hv_wipe(&line, sizeof line);
    return is_open;
}

/* All of one slot: at most one record. */
static struct hv_joined join_slot(const hashveil_sealed_db *db, struct hv_named_value *values,
                                  size_t count)
{
    struct hv_joined joined = {.matched_by = HASHVEIL_SIGNAL_NONE};
    size_t first_mask = 0;
    for (; first_mask < count && values[first_mask].signal != HASHVEIL_SIGNAL_PDQ; first_mask++) {
        const struct hv_named_value *exact = &values[first_mask];
        if (joined.matched_by == HASHVEIL_SIGNAL_NONE &&
            hv_sealed_db_open_record(db, exact->value.slot, exact->value.share, &joined.record)) {
            joined.matched_by = exact->signal;
        }
    }
    if (join_masks(db, values + first_mask, count - first_mask, &joined) &&
        joined.matched_by == HASHVEIL_SIGNAL_NONE) {
        joined.matched_by = HASHVEIL_SIGNAL_PDQ;
    }
    return joined;
}

static bool is_better(const struct hv_joined *joined, const struct hv_joined *than)
{
    return joined->matched_by != than->matched_by ? joined->matched_by > than->matched_by
                                                  : joined->masks_hit > than->masks_hit;
}

void hv_join(const hashveil_sealed_db *db, struct hv_named_value *values, size_t count,
             struct hv_joined *out)
{
    *out = (struct hv_joined){.matched_by = HASHVEIL_SIGNAL_NONE};
    qsort(values, count, sizeof *values, compare_slots);
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && values[end].value.slot == values[first].value.slot) {
            end++;
        }
        const struct hv_joined joined = join_slot(db, values + first, end - first);
        if (is_better(&joined, out)) {
            *out = joined;
        }
        first = end;
    }
}
