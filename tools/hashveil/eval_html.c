/* SPDX-License-Identifier: Apache-2.0 */
/* The report as one HTML file that needs nothing else: no script, no picture, no other file. */
#include "eval_html_curve.h"

#include "html_text.h"
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<title>hashveil eval</title>\n<style>\n"
    "body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; "
    "color: #222; background: #fff }\n"
    "table { border-collapse: collapse; margin: 1em 0 }\n"
    "th, td { padding: 0.15em 0.7em; text-align: right; border-bottom: 1px solid #ddd }\n"
    "th:first-child, td:first-child { text-align: left }\n"
    "thead th { border-bottom: 2px solid #888 }\n"
    "svg text { font: 12px sans-serif; fill: #444 }\n"
    "</style>\n</head>\n<body>\n<h1>Edited copies found by the private match</h1>\n";

static void write_setting(FILE *out, const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    fprintf(out,
            "<p>%" PRIu64
            " pictures listed, part %u of %u; T = %u masks of b = %u bits from a pool "
            "of %u, Q = %u probes, seed %" PRIu64 "; %s.</p>\n",
            report->listed, options->part, options->parts, (unsigned)options->params.masks,
            (unsigned)options->params.bits, (unsigned)options->params.pool_bits, options->probes,
            options->seed,
            report->is_crypto ? "matched by the private exchange"
                              : "simulated, with tokens compared in the clear");
}

static void write_policies(FILE *out, const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    if (options->has_list_policy) {
        fprintf(out,
                "<p>List of policy %s, device of policy %s: %" PRIu64
                " pictures without a side above %d pixels are left out.</p>\n",
                hashveil_pdq_policy_text(options->list_policy),
                hashveil_pdq_policy_text(options->decode.fingerprint.policy), report->small,
                EVAL_SMALL_SIDE_PX);
    }
}

static void write_copies(FILE *out, const char *name, const struct eval_copies *copies)
{
    const struct eval_interval interval = eval_wilson(copies->within_psi, copies->within);
    const size_t median = eval_median_of_counts(copies->by_distance, EVAL_DISTANCES);
    fputs("<tr><td>", out);
    html_write_text(out, name);
    fprintf(out,
            "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
            "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td>",
            copies->copies, copies->low_quality, copies->within, copies->plain, copies->psi,
            copies->within_psi);
    if (copies->within > 0) {
        fprintf(out, "<td>%.3f %%</td><td>%.3f – %.3f</td>",
                100 * (double)copies->within_psi / (double)copies->within, 100 * interval.low,
                100 * interval.high);
    } else {
        fputs("<td>–</td><td>–</td>", out);
    }
    if (median < EVAL_DISTANCES) {
        fprintf(out, "<td>%zu</td></tr>\n", median);
    } else {
        fputs("<td>–</td></tr>\n", out);
    }
}

static void write_edits(FILE *out, const struct eval_report *report)
{
    const struct eval_copies total = eval_report_total(report);
    fputs("<h2>By edit</h2>\n<table><thead><tr><th>edit</th><th>copies</th><th>low quality</th>"
          "<th>within 31 bits</th><th>found by PDQ</th><th>found in PSI</th>"
          "<th>of those within 31</th><th>share</th><th>95 % interval</th>"
          "<th>median distance</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < report->edit_count; i++) {
        write_copies(out, report->edit_names[i], &report->counts.edits[i]);
    }
    write_copies(out, "all", &total);
    const struct eval_found sure = eval_found_within(&total, EVAL_SURE_BITS);
    fprintf(out, "</tbody></table>\n<p>Within %d bits %" PRIu64 " of %" PRIu64 " open.</p>\n",
            EVAL_SURE_BITS, sure.opened, sure.copies);
}

static void write_pairs(FILE *out, const char *name, const struct eval_unrelated *unrelated,
                        unsigned bits, const struct eval_options *options)
{
    const struct eval_pairs sum = eval_pairs_from(unrelated, 0);
    const double pairs = (double)sum.pairs;
    const double ideal = eval_ideal_hits(options->probes, bits);
    if (sum.pairs > 0) {
        fprintf(out,
                "<tr><td>%s</td><td>%u</td><td>%" PRIu64 "</td><td>%" PRIu64
                "</td><td>%.4g</td><td>%" PRIu64 "</td><td>%.3g</td></tr>\n",
                name, bits, sum.pairs, sum.hits, pairs * ideal, sum.false_opens,
                pairs * eval_open_chance(ideal, options->params.masks));
    }
}

