/* SPDX-License-Identifier: Apache-2.0 */
#include "submission_api.h"

#include "report_xml.h"
#include "submission_form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct code_row {
    unsigned number, http_status;
    const char *text;
} code_rows[] = {
#define X(name, number, http, text) {number, http, text},
    SUBMISSION_CODE_TABLE(X)
#undef X
};
enum { CODES = sizeof code_rows / sizeof *code_rows };

static const struct code_row *row_of(enum submission_code code)
{
    const struct code_row *row = code_rows;
    while (row->number != (unsigned)code) {
        row++; /* each code has a row */
    }
    return row;
}

/* A request at work, and what its answer says. */
struct work {
    const struct submission_api *api;
    const struct submission_request *request;
    struct submission_call call;
    FILE *details;                        /* elements of the answer beside the code's */
    char reason[SUBMISSION_REASON_BYTES]; /* of INVALID; "" where there is none */
};

static enum submission_code invalid(struct work *work, const char *reason)
{
    snprintf(work->reason, sizeof work->reason, "%s", reason);
    return SUBMISSION_INVALID;
}

static void tell_report(struct work *work)
{
    fprintf(work->details, "<reportId>%" PRId64 "</reportId>", work->call.report_id);
}

static enum submission_code answer_status(struct work *work)
{
    (void)work; /* who gets here is known */
    return SUBMISSION_OK;
}

/* Returns the body as a text, owned, or NULL when it is no text or there is no memory. What the
 * schema accepts is UTF-8 or says what else it is; only bytes of value 0 have no place here. */
static char *text_of_body(const struct submission_request *request)
{
    return memchr(request->body, 0, request->len)
               ? NULL
               : strndup((const char *)request->body, request->len);
}

static enum submission_code answer_submit(struct work *work)
{
    int64_t unused;
    if (!submission_schema_accepts(work->api->schema, "report", work->request->body,
                                   work->request->len, work->reason, &unused)) {
        return SUBMISSION_INVALID;
    }
    char *xml = text_of_body(work->request);
    if (!xml) {
        return invalid(work, "the document is not UTF-8");
    }
    const enum submission_code code =
        submission_begin(work->api->store, &work->call, xml, &work->call.report_id);
    free(xml);
    if (code == SUBMISSION_OK) {
        tell_report(work);
    }
    return code;
}

static enum submission_code answer_fileinfo(struct work *work)
{
    char file_id[2 * SUBMISSION_FILE_ID_BYTES + 1];
    if (!submission_schema_accepts(work->api->schema, "fileDetails", work->request->body,
                                   work->request->len, work->reason, &work->call.report_id)) {
        return SUBMISSION_INVALID;
    }
    if (work->call.report_id == 0) {
        return invalid(work, "reportId is missing");
    }
    char *xml = text_of_body(work->request);
    if (!xml) {
        return invalid(work, "the document is not UTF-8");
    }
    const enum submission_code code =
        submission_add_file(work->api->store, &work->call, xml, file_id);
    free(xml);
    if (code == SUBMISSION_OK) {
        tell_report(work);
        fprintf(work->details, "<fileId>%s</fileId>", file_id);
    }
    return code;
}

static bool read_id(struct work *work)
{
    return submission_form_id(work->request->body, work->request->len, &work->call.report_id);
}

static void tell_file(void *context, const char *file_id)
{
    const struct work *work = context;
    fprintf(work->details, "<fileId>%s</fileId>", file_id);
}

static enum submission_code answer_finish(struct work *work)
{
    if (!read_id(work)) {
        return invalid(work, "the body is not a form with id=NUMBER");
    }
    tell_report(work);
    fputs("<files>", work->details);
    const enum submission_code code =
        submission_finish(work->api->store, &work->call, tell_file, work);
    fputs("</files>", work->details);
    return code;
}

