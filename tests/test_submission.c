/* SPDX-License-Identifier: Apache-2.0 */
/* The reporting API for those who write clients: what may follow what, at a clock of our own. */
#include "tools/hashveil/submission_api.h"

#include "run_suite.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { NOW = 1000000, OPEN_S = 86400, IDLE_S = 3600 };

/* RFC 7617, section 2, has the first one's header. */
#define ALADDIN "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
#define BOB "Basic Ym9iOng6eQ==" /* bob:x:y */
static const char users_text[] = "Aladdin:open sesame\n\nbob:x:y";

#define REPORT                                                                                     \
    "<report><incidentSummary><incidentType>t</incidentType>"                                      \
    "<incidentDateTime>2026-01-31T23:59:59Z</incidentDateTime></incidentSummary>"                  \
    "<reporter><reportingPerson/></reporter></report>"
#define FILE_OF(id)                                                                                \
    "<fileDetails><reportId>" id "</reportId><fileViewedByEsp>false</fileViewedByEsp>"             \
    "<originalFileHash hashType=\"MD5\">00112233445566778899aabbccddeeff</originalFileHash>"       \
    "</fileDetails>"

static char folder[40];
static char store_path[64];
static char users_path[64];
static struct submission_api api;
static struct submission_users *users;

static void open_api(void)
{
    const struct submission_limits limits = {.open_s = OPEN_S, .idle_s = IDLE_S};
    size_t line;
    api.schema = submission_schema_create();
    ck_assert_ptr_nonnull(api.schema);
    ck_assert_int_eq(submission_users_load(users_path, &users, &line), HASHVEIL_OK);
    api.users = users;
    ck_assert_int_eq(submission_store_open(store_path, &limits, &api.store), HASHVEIL_OK);
}

static void close_api(void)
{
    submission_store_close(api.store);
    submission_users_destroy(users);
    submission_schema_destroy(api.schema);
    api = (struct submission_api){0};
}

