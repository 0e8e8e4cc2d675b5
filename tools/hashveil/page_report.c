/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "html_text.h"
#include "output.h"
#include "report_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Looks for one report. */
struct search {
    const struct page_view *view;
    const char *id;
    bool is_found;
    hashveil_status status;
};

static void write_field(FILE *out, const char *name, const char *text)
{
    if (*text) {
        fprintf(out, "<dt>%s</dt><dd>", name);
        html_write_text(out, text);
        fputs("</dd>\n", out);
    }
}

static void write_time(FILE *out, const char *name, uint64_t seconds)
{
    char text[TIME_TEXT_BYTES];
    format_time(seconds, text);
    write_field(out, name, text);
}

static void write_number(FILE *out, const char *name, uint64_t number)
{
    fprintf(out, "<dt>%s</dt><dd>%" PRIu64 "</dd>\n", name, number);
}

static void write_labels(FILE *out, const char *labels)
{
    while (*labels) {
        char *label = report_next_label(&labels);
        write_field(out, "label", label ? label : "?");
        free(label);
    }
}

static void write_review(FILE *out, const struct report_review *review)
{
    write_field(out, "review", review_state_text(review->state));
    if (review->state != REVIEW_NEW) {
        write_time(out, "decided", review->time_s);
    }
}

static void write_facts(FILE *out, const struct stored_report *report,
                        const struct report_review *review)
{
    fputs("<dl>\n", out);
    write_field(out, "id", report->id);
    write_time(out, "matched", report->time_s);
    write_time(out, "received", report->received_s);
    write_field(out, "state", report->state);
    write_review(out, review);
    write_field(out, "matched by", report->matched_by);
    write_field(out, "confirmed by", report->confirmed_by);
    if (report->has_distance) {
        write_number(out, "distance in bits", report->distance_bits);
    }
    write_labels(out, report->labels);
    write_field(out, "record", report->record);
    write_field(out, "PDQ hash", report->hash);
    if (*report->hash) {
        write_number(out, "quality", report->quality);
    }
    for (unsigned i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        write_field(out, hashveil_digest_kind_text((hashveil_digest_kind)i), report->digests[i]);
    }
    write_number(out, "epoch", report->epoch);
    write_field(out, "database", report->database);
    fputs("</dl>\n", out);
}

/* What is nearest in the list, NULL where nothing is near. */
static hashveil_status nearest(const hashveil_index *listed, const hashveil_pdq *hash,
                               const hashveil_pdq **out)
{
    hashveil_index_hit hit;
    size_t count = 0;
    *out = NULL;
    if (!listed) {
        return HASHVEIL_OK;
    }
    const hashveil_status status =
        hashveil_index_within(listed, hash, HASHVEIL_PDQ_MATCH_BITS, &hit, 1, &count);
    if (status == HASHVEIL_OK && count > 0) {
        *out = hashveil_index_hash(listed, hit.number);
    }
    return status;
}

/* The picture's hash and what is nearest to it. */
struct bits {
    bool has_hash;
    hashveil_pdq hash;
    const hashveil_pdq *listed; /* NULL where nothing is near */
};

static hashveil_status find_bits(const struct page *page, const struct stored_report *report,
                                 struct bits *out)
{
    *out = (struct bits){0};
    out->has_hash =
        hashveil_pdq_from_hex(report->hash, strlen(report->hash), &out->hash) == HASHVEIL_OK;
    return out->has_hash ? nearest(page->listed, &out->hash, &out->listed) : HASHVEIL_OK;
}

static void write_bits(const struct page_view *view, const struct bits *bits)
{
    fputs("<h2>Bits of the hash</h2>\n", view->out);
    page_write_grid(view->out, &bits->hash, bits->listed);
    if (!view->page->listed) {
        fputs("<p>The page has no list to compare with.</p>\n", view->out);
    } else if (!bits->listed) {
        fprintf(view->out, "<p>No listed hash is within %d bits.</p>\n", HASHVEIL_PDQ_MATCH_BITS);
    }
}

static void write_decision(const struct page_view *view, const struct stored_report *report,
                           const struct report_review *review)
{
    if (review->state != REVIEW_NEW) {
        fputs("<p>What is decided stays so.</p>\n", view->out);
        return;
    }
    fputs("<h2>Decide</h2>\n<form class=\"row\" action=\"/report\" method=\"post\">\n"
          "<input type=\"hidden\" name=\"id\" value=\"",
          view->out);
    html_write_text(view->out, report->id);
    fprintf(view->out,
            "\"><input type=\"hidden\" name=\"form\" value=\"%s\">\n"
            "<button name=\"decision\" value=\"%s\">Reviewed</button>\n"
            "<button name=\"decision\" value=\"%s\">Retract</button></form>\n",
            view->session->form, review_state_text(REVIEW_REVIEWED),
            review_state_text(REVIEW_RETRACTED));
}

static bool write_if_found(void *context, const struct stored_report *report)
{
    struct search *search = context;
    const struct page_view *view = search->view;
    struct report_review review;
    struct bits bits;
    if (strcmp(report->id, search->id) != 0) {
        return true;
    }
    search->is_found = true;
    search->status = report_reviews_find(view->page->reviews, report->id, &review);
    if (search->status == HASHVEIL_OK) {
        search->status = find_bits(view->page, report, &bits);
    }
    if (search->status == HASHVEIL_OK) {
        fputs("<h1>A report</h1>\n", view->out);
        write_facts(view->out, report, &review);
        write_decision(view, report, &review);
    }
    if (search->status == HASHVEIL_OK && bits.has_hash) {
        write_bits(view, &bits);
    }
    return false;
}

hashveil_status page_write_report(const struct page_view *view, const char *id)
{
    struct search search = {.view = view, .id = id};
    const hashveil_status status = report_store_list(view->page->store, write_if_found, &search);
    if (status != HASHVEIL_OK) {
        return status;
    }
    return search.is_found ? search.status : HASHVEIL_ERR_NOT_FOUND;
}