static enum submission_code answer_retract(struct work *work)
{
    if (!read_id(work)) {
        return invalid(work, "the body is not a form with id=NUMBER");
    }
    tell_report(work);
    return submission_retract(work->api->store, &work->call);
}

static const struct route {
    bool is_post;
    const char *path;
    const char *element; /* of the answer */
    enum submission_code (*answer)(struct work *work);
} routes[] = {
    {false, "/status", "reportResponse", answer_status},
    {true, "/submit", "reportResponse", answer_submit},
    {true, "/fileinfo", "reportResponse", answer_fileinfo},
    {true, "/finish", "reportDoneResponse", answer_finish},
    {true, "/retract", "reportResponse", answer_retract},
};

/* http_out: what refuses it when there is none. */
static const struct route *find_route(const struct submission_request *request, unsigned *http_out)
{
    *http_out = 404;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(request->path, routes[i].path) == 0) {
            *http_out = 405;
            if (request->is_post == routes[i].is_post) {
                return &routes[i];
            }
        }
    }
    return NULL;
}

/* Finds the code that a fault asks for. text: NULL for none. */
static bool is_fault(const char *text, bool is_after, enum submission_code *out)
{
    static const char after[] = "after:";
    const bool says_after = text && strncmp(text, after, sizeof after - 1) == 0;
    if (!text || says_after != is_after) {
        return false;
    }
    const char *number = says_after ? text + sizeof after - 1 : text;
    for (size_t i = 0; i < CODES; i++) {
        char row[16];
        snprintf(row, sizeof row, "%u", code_rows[i].number);
        if (strcmp(number, row) == 0) {
            *out = (enum submission_code)code_rows[i].number;
            return true;
        }
    }
    return false;
}

static enum submission_code work_on(struct work *work, const struct route *route)
{
    const struct submission_request *request = work->request;
    enum submission_code fault = SUBMISSION_OK;
    work->call.user = submission_users_find(work->api->users, request->authorization);
    if (!work->call.user) {
        return SUBMISSION_NOT_AUTHENTICATED;
    }
    if (is_fault(request->fault, false, &fault)) {
        return fault;
    }
    const enum submission_code code = route->answer(work);
    return code == SUBMISSION_OK && is_fault(request->fault, true, &fault) ? fault : code;
}

/* Prints text as the content of an element. */
static void print_content(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("<>&", *text)) {
            fprintf(out, "&#%d;", *text);
        } else {
            fputc(*text, out);
        }
    }
}

static void print_answer(FILE *out, const char *element, const struct code_row *row,
                         const char *reason, const char *details)
{
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s>", element);
    fprintf(out, "<responseCode>%u</responseCode><responseDescription>%s", row->number, row->text);
    if (*reason) {
        fputs(": ", out);
        print_content(out, reason);
    }
    fprintf(out, ". " REPORT_STUB_NOTICE "</responseDescription>%s</%s>\n", details, element);
}

/* Returns NULL without memory. */
static char *answer_text(const struct work *work, const char *element, enum submission_code code,
                         const char *details)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) {
        return NULL;
    }
    print_answer(out, element, row_of(code), code == SUBMISSION_INVALID ? work->reason : "",
                 code == SUBMISSION_OK ? details : "");
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

struct submission_answer submission_api_answer(const struct submission_api *api,
                                               const struct submission_request *request)
{
    struct submission_answer answer = {0};
    struct work work = {.api = api, .request = request, .call = {.now_s = request->now_s}};
    char *details = NULL;
    size_t len = 0;
    const struct route *route = find_route(request, &answer.http_status);
    if (!route) {
        return answer;
    }
    work.details = open_memstream(&details, &len);
    if (!work.details) {
        answer.http_status = 500;
        return answer;
    }
    const enum submission_code code = work_on(&work, route);
    const bool is_told = fclose(work.details) == 0;
    answer.xml = is_told ? answer_text(&work, route->element, code, details) : NULL;
    answer.http_status = answer.xml ? row_of(code)->http_status : 500;
    free(details);
    return answer;
}
