/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_setting.h"

#include <stdlib.h>

/* The bytes of a number, over and over. */
static void fill_seed(uint64_t seed, uint8_t out[HASHVEIL_MASK_SEED_BYTES])
{
    for (size_t i = 0; i < HASHVEIL_MASK_SEED_BYTES; i++) {
        out[i] = (uint8_t)(seed >> (8 * (i % sizeof seed)));
    }
}

static hashveil_status make_matchers(const uint8_t *mask_seed, struct eval_matching *out)
{
    const hashveil_mask_params *params = &out->options->params;
    const struct eval_originals *originals = out->originals;
    hashveil_status status = eval_matcher_create(params, mask_seed, originals->hashes,
                                                 originals->count, &out->matchers[0]);
    for (size_t i = 0; i < EVAL_SMALL_MASKS && status == HASHVEIL_OK; i++) {
        hashveil_mask_params smaller = *params;
        smaller.bits = eval_small_bits[i];
        if (smaller.bits < params->bits) {
            status = eval_matcher_create(&smaller, mask_seed, originals->hashes, originals->count,
                                         &out->matchers[1 + i]);
        }
    }
    return status;
}

static bool make_counters(struct eval_setting *setting)
{
    const size_t edits = setting->report->edit_count;
    setting->counters = calloc(setting->workers, sizeof *setting->counters);
    bool is_made = setting->counters != NULL;
    for (unsigned i = 0; i < setting->workers && is_made; i++) {
        is_made = eval_counter_init(&setting->matching, edits, &setting->counters[i]);
    }
    return is_made;
}

hashveil_status eval_setting_init(const struct eval_originals *originals, bool needs_private_match,
                                  unsigned workers, struct eval_report *report,
                                  struct eval_setting *out)
{
    uint8_t mask_seed[HASHVEIL_MASK_SEED_BYTES];
    const struct eval_options *options = report->options;
    *out = (struct eval_setting){.report = report,
                                 .workers = workers,
                                 .matching = {.options = options, .originals = originals}};
    fill_seed(options->seed, mask_seed);
    hashveil_status status = make_matchers(mask_seed, &out->matching);
    if (status == HASHVEIL_OK && needs_private_match) {
        status = eval_private_create(options, mask_seed, originals->hashes, originals->count,
                                     &out->private_match);
    }
    if (report->is_crypto) {
        out->matching.private_match = out->private_match;
    }
    if (status == HASHVEIL_OK && !make_counters(out)) {
        status = HASHVEIL_ERR_NO_MEMORY;
    }
    return status;
}

void eval_setting_clear(struct eval_setting *setting)
{
    for (unsigned i = 0; setting->counters && i < setting->workers; i++) {
        eval_counter_clear(&setting->counters[i]);
    }
    free(setting->counters);
    for (size_t i = 0; i < 1 + EVAL_SMALL_MASKS; i++) {
        eval_matcher_destroy(setting->matching.matchers[i]);
    }
    eval_private_destroy(setting->private_match);
    *setting = (struct eval_setting){0};
}

hashveil_status eval_setting_collect(const struct eval_setting *setting)
{
    struct eval_report *report = setting->report;
    report->counts.edits = calloc(report->edit_count + 1, sizeof *report->counts.edits);
    if (!report->counts.edits) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (unsigned i = 0; i < setting->workers; i++) {
        eval_counts_add(&setting->counters[i].counts, report->edit_count, &report->counts);
    }
    return HASHVEIL_OK;
}