static void write_users(const char *text)
{
    FILE *file = fopen(users_path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/hashveil-submission-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(store_path, sizeof store_path, "%s/store", folder);
    snprintf(users_path, sizeof users_path, "%s/users", folder);
    write_users(users_text);
    open_api();
}

static void tear_down(void)
{
    close_api();
    unlink(store_path);
    unlink(users_path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* What is asked for; what is not said is Aladdin's POST at NOW. */
struct asked {
    const char *path, *body, *user, *fault;
    uint64_t now_s;
    bool is_get;
};

struct said {
    unsigned http_status;
    int code; /* -1 without an answer in XML */
    int64_t report_id;
    unsigned files;
    char text[2000];
};

static int64_t number_in(const char *text, const char *element)
{
    const char *at = strstr(text, element);
    return at ? strtoll(at + strlen(element), NULL, 10) : -1;
}

static struct said ask(const struct asked *asked)
{
    struct said said = {.code = -1};
    const struct submission_request request = {
        .is_post = !asked->is_get,
        .path = asked->path,
        .authorization = asked->user ? asked->user : ALADDIN,
        .fault = asked->fault,
        .body = (const uint8_t *)(asked->body ? asked->body : ""),
        .len = asked->body ? strlen(asked->body) : 0,
        .now_s = asked->now_s ? asked->now_s : NOW,
    };
    struct submission_answer answer = submission_api_answer(&api, &request);
    said.http_status = answer.http_status;
    if (answer.xml) {
        snprintf(said.text, sizeof said.text, "%s", answer.xml);
        said.code = (int)number_in(said.text, "<responseCode>");
        said.report_id = number_in(said.text, "<reportId>");
        for (const char *at = said.text; (at = strstr(at, "<fileId>")); at++) {
            said.files++;
        }
    }
    free(answer.xml);
    return said;
}

static int code_of(const char *path, const char *body)
{
    return ask(&(struct asked){.path = path, .body = body}).code;
}

/* The first report has the number 1. */
static void submit_first(void)
{
    const struct said said = ask(&(struct asked){.path = "/submit", .body = REPORT});
    ck_assert_int_eq(said.code, 0);
    ck_assert_int_eq(said.report_id, 1);
}

START_TEST(a_report_with_two_files_is_finished)
{
    submit_first();
    ck_assert_uint_eq(ask(&(struct asked){.path = "/fileinfo", .body = FILE_OF("1")}).files, 1);
    ck_assert_int_eq(code_of("/fileinfo", FILE_OF("1")), 0);
    const struct said said = ask(&(struct asked){.path = "/finish", .body = "id=1"});
    ck_assert_int_eq(said.code, 0);
    ck_assert_int_eq(said.report_id, 1);
    ck_assert_uint_eq(said.files, 2);
}
END_TEST

/* What is done to the report 1 after it was submitted; the last answer's code. */
static const struct {
    const char *paths[3];
    int code;
} orders[] = {
    {{"/finish"}, 0},
    {{"/retract"}, 0},
    {{"/fileinfo", "/retract"}, 0},
    {{"/finish", "/finish"}, 5102},
    {{"/finish", "/retract"}, 5102},
    {{"/finish", "/fileinfo"}, 5102},
    {{"/retract", "/finish"}, 5101},
    {{"/retract", "/retract"}, 5101},
    {{"/retract", "/fileinfo"}, 5101},
};

START_TEST(what_is_closed_stays_so)
{
    int code = -1;
    submit_first();
    for (int i = 0; i < COUNT(orders[_i].paths) && orders[_i].paths[i]; i++) {
        const char *path = orders[_i].paths[i];
        code = code_of(path, strcmp(path, "/fileinfo") == 0 ? FILE_OF("1") : "id=1");
    }
    ck_assert_int_eq(code, orders[_i].code);
}
END_TEST

/* By SQL, too. */
START_TEST(a_finished_report_cannot_be_changed_in_its_file)
{
    static const char *const changes[] = {
        "UPDATE submission SET report = 'x'",
        "UPDATE submission SET state = 'open'",
        "DELETE FROM submission",
        "UPDATE file SET details = 'x'",
        "DELETE FROM file",
        "INSERT INTO file (id, submission, details) VALUES ('x', 1, 'x')"};
    sqlite3 *db;
    submit_first();
    ck_assert_int_eq(code_of("/fileinfo", FILE_OF("1")), 0);
    ck_assert_int_eq(code_of("/finish", "id=1"), 0);
    ck_assert_int_eq(sqlite3_open(store_path, &db), SQLITE_OK);
    for (int i = 0; i < COUNT(changes); i++) {
        ck_assert_msg(sqlite3_exec(db, changes[i], NULL, NULL, NULL) == SQLITE_CONSTRAINT,
                      "changed: %s", changes[i]);
    }
    sqlite3_close(db);
}
END_TEST

START_TEST(what_is_submitted_outlives_the_server)
{
    submit_first();
    close_api();
    open_api();
    ck_assert_int_eq(code_of("/finish", "id=1"), 0);
    close_api();
    open_api();
    ck_assert_int_eq(code_of("/retract", "id=1"), 5102);
}
END_TEST

/* When a file was added, when the report is finished, and whether it was in time. */
static const struct {
    uint64_t added_s, finished_s;
    int code;
} times[] = {
    {NOW, NOW + OPEN_S - 1, 0},
    {NOW, NOW + OPEN_S, 5001},
    {NOW + OPEN_S - 1, NOW + OPEN_S, 0},
    {NOW + OPEN_S - 1, NOW + OPEN_S - 1 + IDLE_S - 1, 0},
    {NOW + OPEN_S - 1, NOW + OPEN_S - 1 + IDLE_S, 5001},
};

START_TEST(an_unfinished_report_expires)
{
    submit_first();
    const struct asked add = {
        .path = "/fileinfo", .body = FILE_OF("1"), .now_s = times[_i].added_s};
    const struct asked end = {.path = "/finish", .body = "id=1", .now_s = times[_i].finished_s};
    ck_assert_int_eq(ask(&add).code, 0);
    ck_assert_int_eq(ask(&end).code, times[_i].code);
}
END_TEST

START_TEST(a_finished_report_does_not_expire)
{
    submit_first();
    ck_assert_int_eq(code_of("/finish", "id=1"), 0);
    const struct asked late = {.path = "/retract", .body = "id=1", .now_s = NOW + 100 * OPEN_S};
    ck_assert_int_eq(ask(&late).code, 5102);
}
END_TEST

START_TEST(the_number_of_an_expired_report_is_not_given_again)
{
    submit_first();
    const struct asked late = {.path = "/submit", .body = REPORT, .now_s = NOW + OPEN_S};
    ck_assert_int_eq(ask(&late).report_id, 2);
}
END_TEST

static const char *const strangers[] = {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZA==",
                                        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=",
                                        "Basic ",
                                        "Basic",
                                        "",
                                        "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                                        "Basic Og==",
                                        "Basic Ym9iOng="};

START_TEST(who_has_not_a_users_name_and_password_is_refused)
{
    static const char *const paths[] = {"/status", "/submit", "/fileinfo", "/finish", "/retract"};
    for (int i = 0; i < COUNT(paths); i++) {
        const struct said said = ask(&(struct asked){
            .path = paths[i], .body = REPORT, .user = strangers[_i], .is_get = i == 0});
        ck_assert_msg(said.code == 2000 && said.http_status == 401, "%s by %s: %d", paths[i],
                      strangers[_i], said.code);
    }
}
END_TEST

START_TEST(the_scheme_may_be_written_in_any_case)
{
    const struct asked asked = {
        .path = "/status", .user = "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", .is_get = true};
    ck_assert_int_eq(ask(&asked).code, 0);
}
END_TEST

START_TEST(anothers_report_is_not_touched)
{
    submit_first();
    ck_assert_int_eq(ask(&(struct asked){"/finish", "id=1", BOB, NULL, 0, false}).code, 3000);
    ck_assert_int_eq(ask(&(struct asked){"/retract", "id=1", BOB, NULL, 0, false}).code, 3000);
    ck_assert_int_eq(ask(&(struct asked){"/fileinfo", FILE_OF("1"), BOB, NULL, 0, false}).code,
                     3000);
    ck_assert_int_eq(code_of("/finish", "id=1"), 0);
}
END_TEST

static const struct {
    const char *path, *body;
    int code;
    const char *reason;
} bad_bodies[] = {
    {"/submit", "", 4100, "empty"},
    {"/submit", "<report>", 4100, "line 1"},
    {"/submit", "<report/>", 4100, "incidentSummary"},
    {"/submit", "<reports/>", 4100, "belongs"},
    {"/submit", FILE_OF("1"), 4100, "belongs"},
    {"/submit", "<!DOCTYPE report [<!ENTITY a \"a\">]>" REPORT, 4100, "type declaration"},
    {"/submit",
     "<report><incidentSummary><incidentDateTime>2026-01-31T23:59:59Z</incidentDateTime>"
     "<incidentType>t</incidentType></incidentSummary>"
     "<reporter><reportingPerson/></reporter></report>",
     4100, "incidentDateTime"},
    {"/submit",
     "<report><incidentSummary><incidentType>t</incidentType>"
     "<incidentDateTime>today</incidentDateTime></incidentSummary>"
     "<reporter><reportingPerson/></reporter></report>",
     4100, "incidentDateTime"},
    {"/fileinfo", FILE_OF("2"), 5001, ""},
    {"/fileinfo", FILE_OF("0"), 4100, "reportId"},
    {"/fileinfo", FILE_OF("1x"), 4100, "reportId"},
    {"/fileinfo", FILE_OF("9223372036854775807"), 5001, ""},
    {"/fileinfo", FILE_OF("9223372036854775808"), 4100, "reportId"},
    {"/fileinfo", REPORT, 4100, "belongs"},
    {"/fileinfo", "<fileDetails><fileViewedByEsp>no</fileViewedByEsp></fileDetails>", 4100,
     "fileViewedByEsp"},
    {"/finish", "", 4100, "id=NUMBER"},
    {"/finish", "id=", 4100, "id=NUMBER"},
    {"/finish", "id=1 ", 4100, "id=NUMBER"},
    {"/finish", "id=-1", 4100, "id=NUMBER"},
    {"/finish", "id=1&id=2", 4100, "id=NUMBER"},
    {"/finish", "id=1111111111111111111", 4100, "id=NUMBER"},
    {"/finish", "id=111111111111111111", 5001, ""},
    {"/finish", "id=2", 5001, ""},
    {"/retract", "id=2", 5001, ""},
    {"/retract", "number=1", 4100, "id=NUMBER"},
};

START_TEST(a_bad_body_is_refused_with_its_reason)
{
    submit_first();
    const struct said said =
        ask(&(struct asked){.path = bad_bodies[_i].path, .body = bad_bodies[_i].body});
    ck_assert_msg(said.code == bad_bodies[_i].code && strstr(said.text, bad_bodies[_i].reason),
                  "%s %s: %s", bad_bodies[_i].path, bad_bodies[_i].body, said.text);
    ck_assert_int_eq(code_of("/finish", "id=1"), 0);
}
END_TEST

#define DASHED "--AaB03x"
#define ID_OF "\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n"
#define DASHES_70 "----------------------------------------------------------------------"

static const struct {
    const char *body;
    bool is_read;
} forms[] = {
    {"id=1", true},
    {DASHED ID_OF "1\r\n" DASHED "--\r\n", true},
    {DASHED ID_OF "1\r\n" DASHED "--", true},
    {DASHED ID_OF "1\r\n" DASHED "-", false},
    {DASHED ID_OF "1\r\n" DASHED "--x", false},
    {DASHED ID_OF "1\r\n" DASHED ID_OF "2\r\n" DASHED "--\r\n", false},
    {DASHED ID_OF "1\r\n--Other--\r\n", false},
    {DASHED ID_OF "1x\r\n" DASHED "--\r\n", false},
    {DASHED ID_OF "\r\n" DASHED "--\r\n", false},
    {DASHED ID_OF "1", false},
    {DASHED "\r\n\r\n1\r\n" DASHED "--\r\n", false},
    {DASHED "\r\nContent-Disposition: form-data; filename=\"id\"\r\n\r\n1\r\n" DASHED "--", false},
    {DASHED, false},
    {"--" ID_OF "1\r\n----", false},
    {"--a" ID_OF "1\r\n--a--", true},
    {DASHES_70 "--" ID_OF "1\r\n" DASHES_70 "----", true},
    {DASHES_70 "---" ID_OF "1\r\n" DASHES_70 "-----", false},
};

START_TEST(a_report_is_named_by_a_form)
{
    submit_first();
    const int code = code_of("/finish", forms[_i].body);
    ck_assert_msg(code == (forms[_i].is_read ? 0 : 4100), "%d: %s", code, forms[_i].body);
}
END_TEST

/* How long the text is that makes a document of 64 KiB, and of one byte more. */
START_TEST(a_document_may_have_64_kib)
{
    static char body[SUBMISSION_MAX_XML_BYTES + 2];
    submit_first();
    for (size_t len = SUBMISSION_MAX_XML_BYTES; len <= SUBMISSION_MAX_XML_BYTES + 1; len++) {
        memset(body, ' ', len);
        memcpy(body, REPORT, sizeof REPORT - 1);
        body[len] = '\0';
        ck_assert_int_eq(code_of("/submit", body), len > SUBMISSION_MAX_XML_BYTES ? 4100 : 0);
    }
}
END_TEST

START_TEST(every_answer_says_that_it_is_a_test)
{
    static const struct asked all[] = {
        {.path = "/status", .is_get = true},  {.path = "/submit", .body = REPORT},
        {.path = "/submit", .body = "x"},     {.path = "/finish", .body = "id=1"},
        {.path = "/retract", .body = "id=9"}, {.path = "/status", .user = "x", .is_get = true}};
    for (int i = 0; i < COUNT(all); i++) {
        ck_assert_ptr_nonnull(strstr(ask(&all[i]).text, "This is a test"));
    }
}
END_TEST

START_TEST(every_record_says_that_it_is_a_test)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    submit_first();
    ck_assert_int_eq(sqlite3_open(store_path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT notice FROM submission", -1, &statement, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_ptr_nonnull(
        strstr((const char *)sqlite3_column_text(statement, 0), "This is a test"));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}
END_TEST

static const struct {
    int number;
    unsigned http_status;
} codes[] = {{0, 200},    {1000, 500}, {2000, 401}, {3000, 403},
             {4100, 200}, {5001, 200}, {5101, 200}, {5102, 200}};

START_TEST(a_fault_is_answered_in_place_of_the_work)
{
    char fault[16];
    submit_first();
    snprintf(fault, sizeof fault, "%d", codes[_i].number);
    const struct said said =
        ask(&(struct asked){.path = "/retract", .body = "id=1", .fault = fault});
    ck_assert_int_eq(said.code, codes[_i].number);
    ck_assert_uint_eq(said.http_status, codes[_i].http_status);
    ck_assert_int_eq(code_of("/finish", "id=1"), 0);
}
END_TEST

START_TEST(a_fault_may_come_after_the_work)
{
    submit_first();
    const struct said said =
        ask(&(struct asked){.path = "/finish", .body = "id=1", .fault = "after:1000"});
    ck_assert_int_eq(said.code, 1000);
    ck_assert_int_eq(code_of("/finish", "id=1"), 5102);
}
END_TEST

START_TEST(no_fault_hides_a_refusal)
{
    const struct said refused =
        ask(&(struct asked){.path = "/finish", .body = "id=9", .fault = "after:0"});
    ck_assert_int_eq(refused.code, 5001);
    const struct said stranger = ask(&(struct asked){.path = "/finish", .user = "x", .fault = "0"});
    ck_assert_int_eq(stranger.code, 2000);
}
END_TEST

static const char *const no_faults[] = {
    "", "1", "x", "after:", "after:1", "5102 ", "after:after:0"};

START_TEST(what_is_no_fault_is_passed_over)
{
    submit_first();
    ck_assert_int_eq(
        ask(&(struct asked){.path = "/finish", .body = "id=1", .fault = no_faults[_i]}).code, 0);
}
END_TEST

START_TEST(what_is_not_served_is_refused)
{
    static const struct {
        const char *path;
        bool is_get;
        unsigned http_status;
    } rows[] = {{"/", true, 404},
                {"/submit", true, 405},
                {"/status", false, 405},
                {"/upload", false, 404},
                {"/submit/", false, 404}};
    for (int i = 0; i < COUNT(rows); i++) {
        const struct said said =
            ask(&(struct asked){.path = rows[i].path, .is_get = rows[i].is_get});
        ck_assert_uint_eq(said.http_status, rows[i].http_status);
        ck_assert_int_eq(said.code, -1);
    }
}
END_TEST

#define NAME_OF_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PASSWORD_OF_250                                                                            \
    NAME_OF_64 NAME_OF_64 NAME_OF_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *text;
    hashveil_status status;
    size_t line;
} user_files[] = {
    {"", HASHVEIL_ERR_EMPTY, 0},
    {"\n\n", HASHVEIL_ERR_EMPTY, 2},
    {"a:b\nnobody\n", HASHVEIL_ERR_FORMAT, 2},
    {":b\n", HASHVEIL_ERR_FORMAT, 1},
    {"a b:c\n", HASHVEIL_ERR_FORMAT, 1},
    {"a\x7f:c\n", HASHVEIL_ERR_FORMAT, 1},
    {NAME_OF_64 ":b\n", HASHVEIL_OK, 1},
    {NAME_OF_64 "a:b\n", HASHVEIL_ERR_FORMAT, 1},
    {"user:" PASSWORD_OF_250 "a", HASHVEIL_OK, 1},
    {"user:" PASSWORD_OF_250 "aa\n", HASHVEIL_ERR_LIMIT, 1},
};

START_TEST(a_file_of_users_is_read_or_refused_with_its_line)
{
    struct submission_users *read;
    size_t line;
    write_users(user_files[_i].text);
    ck_assert_int_eq(submission_users_load(users_path, &read, &line), user_files[_i].status);
    ck_assert_uint_eq(line, user_files[_i].line);
    ck_assert_int_eq(read != NULL, user_files[_i].status == HASHVEIL_OK);
    submission_users_destroy(read);
}
END_TEST

START_TEST(a_store_of_another_kind_is_refused)
{
    const struct submission_limits limits = {OPEN_S, IDLE_S};
    struct submission_store *store;
    ck_assert_int_eq(submission_store_open(users_path, &limits, &store), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_ptr_null(store);
    ck_assert_int_eq(submission_store_open(folder, &limits, &store), HASHVEIL_ERR_NOT_A_FILE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("submission");
    TCase *cases = tcase_create("cases");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_report_with_two_files_is_finished);
    tcase_add_loop_test(cases, what_is_closed_stays_so, 0, COUNT(orders));
    tcase_add_test(cases, a_finished_report_cannot_be_changed_in_its_file);
    tcase_add_test(cases, what_is_submitted_outlives_the_server);
    tcase_add_loop_test(cases, an_unfinished_report_expires, 0, COUNT(times));
    tcase_add_test(cases, a_finished_report_does_not_expire);
    tcase_add_test(cases, the_number_of_an_expired_report_is_not_given_again);
    tcase_add_loop_test(cases, who_has_not_a_users_name_and_password_is_refused, 0,
                        COUNT(strangers));
    tcase_add_test(cases, the_scheme_may_be_written_in_any_case);
    tcase_add_test(cases, anothers_report_is_not_touched);
    tcase_add_loop_test(cases, a_bad_body_is_refused_with_its_reason, 0, COUNT(bad_bodies));
    tcase_add_loop_test(cases, a_report_is_named_by_a_form, 0, COUNT(forms));
    tcase_add_test(cases, a_document_may_have_64_kib);
    tcase_add_test(cases, every_answer_says_that_it_is_a_test);
    tcase_add_test(cases, every_record_says_that_it_is_a_test);
    tcase_add_loop_test(cases, a_fault_is_answered_in_place_of_the_work, 0, COUNT(codes));
    tcase_add_test(cases, a_fault_may_come_after_the_work);
    tcase_add_test(cases, no_fault_hides_a_refusal);
    tcase_add_loop_test(cases, what_is_no_fault_is_passed_over, 0, COUNT(no_faults));
    tcase_add_test(cases, what_is_not_served_is_refused);
    tcase_add_loop_test(cases, a_file_of_users_is_read_or_refused_with_its_line, 0,
                        COUNT(user_files));
    tcase_add_test(cases, a_store_of_another_kind_is_refused);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
