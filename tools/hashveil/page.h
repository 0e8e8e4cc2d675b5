/* SPDX-License-Identifier: Apache-2.0 */
/* The reporter's page: reports to look at in a browser, never a picture. */
#ifndef HASHVEIL_TOOLS_PAGE_H
#define HASHVEIL_TOOLS_PAGE_H

#include "page_session.h"
#include "report_review.h"
#include "report_store.h"
#include "web_server.h"

#include <stdio.h>

#include <hashveil/index.h>

/* What the page stands on; all but the sessions borrowed. */
struct page {
    struct report_store *store;
    struct report_reviews *reviews;
    const hashveil_index *listed; /* NULL without a list */
    struct page_sessions sessions;
};

/* Answers a request; context is a struct page. */
void page_answer(void *context, const struct web_request *request, struct web_answer *out);

/* What a part of the page is written with. */
struct page_view {
    struct page *page;
    const struct page_session *session;
    FILE *out;
    uint64_t now_s;
};

/* What the list shows. */
struct page_filter {
    char state[16];  /* "" for any */
    char review[16]; /* "" for any */
    uint64_t page;   /* from 0, the newest reports first */
};

/* These write all of a part, or nothing when they fail. */
/* The list with its filter, its sums and its chart. */
HASHVEIL_MUST_USE hashveil_status page_write_list(const struct page_view *view,
                                                  const struct page_filter *filter);

/* Accounts and their thresholds. */
HASHVEIL_MUST_USE hashveil_status page_write_accounts(const struct page_view *view);

/* One report. Errors: ERR_NOT_FOUND, and those of reading the store. */
HASHVEIL_MUST_USE hashveil_status page_write_report(const struct page_view *view, const char *id);

enum { PAGE_CHART_DAYS = 30, PAGE_DAY_S = 86400 };

/* Writes a chart of reports a day. counts: PAGE_CHART_DAYS of them, the last one of today. */
void page_write_chart(FILE *out, const uint64_t *counts, uint64_t now_s);

/* Writes the bits of a hash as a grid. listed: to show what differs from it; NULL for none. */
void page_write_grid(FILE *out, const hashveil_pdq *hash, const hashveil_pdq *listed);

#endif
