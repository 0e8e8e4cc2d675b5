/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "html_text.h"
#include "output.h"
#include "report_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 50 }; /* of a page */

static const char *const states[] = {
#define X(name, text) text,
    REPORT_STATE_TABLE(X)
#undef X
};
enum { STATES = sizeof states / sizeof *states };

static const char *const review_texts[] = {
#define X(name, text) text,
    REVIEW_STATE_TABLE(X)
#undef X
};

/* One pass over the store, or a second one for the rows. */
struct pass {
    const struct page_view *view;
    const struct page_filter *filter;
    uint64_t counts[STATES][REVIEW_STATES];
    uint64_t by_day[PAGE_CHART_DAYS];
    uint64_t matching; /* the filter, so far */
    uint64_t first;    /* of the rows to write, counted from the oldest */
    char *rows[ROWS];  /* owned; the oldest first */
    size_t row_count;
    hashveil_status status;
};

static bool matches(const struct page_filter *filter, const struct stored_report *report,
                    const struct report_review *review)
{
    return (!filter->state[0] || strcmp(filter->state, report->state) == 0) &&
           (!filter->review[0] || strcmp(filter->review, review_state_text(review->state)) == 0);
}

static void count(struct pass *pass, const struct stored_report *report,
                  const struct report_review *review)
{
    const uint64_t today = pass->view->now_s / PAGE_DAY_S;
    const uint64_t day = report->received_s / PAGE_DAY_S;
    for (size_t i = 0; i < STATES; i++) {
        pass->counts[i][review->state] += strcmp(states[i], report->state) == 0;
    }
    if (day <= today && today - day < PAGE_CHART_DAYS) {
        pass->by_day[PAGE_CHART_DAYS - 1 - (today - day)]++;
    }
}

static bool count_report(void *context, const struct stored_report *report)
{
    struct pass *pass = context;
    struct report_review review;
    pass->status = report_reviews_find(pass->view->page->reviews, report->id, &review);
    if (pass->status == HASHVEIL_OK) {
        count(pass, report, &review);
        pass->matching += matches(pass->filter, report, &review);
    }
    return pass->status == HASHVEIL_OK;
}

static void write_labels(FILE *out, const char *labels)
{
    const char *separator = "";
    while (*labels) {
        char *label = report_next_label(&labels);
        fputs(separator, out);
        html_write_text(out, label ? label : "?");
        free(label);
        separator = ", ";
    }
}

static void write_row(FILE *out, const struct stored_report *report,
                      const struct report_review *review)
{
    char time[TIME_TEXT_BYTES];
    format_time(report->received_s, time);
    fputs("<tr><td><a href=\"/report?id=", out);
    html_write_text(out, report->id);
    fprintf(out, "\">%s</a></td><td class=\"state ", time);
    html_write_text(out, report->state);
    fputs("\">", out);
    html_write_text(out, report->state);
    fputs("</td><td class=\"number\">", out);
    if (report->has_distance) {
        fprintf(out, "%u", report->distance_bits);
    } else {
        fputs("–", out);
    }
    fputs("</td><td>", out);
    write_labels(out, report->labels);
    fputs("</td><td>", out);
    html_write_text(out, report->matched_by);
    fprintf(out, "</td><td>%s</td></tr>\n", review_state_text(review->state));
}

/* Keeps a row's text, for the rows are written in the other order than they come in. */
static bool keep_row(struct pass *pass, const struct stored_report *report,
                     const struct report_review *review)
{
    size_t len;
    FILE *out = open_memstream(&pass->rows[pass->row_count], &len);
    if (!out) {
        return false;
    }
    pass->row_count++;
    write_row(out, report, review);
    return fclose(out) == 0;
}

static bool keep_report(void *context, const struct stored_report *report)
{
    struct pass *pass = context;
    struct report_review review;
    pass->status = report_reviews_find(pass->view->page->reviews, report->id, &review);
    if (pass->status == HASHVEIL_OK && matches(pass->filter, report, &review)) {
        const uint64_t number = pass->matching++;
        if (number >= pass->first && !keep_row(pass, report, &review)) {
            pass->status = HASHVEIL_ERR_NO_MEMORY;
        }
    }
    return pass->status == HASHVEIL_OK && pass->row_count < ROWS;
}

