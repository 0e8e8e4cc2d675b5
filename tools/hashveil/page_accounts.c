/* SPDX-License-Identifier: Apache-2.0 */
/* How far each device is from being read: counts, and nothing of its pictures. */
#include "page.h"

#include "output.h"

#include <inttypes.h>

enum { ROWS = 50 }; /* the ones with the newest reports */

struct rows {
    FILE *out;
    unsigned count;
};

static bool write_account(void *context, const struct stored_account *account)
{
    struct rows *rows = context;
    char last[TIME_TEXT_BYTES];
    const uint64_t shown =
        account->records < account->threshold ? account->records : account->threshold;
    format_time(account->last_s, last);
    fprintf(rows->out,
            "<tr><td><code>%.8s</code></td><td class=\"number\">%" PRIu64 "</td>"
            "<td><meter min=\"0\" max=\"%" PRIu64 "\" value=\"%" PRIu64 "\">%" PRIu64 " of %" PRIu64
            "</meter> %" PRIu64 " of %" PRIu64 "</td><td class=\"number\">%" PRIu64
            "</td><td>%s</td></tr>\n",
            account->name, account->reports, account->threshold, shown, account->records,
            account->threshold, account->records, account->threshold, account->opened, last);
    return ++rows->count < ROWS;
}

hashveil_status page_write_accounts(const struct page_view *view)
{
    struct rows rows = {.out = view->out};
    fputs("<table><caption>Accounts, the one with the newest report first</caption>\n<thead><tr>"
          "<th scope=\"col\">account</th><th scope=\"col\" class=\"number\">reports</th><th "
          "scope=\"col\">records that matched</th><th scope=\"col\" class=\"number\">open"
          "</th><th scope=\"col\">last</th></tr></thead>\n<tbody>\n",
          view->out);
    const hashveil_status status = report_store_accounts(view->page->store, write_account, &rows);
    fputs("</tbody></table>\n", view->out);
    return status;
}