static void write_prediction(FILE *out, const char *name, double chance)
{
    fprintf(out, "<tr><td>%s</td>", name);
    for (size_t i = 0; i < EVAL_LIST_SIZES; i++) {
        if (chance < 0) {
            fputs("<td>–</td>", out);
        } else {
            fprintf(out, "<td>%.2e</td>", eval_any_chance(chance, eval_list_sizes[i]));
        }
    }
    fputs("</tr>\n", out);
}

/* Opens observed and ideal, by distance and by size of mask. */
static void write_bands(FILE *out, const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    fputs("<table><thead><tr><th>false opens / ideal</th>", out);
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        fprintf(out, "<th>b = %u</th>", eval_small_bits[i]);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t band = 0; band < EVAL_BANDS; band++) {
        fprintf(out, "<tr><td>pairs from %u bits</td>", eval_band_starts[band]);
        for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
            const struct eval_pairs *pairs = &report->counts.small[i].bands[band];
            const double ideal = eval_ideal_hits(options->probes, eval_small_bits[i]);
            fprintf(out, "<td>%" PRIu64 " / %.1g</td>", pairs->false_opens,
                    (double)pairs->pairs * eval_open_chance(ideal, options->params.masks));
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table>\n", out);
}

static void write_unrelated(FILE *out, const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    const struct eval_counts *counts = &report->counts;
    const struct eval_prediction prediction = eval_report_predict(report);
    fputs("<h2>Unrelated pictures</h2>\n<table><thead><tr><th>asking</th><th>b</th><th>pairs</th>"
          "<th>hits</th><th>ideal hits</th><th>false opens</th><th>ideal</th></tr></thead>\n"
          "<tbody>\n",
          out);
    write_pairs(out, "originals", &counts->originals, options->params.bits, options);
    write_pairs(out, "copies", &counts->copies, options->params.bits, options);
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        write_pairs(out, "both", &counts->small[i], eval_small_bits[i], options);
    }
    fputs("</tbody></table>\n", out);
    write_bands(out, report);
    fputs("<table><thead><tr><th>chance of a false open for one picture</th>", out);
    for (size_t i = 0; i < EVAL_LIST_SIZES; i++) {
        fprintf(out, "<th>N = %.0f</th>", eval_list_sizes[i]);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    write_prediction(out, "were all tokens equally likely", prediction.ideal);
    write_prediction(out, "at the hits observed", prediction.observed);
    write_prediction(out, "at the 95 % upper bound of those hits", prediction.upper);
    write_prediction(out, "by the opens at b = 16 and their distances", prediction.by_distance);
    write_prediction(out, "the same, of pairs from 96 bits on", prediction.far);
    fputs("</tbody></table>\n", out);
}

static void write_exchange(FILE *out, const char *name, const struct eval_exchange_cost *cost)
{
    fprintf(out,
            "<tr><td>%s</td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.2f</td>"
            "<td>%.2f</td><td>%.2f</td></tr>\n",
            name, cost->request_bytes, cost->response_bytes, cost->device_multiplications,
            cost->evaluator_multiplications, cost->begin_ms, cost->respond_ms, cost->finish_ms);
}

static void write_cost(FILE *out, const struct eval_report *report)
{
    const struct eval_cost *cost = &report->cost;
    fprintf(out,
            "<h2>Cost of a picture</h2>\n<p>%u probes, %u elements with the one that checks, %u %% "
            "of answers proved. Medians of %zu pictures; a file to its fingerprint takes %.2f ms. "
            "Scalar multiplications are the protocol's.</p>\n<table><thead><tr><th></th>"
            "<th>bytes sent</th><th>received</th><th>multiplications, device</th>"
            "<th>evaluator</th><th>begin, ms</th><th>evaluate</th><th>finish</th></tr></thead>\n"
            "<tbody>\n",
            cost->probes, cost->elements, cost->verified_percent, cost->pictures,
            cost->fingerprint_ms);
    write_exchange(out, "without a proof", &cost->without_proof);
    write_exchange(out, "with a proof", &cost->with_proof);
    write_exchange(out, "on average", &cost->average);
    fputs("</tbody></table>\n", out);
}

bool eval_write_html(const struct eval_report *report, const char *path)
{
    FILE *out = fopen(path, "we");
    if (!out) {
        complain(path, "%s", strerror(errno));
        return false;
    }
    fputs(head, out);
    write_setting(out, report);
    write_policies(out, report);
    write_edits(out, report);
    eval_html_write_curve(out, report);
    write_unrelated(out, report);
    write_cost(out, report);
    fputs("</body>\n</html>\n", out);
    const bool had_failed = ferror(out) != 0;
    const bool is_written = fclose(out) == 0 && !had_failed;
    if (!is_written) {
        complain(path, "%s", errno ? strerror(errno) : hashveil_status_text(HASHVEIL_ERR_IO));
    }
    return is_written;
}