static void write_choice(FILE *out, const char *name, const char *const *texts, size_t count,
                         const char *chosen)
{
    fprintf(out, "<label>%s\n<select name=\"%s\"><option value=\"\">any</option>\n", name, name);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "<option%s>%s</option>\n", strcmp(texts[i], chosen) == 0 ? " selected" : "",
                texts[i]);
    }
    fputs("</select></label>\n", out);
}

static void write_filter(FILE *out, const struct page_filter *filter)
{
    fputs("<form class=\"row\" action=\"/\" method=\"get\">\n", out);
    write_choice(out, "state", states, STATES, filter->state);
    write_choice(out, "review", review_texts, REVIEW_STATES, filter->review);
    fputs("<button>Show</button></form>\n", out);
}

static void write_sums(FILE *out, const struct pass *pass)
{
    fputs("<table><caption>All reports</caption>\n<thead><tr><th scope=\"col\">state</th>", out);
    for (size_t j = 0; j < REVIEW_STATES; j++) {
        fprintf(out, "<th scope=\"col\" class=\"number\">%s</th>", review_texts[j]);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < STATES; i++) {
        fprintf(out, "<tr><th scope=\"row\">%s</th>", states[i]);
        for (size_t j = 0; j < REVIEW_STATES; j++) {
            fprintf(out, "<td class=\"number\">%" PRIu64 "</td>", pass->counts[i][j]);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table>\n", out);
}

static void write_link(FILE *out, const struct page_filter *filter, uint64_t page, const char *text)
{
    fprintf(out, "<li><a href=\"/?state=%s&amp;review=%s&amp;page=%" PRIu64 "\">%s</a></li>\n",
            filter->state, filter->review, page, text);
}

static void write_rows(FILE *out, const struct pass *pass, uint64_t matching)
{
    const struct page_filter *filter = pass->filter;
    fprintf(out, "<table><caption>%" PRIu64 " reports, the newest first</caption>\n", matching);
    fputs("<thead><tr><th scope=\"col\">received</th><th scope=\"col\">state</th><th scope=\"col\" "
          "class=\"number\">distance</th><th scope=\"col\">labels</th><th scope=\"col\">matched by"
          "</th><th scope=\"col\">review</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = pass->row_count; i-- > 0;) {
        fputs(pass->rows[i], out);
    }
    fputs("</tbody></table>\n<nav aria-label=\"more reports\"><ul>\n", out);
    if (filter->page > 0) {
        write_link(out, filter, filter->page - 1, "Newer");
    }
    if (pass->first > 0) {
        write_link(out, filter, filter->page + 1, "Older");
    }
    fputs("</ul></nav>\n", out);
}

/* Fills the rows of the filter's page from those that match. */
static hashveil_status keep_rows(struct pass *pass, uint64_t matching)
{
    const uint64_t pages = matching / ROWS + (matching % ROWS > 0);
    if (pass->filter->page >= pages) {
        return HASHVEIL_OK; /* there are no such rows */
    }
    const uint64_t end = matching - pass->filter->page * ROWS;
    pass->first = end > ROWS ? end - ROWS : 0;
    pass->matching = 0;
    const hashveil_status status = report_store_list(pass->view->page->store, keep_report, pass);
    while (pass->row_count > end - pass->first) { /* the last page may have fewer */
        free(pass->rows[--pass->row_count]);
    }
    return status == HASHVEIL_OK ? pass->status : status;
}

hashveil_status page_write_list(const struct page_view *view, const struct page_filter *filter)
{
    struct pass pass = {.view = view, .filter = filter};
    hashveil_status status = report_store_list(view->page->store, count_report, &pass);
    const uint64_t matching = pass.matching;
    status = status == HASHVEIL_OK ? pass.status : status;
    if (status == HASHVEIL_OK) {
        status = keep_rows(&pass, matching);
    }
    if (status == HASHVEIL_OK) {
        fputs("<h1>Reports</h1>\n", view->out);
        write_filter(view->out, filter);
        write_rows(view->out, &pass, matching);
        write_sums(view->out, &pass);
        page_write_chart(view->out, pass.by_day, view->now_s);
        status = page_write_accounts(view);
    }
    while (pass.row_count > 0) {
        free(pass.rows[--pass.row_count]);
    }
    return status;
}
