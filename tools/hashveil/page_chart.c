/* SPDX-License-Identifier: Apache-2.0 */
/* Counts over time, drawn; and as a table, for who cannot see the drawing. */
#include "page.h"

#include "output.h"

#include <inttypes.h>

enum { WIDTH = 640, HEIGHT = 140, LEFT = 40, TOP = 16, BOTTOM = 24, GAP = 3 };

enum { DATE_LEN = 10 };

static void write_date(FILE *out, uint64_t day, uint64_t now_s)
{
    char text[TIME_TEXT_BYTES];
    format_time(now_s - (PAGE_CHART_DAYS - 1 - day) * PAGE_DAY_S, text);
    fprintf(out, "%.*s", DATE_LEN, text);
}

static void write_bar(FILE *out, uint64_t day, uint64_t count, uint64_t most)
{
    const double step = (double)(WIDTH - LEFT) / PAGE_CHART_DAYS;
    const double height = (double)(HEIGHT - TOP - BOTTOM) * (double)count / (double)most;
    fprintf(out,
            "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"></rect>\n",
            LEFT + step * (double)day, HEIGHT - BOTTOM - height, step - GAP, height);
}

static void write_table(FILE *out, const uint64_t *counts, uint64_t now_s)
{
    fputs("<details><summary>The same in numbers</summary>\n<table><caption>Reports received a "
          "day</caption>\n<thead><tr><th scope=\"col\">day</th><th scope=\"col\" class=\"number\">"
          "reports</th></tr></thead>\n<tbody>\n",
          out);
    for (uint64_t day = PAGE_CHART_DAYS; day-- > 0;) {
        fputs("<tr><td>", out);
        write_date(out, day, now_s);
        fprintf(out, "</td><td class=\"number\">%" PRIu64 "</td></tr>\n", counts[day]);
    }
    fputs("</tbody></table></details>\n", out);
}

void page_write_chart(FILE *out, const uint64_t *counts, uint64_t now_s)
{
    uint64_t most = 1;
    for (size_t day = 0; day < PAGE_CHART_DAYS; day++) {
        most = counts[day] > most ? counts[day] : most;
    }
    fprintf(out,
            "<h2>The last %d days</h2>\n<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "role=\"img\" aria-label=\"Reports received a day, at most %" PRIu64 "\">\n",
            PAGE_CHART_DAYS, WIDTH, HEIGHT, WIDTH, HEIGHT, most);
    fprintf(out,
            "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"></line>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%" PRIu64 "</text>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>\n<text x=\"%d\" y=\"%d\">",
            LEFT, HEIGHT - BOTTOM, WIDTH, HEIGHT - BOTTOM, LEFT - 6, TOP + 4, most, LEFT - 6,
            HEIGHT - BOTTOM, LEFT, HEIGHT - 6);
    write_date(out, 0, now_s);
    fprintf(out, "</text>\n<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH, HEIGHT - 6);
    write_date(out, PAGE_CHART_DAYS - 1, now_s);
    fputs("</text>\n", out);
    for (uint64_t day = 0; day < PAGE_CHART_DAYS; day++) {
        write_bar(out, day, counts[day], most);
    }
    fputs("</svg>\n", out);
    write_table(out, counts, now_s);
}
