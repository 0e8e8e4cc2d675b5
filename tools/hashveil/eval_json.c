/* SPDX-License-Identifier: Apache-2.0 */
/* The report as one JSON object. */
#include "eval_json.h"

static json_int_t number(uint64_t value)
{
    return (json_int_t)value; /* counts are far below 2^63 */
}

/* null where there is none. */
static json_t *json_of_bits(size_t bits)
{
    return bits < EVAL_DISTANCES ? json_of_u64(bits) : json_null();
}

static json_t *json_of_copies(const char *name, const struct eval_copies *copies)
{
    const struct eval_interval interval = eval_wilson(copies->within_psi, copies->within);
    const size_t median = eval_median_of_counts(copies->by_distance, EVAL_DISTANCES);
    const double share =
        copies->within > 0 ? (double)copies->within_psi / (double)copies->within : 0;
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:[ff], s:o}", "edit",
                     json_of_text(name), "copies", number(copies->copies), "failed",
                     number(copies->failed), "low_quality", number(copies->low_quality), "within",
                     number(copies->within), "plaintext", number(copies->plain), "psi",
                     number(copies->psi), "within_psi", number(copies->within_psi), "share",
                     copies->within > 0 ? json_real(share) : json_null(), "interval", interval.low,
                     interval.high, "median_distance", json_of_bits(median));
}

json_t *eval_json_of_found(struct eval_found found)
{
    return json_pack("{s:I, s:I}", "copies", number(found.copies), "opened", number(found.opened));
}

static json_t *json_of_edits(const struct eval_report *report)
{
    json_t *array = json_array();
    for (size_t i = 0; i < report->edit_count; i++) {
        json_array_append_new(array,
                              json_of_copies(report->edit_names[i], &report->counts.edits[i]));
    }
    return array;
}

static json_t *json_of_recall(const struct eval_copies *total)
{
    json_t *array = json_array();
    for (size_t i = 0; i <= EVAL_CURVE_BITS; i++) {
        const struct eval_interval interval =
            eval_wilson(total->psi_by_distance[i], total->by_distance[i]);
        json_array_append_new(array, json_pack("{s:I, s:I, s:I, s:[ff]}", "distance", number(i),
                                               "copies", number(total->by_distance[i]), "opened",
                                               number(total->psi_by_distance[i]), "interval",
                                               interval.low, interval.high));
    }
    return array;
}

static json_t *json_of_bands(const struct eval_unrelated *unrelated)
{
    json_t *array = json_array();
    for (size_t i = 0; i < EVAL_BANDS; i++) {
        const struct eval_pairs *band = &unrelated->bands[i];
        json_array_append_new(array,
                              json_pack("{s:i, s:I, s:I, s:I}", "from", (int)eval_band_starts[i],
                                        "pairs", number(band->pairs), "hits", number(band->hits),
                                        "false_opens", number(band->false_opens)));
    }
    return array;
}

static json_t *json_of_unrelated(const struct eval_unrelated *unrelated, unsigned bits,
                                 const struct eval_options *options)
{
    const struct eval_pairs sum = eval_pairs_from(unrelated, 0);
    const double pairs = (double)sum.pairs;
    const double ideal = eval_ideal_hits(options->probes, bits);
    return json_pack("{s:i, s:I, s:o, s:I, s:f, s:I, s:f, s:o}", "bits", (int)bits, "pairs",
                     number(sum.pairs), "nearest", json_of_bits(unrelated->nearest), "hits",
                     number(sum.hits), "ideal_hits", pairs * ideal, "false_opens",
                     number(sum.false_opens), "ideal_false_opens",
                     pairs * eval_open_chance(ideal, options->params.masks), "by_distance",
                     json_of_bands(unrelated));
}

static json_t *json_of_small_masks(const struct eval_report *report)
{
    json_t *array = json_array();
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        const struct eval_unrelated *small = &report->counts.small[i];
        if (eval_pairs_from(small, 0).pairs > 0) {
            json_array_append_new(array,
                                  json_of_unrelated(small, eval_small_bits[i], report->options));
        }
    }
    return array;
}

/* One number a list size. */
static json_t *json_of_chance(double chance)
{
    json_t *array = chance < 0 ? json_null() : json_array();
    for (size_t i = 0; chance >= 0 && i < EVAL_LIST_SIZES; i++) {
        json_array_append_new(array, json_real(eval_any_chance(chance, eval_list_sizes[i])));
    }
    return array;
}

