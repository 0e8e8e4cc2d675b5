/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "report_xml.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <page_css.h> /* made by the build */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

/* No script, no picture, nothing of another site's, and nobody may frame it. */
#define POLICY                                                                                     \
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "                  \
    "frame-ancestors 'none'"

static const char html_type[] = "text/html; charset=utf-8";

/* A request at work. */
struct visit {
    struct page *page;
    const struct web_request *request;
    struct page_session *session; /* NULL for a stranger */
    struct evkeyvalq fields;      /* of the query, or of the form that was sent */
    struct web_answer *answer;
    FILE *out; /* the content's main part */
    uint64_t now_s;
};

static void add_header(struct web_answer *answer, const char *name, const char *value)
{
    struct web_header *header = &answer->headers[answer->header_count++];
    header->name = name;
    snprintf(header->value, sizeof header->value, "%s", value);
}

/* Returns a field's text, borrowed; "" when there is none. */
static const char *field(struct visit *visit, const char *name)
{
    const char *text = evhttp_find_header(&visit->fields, name);
    return text ? text : "";
}

static void go_to(struct visit *visit, const char *place)
{
    visit->answer->http_status = 303;
    add_header(visit->answer, "Location", place);
}

static void refuse(struct visit *visit, unsigned http_status, const char *reason)
{
    visit->answer->http_status = http_status;
    fprintf(visit->out, "<h1>%s</h1>\n<p><a href=\"/\">Back to the reports</a></p>\n", reason);
}

static void refuse_status(struct visit *visit, hashveil_status status)
{
    switch ((int)status) {
    case HASHVEIL_ERR_NOT_FOUND:
        refuse(visit, 404, "There is no such report");
        break;
    case HASHVEIL_ERR_EXISTS:
        refuse(visit, 409, "It is decided already, and stays as it is");
        break;
    case HASHVEIL_ERR_BUSY:
        refuse(visit, 503, "The store is in use; try again");
        break;
    default:
        refuse(visit, 500, "The reports cannot be read");
        break;
    }
}

static struct page_view view_of(const struct visit *visit)
{
    return (struct page_view){visit->page, visit->session, visit->out, visit->now_s};
}

static void show_list(struct visit *visit)
{
    enum review_state review;
    struct page_filter filter = {.page = strtoull(field(visit, "page"), NULL, 10)};
    const struct page_view view = view_of(visit);
    const char *state = field(visit, "state");
    if (report_state_is_known(state)) {
        snprintf(filter.state, sizeof filter.state, "%s", state);
    }
    if (review_state_of(field(visit, "review"), &review)) {
        snprintf(filter.review, sizeof filter.review, "%s", review_state_text(review));
    }
    const hashveil_status status = page_write_list(&view, &filter);
    if (status != HASHVEIL_OK) {
        refuse_status(visit, status);
    }
}

static void show_report(struct visit *visit)
{
    const struct page_view view = view_of(visit);
    const hashveil_status status = page_write_report(&view, field(visit, "id"));
    if (status != HASHVEIL_OK) {
        refuse_status(visit, status);
    }
}

static void decide(struct visit *visit)
{
    enum review_state decision;
    const char *id = field(visit, "id");
    if (!review_state_of(field(visit, "decision"), &decision) || decision == REVIEW_NEW) {
        refuse(visit, 400, "That is no decision");
        return;
    }
    const hashveil_status status = report_reviews_decide(visit->page->reviews, id, decision);
    if (status != HASHVEIL_OK) {
        refuse_status(visit, status);
        return;
    }
    char place[128];
    snprintf(place, sizeof place, "/report?id=%s", id); /* an id that is there: hexadecimal */
    go_to(visit, place);
}

static void show_login(struct visit *visit)
{
    fputs(
        "<h1>Log in</h1>\n<form class=\"row\" action=\"/login\" method=\"post\">\n"
        "<label>Token, as 'reporter page' printed it\n"
        "<input type=\"password\" name=\"token\" autocomplete=\"off\" required autofocus></label>\n"
        "<button>Log in</button></form>\n",
        visit->out);
}

static void log_in(struct visit *visit)
{
    char cookie[128];
    const struct page_session *session =
        page_sessions_log_in(&visit->page->sessions, field(visit, "token"), visit->now_s);
    if (!session) {
        visit->answer->http_status = 403;
        fputs("<p class=\"notice\" role=\"alert\">That is not the token.</p>\n", visit->out);
        show_login(visit);
        return;
    }
    snprintf(cookie, sizeof cookie,
             PAGE_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict", session->id,
             PAGE_SESSION_S);
    add_header(visit->answer, "Set-Cookie", cookie);
    go_to(visit, "/");
}

