/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_html_curve.h"

#include <inttypes.h>

/* The drawing's field, in SVG's units. */
enum { LEFT = 60, TOP = 20, WIDTH = 640, HEIGHT = 280, GRID = 5 };

static double x_of(size_t distance)
{
    return LEFT + (double)WIDTH * (double)distance / EVAL_CURVE_BITS;
}

static double y_of(double share)
{
    return TOP + HEIGHT * (1 - share);
}

static void write_axes(FILE *out)
{
    for (unsigned i = 0; i <= GRID; i++) {
        const double share = (double)i / GRID;
        fprintf(out,
                "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f %%</text>\n",
                LEFT, y_of(share), LEFT + WIDTH, y_of(share), LEFT - 6, y_of(share) + 4,
                100 * share);
    }
    for (size_t distance = 0; distance <= EVAL_CURVE_BITS; distance += 4) {
        fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n",
                x_of(distance), TOP + HEIGHT + 18, distance);
    }
    fprintf(out,
            "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#c33\" "
            "stroke-dasharray=\"4 4\"/>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">distance to the original, bits; "
            "dashed: 31, where plaintext PDQ ends</text>\n",
            x_of(HASHVEIL_PDQ_MATCH_BITS), TOP, x_of(HASHVEIL_PDQ_MATCH_BITS), TOP + HEIGHT,
            LEFT + WIDTH / 2, TOP + HEIGHT + 38);
}

/* Each distance's interval as a bar, the shares as a line through them. */
void eval_html_write_curve(FILE *out, const struct eval_report *report)
{
    const struct eval_copies total = eval_report_total(report);
    fprintf(out,
            "<h2>By distance</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
            "xmlns=\"http://www.w3.org/2000/svg\">\n<title>Share of copies found, by "
            "distance</title>\n",
            LEFT + WIDTH + 20, TOP + HEIGHT + 50);
    write_axes(out);
    for (size_t i = 0; i <= EVAL_CURVE_BITS; i++) {
        const struct eval_interval interval =
            eval_wilson(total.psi_by_distance[i], total.by_distance[i]);
        if (total.by_distance[i] > 0) {
            fprintf(out,
                    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#8ac\" "
                    "stroke-width=\"5\"><title>%zu bits: %" PRIu64 " of %" PRIu64
                    "</title></line>\n",
                    x_of(i), y_of(interval.low), x_of(i), y_of(interval.high), i,
                    total.psi_by_distance[i], total.by_distance[i]);
        }
    }
    fputs("<polyline fill=\"none\" stroke=\"#036\" stroke-width=\"2\" points=\"", out);
    for (size_t i = 0; i <= EVAL_CURVE_BITS; i++) {
        if (total.by_distance[i] > 0) {
            fprintf(out, "%.1f,%.1f ", x_of(i),
                    y_of((double)total.psi_by_distance[i] / (double)total.by_distance[i]));
        }
    }
    fputs("\"/>\n</svg>\n", out);
}