static json_t *json_of_prediction(const struct eval_report *report)
{
    const struct eval_prediction prediction = eval_report_predict(report);
    return json_pack("{s:[fff], s:o, s:o, s:o, s:o, s:o}", "list_sizes", eval_list_sizes[0],
                     eval_list_sizes[1], eval_list_sizes[2], "ideal",
                     json_of_chance(prediction.ideal), "observed",
                     json_of_chance(prediction.observed), "upper", json_of_chance(prediction.upper),
                     "by_distance", json_of_chance(prediction.by_distance), "by_distance_far",
                     json_of_chance(prediction.far));
}

static json_t *json_of_exchange(const struct eval_exchange_cost *cost)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "request_bytes", cost->request_bytes,
                     "response_bytes", cost->response_bytes, "device_multiplications",
                     cost->device_multiplications, "evaluator_multiplications",
                     cost->evaluator_multiplications, "begin_ms", cost->begin_ms, "evaluate_ms",
                     cost->respond_ms, "finish_ms", cost->finish_ms);
}

static json_t *json_of_cost(const struct eval_cost *cost)
{
    return json_pack("{s:i, s:i, s:i, s:I, s:f, s:o, s:o, s:o}", "probes", (int)cost->probes,
                     "elements", (int)cost->elements, "proved_percent", (int)cost->verified_percent,
                     "pictures", number(cost->pictures), "fingerprint_ms", cost->fingerprint_ms,
                     "without_proof", json_of_exchange(&cost->without_proof), "with_proof",
                     json_of_exchange(&cost->with_proof), "average",
                     json_of_exchange(&cost->average));
}

static json_t *json_of_originals(const struct eval_report *report)
{
    json_t *alike = json_array();
    for (size_t i = 0; i < report->alike_count; i++) {
        const struct eval_alike *pair = &report->alike[i];
        json_array_append_new(
            alike, json_pack("{s:o, s:o, s:i}", "first", json_of_text(pair->first), "second",
                             json_of_text(pair->second), "distance", (int)pair->distance));
    }
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "small", number(report->small),
        "listed", number(report->listed), "pictures", number(report->pictures), "low_quality",
        number(report->low_quality), "unreadable", number(report->unreadable), "same_hash",
        number(report->same_hash), "not_pictures", number(report->not_pictures), "left_out",
        number(report->left_out), "near_duplicate_pairs", number(report->near_duplicates),
        "alike_pairs", number(report->alike_pairs), "alike", alike);
}

json_t *eval_json_of_parameters(const struct eval_options *options)
{
    const hashveil_mask_params *params = &options->params;
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:I, s:i, s:i}", "policy",
                     hashveil_pdq_policy_text(options->decode.fingerprint.policy), "list_policy",
                     hashveil_pdq_policy_text(options->list_policy), "masks", (int)params->masks,
                     "bits", (int)params->bits, "pool", (int)params->pool_bits, "probes",
                     (int)options->probes, "seed", number(options->seed), "part",
                     (int)options->part, "parts", (int)options->parts);
}

bool eval_print_json(const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    const hashveil_mask_params *params = &options->params;
    const struct eval_copies total = eval_report_total(report);
    const struct eval_counts *counts = &report->counts;
    struct json_line line = {0};
    json_line_set(&line, "match", json_string(report->is_crypto ? "private" : "simulated"));
    json_line_set(&line, "disagreements",
                  report->is_crypto ? json_of_u64(counts->disagreements) : json_null());
    json_line_set(&line, "parameters", eval_json_of_parameters(options));
    json_line_set(&line, "originals", json_of_originals(report));
    json_line_set(&line, "edits", json_of_edits(report));
    json_line_set(&line, "all", json_of_copies("all", &total));
    json_line_set(&line, "within_16",
                  eval_json_of_found(eval_found_within(&total, EVAL_SURE_BITS)));
    json_line_set(&line, "within_31",
                  eval_json_of_found(eval_found_within(&total, HASHVEIL_PDQ_MATCH_BITS)));
    json_line_set(&line, "recall_by_distance", json_of_recall(&total));
    json_line_set(&line, "unrelated",
                  json_pack("{s:o, s:o, s:o}", "originals",
                            json_of_unrelated(&counts->originals, params->bits, options), "copies",
                            json_of_unrelated(&counts->copies, params->bits, options),
                            "smaller_masks", json_of_small_masks(report)));
    json_line_set(&line, "false_open_prediction", json_of_prediction(report));
    json_line_set(&line, "cost", json_of_cost(&report->cost));
    return json_line_print(&line);
}
