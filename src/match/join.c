/* SPDX-License-Identifier: Apache-2.0 */
#include "match/join.h"

#include <stdlib.h>

#include "base/memory.h"

static int compare_slots(const void *a, const void *b)
{
    const struct hv_named_value *x = a;
    const struct hv_named_value *y = b;
    if (x->value.slot != y->value.slot) {
        return x->value.slot < y->value.slot ? -1 : 1;
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

/* All of one slot: at most one record. Returns whether it opened. */
static bool join_slot(const hashveil_sealed_db *db, struct hv_named_value *values, size_t count,
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

void hv_join(const hashveil_sealed_db *db, struct hv_named_value *values, size_t count,
             struct hv_joined *out)
{
    *out = (struct hv_joined){0};
    qsort(values, count, sizeof *values, compare_slots);
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && values[end].value.slot == values[first].value.slot) {
            end++;
        }
        struct hv_joined joined;
        if (join_slot(db, values + first, end - first, &joined) &&
            joined.masks_hit > out->masks_hit) {
            *out = joined;
        }
        first = end;
    }
}
