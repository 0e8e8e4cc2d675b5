/* SPDX-License-Identifier: Apache-2.0 */
/* What is gained and lost with the size of the masks, as one table. */
#include "eval_json.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>

static const double list_size = 1e6; /* for which false opens are predicted */

/* One size of mask. */
struct row {
    uint32_t bits;
    struct eval_found within, sure;
    struct eval_interval interval; /* of the share within */
    uint64_t psi, plain;           /* over all edits */
    double ideal, by_distance;     /* false opens; the latter negative where not known */
};

static struct row row_of(const struct eval_report *report)
{
    const struct eval_copies total = eval_report_total(report);
    const struct eval_prediction prediction = eval_report_predict(report);
    struct row row = {.bits = report->options->params.bits,
                      .within = eval_found_within(&total, HASHVEIL_PDQ_MATCH_BITS),
                      .sure = eval_found_within(&total, EVAL_SURE_BITS),
                      .psi = total.psi,
                      .plain = total.plain,
                      .ideal = eval_any_chance(prediction.ideal, list_size),
                      .by_distance = prediction.by_distance < 0
                                         ? prediction.by_distance
                                         : eval_any_chance(prediction.by_distance, list_size)};
    row.interval = eval_wilson(row.within.opened, row.within.copies);
    return row;
}

static double percent(struct eval_found found)
{
    return found.copies > 0 ? 100 * (double)found.opened / (double)found.copies : 0;
}

static bool print_text(const struct eval_report *reports, size_t count)
{
    const struct eval_options *options = reports[0].options;
    printf("%" PRIu64 " originals listed, part %u of %u; T = %" PRIu32 ", from a pool of %" PRIu32
           "; Q = %u probes; seed %" PRIu64 "; simulated; list %s, device %s\n\n"
           "%2s %8s %8s %19s %8s %8s %8s %8s %8s %10s %10s\n",
           reports[0].listed, options->part, options->parts, options->params.masks,
           options->params.pool_bits, options->probes, options->seed,
           hashveil_pdq_policy_text(options->list_policy),
           hashveil_pdq_policy_text(options->decode.fingerprint.policy), "b", "<= 31", "share",
           "95 % interval", "<= 16", "share", "all PSI", "all PDQ", "ratio", "ideal", "predicted");
    for (size_t i = 0; i < count; i++) {
        const struct row row = row_of(&reports[i]);
        printf("%2" PRIu32 " %8" PRIu64 " %7.3f%% %8.3f ..%8.3f %8" PRIu64 " %7.3f%% %8" PRIu64
               " %8" PRIu64 " %8.3f %10.2e",
               row.bits, row.within.copies, percent(row.within), 100 * row.interval.low,
               100 * row.interval.high, row.sure.copies, percent(row.sure), row.psi, row.plain,
               row.plain > 0 ? (double)row.psi / (double)row.plain : 0, row.ideal);
        if (row.by_distance < 0) {
            printf(" %10s\n", "-");
        } else {
            printf(" %10.2e\n", row.by_distance);
        }
    }
    puts(
        "\n<= 31, <= 16: copies so many bits from their original, and which share opens. all: over "
        "all edits,\nfound by the private match and by plaintext PDQ. ideal, predicted: the chance "
        "of a false open for one\npicture at N = 1e6, were all tokens equally likely, and by the "
        "opens at b = 16 and their distances.");
    return !output_failed();
}

static bool print_json(const struct eval_report *reports, size_t count)
{
    struct json_line line = {0};
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct row row = row_of(&reports[i]);
        json_array_append_new(
            rows,
            json_pack("{s:i, s:o, s:[ff], s:o, s:I, s:I, s:f, s:o}", "bits", (int)row.bits,
                      "within_31", eval_json_of_found(row.within), "interval", row.interval.low,
                      row.interval.high, "within_16", eval_json_of_found(row.sure), "psi",
                      (json_int_t)row.psi, "plaintext", (json_int_t)row.plain, "ideal", row.ideal,
                      "predicted", row.by_distance < 0 ? json_null() : json_real(row.by_distance)));
    }
    json_line_set(&line, "parameters", eval_json_of_parameters(reports[0].options));
    json_line_set(&line, "listed", json_of_u64(reports[0].listed));
    json_line_set(&line, "list_size", json_real(list_size));
    json_line_set(&line, "frontier", rows);
    return json_line_print(&line);
}

bool eval_print_frontier(const struct eval_report *reports, size_t count)
{
    return reports[0].options->is_json ? print_json(reports, count) : print_text(reports, count);
}