static void log_out(struct visit *visit)
{
    *visit->session = (struct page_session){0};
    visit->session = NULL;
    go_to(visit, "/login");
}

static const struct route {
    bool is_post, is_open; /* open: to strangers */
    const char *path;
    void (*answer)(struct visit *visit);
} routes[] = {
    {false, false, "/", show_list},      {false, false, "/report", show_report},
    {true, false, "/report", decide},    {true, false, "/logout", log_out},
    {false, true, "/login", show_login}, {true, true, "/login", log_in},
};

static void write_document(FILE *out, const struct page_session *session, const char *main_part)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Reporter</title>\n"
          "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n"
          "<header><a href=\"/\">hashveil reporter</a>\n",
          out);
    if (session) {
        fprintf(out,
                "<form action=\"/logout\" method=\"post\"><input type=\"hidden\" name=\"form\" "
                "value=\"%s\"><button>Log out</button></form>\n",
                session->form);
    }
    fprintf(out,
            "</header>\n<main>\n<p class=\"notice\">" REPORT_STUB_NOTICE ".</p>\n%s</main>\n"
            "</body>\n</html>\n",
            main_part);
}

static void answer_route(struct visit *visit, const struct route *route)
{
    visit->answer->http_status = 200;
    if (!route->is_open && !visit->session) {
        go_to(visit, "/login");
    } else if (route->is_post && !route->is_open &&
               !page_session_owns(visit->session, field(visit, "form"))) {
        refuse(visit, 403, "That form is not of this page");
    } else {
        route->answer(visit);
    }
}

/* Returns the row of a request, or NULL with what refuses it. */
static const struct route *find_route(const struct web_request *request, unsigned *http_out)
{
    *http_out = 404;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, request->path) == 0) {
            *http_out = 405;
            if (routes[i].is_post == request->is_post) {
                return &routes[i];
            }
        }
    }
    return NULL;
}

/* The query's fields, or a form's. Returns false when they cannot be read. */
static bool read_fields(struct visit *visit)
{
    const struct web_request *request = visit->request;
    char *text = request->is_post ? strndup((const char *)request->body, request->len)
                                  : strdup(request->query);
    const bool is_read = text && (!*text || evhttp_parse_query_str(text, &visit->fields) == 0);
    free(text);
    return is_read;
}

/* Makes a document of the main part. Returns NULL without memory. */
static char *document_of(const struct visit *visit, const char *main_part)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out) {
        return NULL;
    }
    write_document(out, visit->session, main_part);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void answer_page(struct visit *visit)
{
    char *main_part = NULL;
    size_t len;
    unsigned http_status;
    const struct route *route = find_route(visit->request, &http_status);
    visit->out = open_memstream(&main_part, &len);
    if (!visit->out) {
        return;
    }
    if (!route) {
        refuse(visit, http_status, "There is no such page");
    } else if (!read_fields(visit)) {
        refuse(visit, 400, "That cannot be read");
    } else {
        answer_route(visit, route);
    }
    if (fclose(visit->out) == 0) {
        visit->answer->type = html_type;
        visit->answer->content = document_of(visit, main_part);
    }
    if (!visit->answer->content) {
        visit->answer->http_status = 500;
    }
    free(main_part);
}

void page_answer(void *context, const struct web_request *request, struct web_answer *out)
{
    struct page *page = context;
    const uint64_t now_s = (uint64_t)time(NULL);
    struct visit visit = {.page = page, .request = request, .answer = out, .now_s = now_s};
    TAILQ_INIT(&visit.fields);
    visit.session = page_sessions_find(&page->sessions, web_header(request, "Cookie"), now_s);
    add_header(out, "Content-Security-Policy", POLICY);
    add_header(out, "X-Content-Type-Options", "nosniff");
    add_header(out, "Referrer-Policy", "no-referrer");
    add_header(out, "Cache-Control", "no-store");
    if (!request->is_post && strcmp(request->path, "/style.css") == 0) {
        out->http_status = 200;
        out->type = "text/css; charset=utf-8";
        out->content = strdup(page_css);
    } else {
        answer_page(&visit);
    }
    evhttp_clear_headers(&visit.fields);
}
