/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to a peer: what is sent, and what is made of every answer. */
#include <hashveil/transport.h>

#include "run_suite.h"
#include "scripted_peer.h"
#include "transport/http.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Patient where an answer comes, short where none does: no test waits for the clock to be right. */
enum { PATIENT_MS = 60000, SHORT_MS = 50 };

#define GOOD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const uint8_t body[] = {'a', 'b', 'c', '\0', 0xff};

static char folder[40];
static char socket_path[64];
static char address[80];
static struct peer *peer;
static hashveil_connection *connection;

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/hashveil-transport-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
    snprintf(address, sizeof address, "unix:%s", socket_path);
}

static void remove_folder(void)
{
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left behind */
}

static hashveil_status open_connection(uint32_t timeout_ms)
{
    const hashveil_peer there = {.address = address, .timeout_ms = timeout_ms};
    return hashveil_connection_open(&there, &connection);
}

static void start(const struct peer_step *steps, size_t count, uint32_t timeout_ms)
{
    peer = peer_start(socket_path, steps, count);
    ck_assert_ptr_nonnull(peer);
    ck_assert_int_eq(open_connection(timeout_ms), HASHVEIL_OK);
}

/* Closes both ends, so that what the peer saw can be read. */
static void stop(void)
{
    hashveil_connection_close(connection);
    peer_stop(peer);
}

static hashveil_status exchange(uint8_t *out, size_t capacity, size_t *len_out)
{
    return hashveil_connection_exchange(connection, HASHVEIL_PATH_EVALUATE, body, sizeof body, out,
                                        capacity, len_out);
}

START_TEST(every_status_of_the_table_comes_back_as_itself)
{
#define X(name, number)                                                                            \
    ck_assert_int_eq(hashveil_http_of_status(HASHVEIL_##name), number);                            \
    ck_assert_int_eq(hv_status_of_http(number), HASHVEIL_##name);
    HASHVEIL_HTTP_TABLE(X)
#undef X
    ck_assert_int_eq(hashveil_http_of_status(HASHVEIL_ERR_NO_MEMORY), 503);
    ck_assert_int_eq(hashveil_http_of_status(HASHVEIL_ERR_IO), 500);
    ck_assert_int_eq(hashveil_http_of_status(HASHVEIL_ERR_REFUSED), 500);
}
END_TEST

static const struct {
    long number;
    hashveil_status expected;
} numbers[] = {
    {0, HASHVEIL_ERR_PROTOCOL},   {101, HASHVEIL_ERR_PROTOCOL}, {199, HASHVEIL_ERR_PROTOCOL},
    {200, HASHVEIL_OK},           {204, HASHVEIL_OK},           {299, HASHVEIL_OK},
    {300, HASHVEIL_ERR_PROTOCOL}, {302, HASHVEIL_ERR_PROTOCOL}, {399, HASHVEIL_ERR_PROTOCOL},
    {403, HASHVEIL_ERR_REFUSED},  {404, HASHVEIL_ERR_REFUSED},  {500, HASHVEIL_ERR_REFUSED},
    {999, HASHVEIL_ERR_REFUSED},
};

START_TEST(any_other_number_is_success_refusal_or_nonsense)
{
    ck_assert_int_eq(hv_status_of_http(numbers[_i].number), numbers[_i].expected);
}
END_TEST

/* 107 characters fit a socket's name beside its NUL. */
#define NAME_100                                                                                   \
    "/234567890123456789012345678901234567890123456789"                                            \
    "012345678901234567890123456789012345678901234567890"

static const struct {
    const char *address;
    bool is_one;
} addresses[] = {
    {"unix:/nowhere", true},
    {"unix:relative", true},
    {"unix:" NAME_100 "1234567", true},
    {"unix:" NAME_100 "12345678", false},
    {"unix:", false},
    {"", false},
    {"/nowhere", false},
    {"UNIX:/nowhere", false},
    {"https://example.org", true},
    {"https://example.org:8443/folder/", true},
    {"https://192.0.2.1", true},
    {"https://[2001:db8::1]:1", true},
    {"https://", false},
    {"https://example.org:65536", false},
    {"https://name@example.org", false},
    {"https://name:password@example.org", false},
    {"https://example.org/?query", false},
    {"https://example.org/#fragment", false},
    {"https://exam ple.org", false},
    {"https://example.org/\r\nHost: other", false},
    {"ftp://example.org", false},
    {"file:///etc/passwd", false},
    {"http://localhost", true},
    {"http://127.0.0.1:80", true},
    {"http://[::1]:80/folder", true},
    {"http://example.org", false},
    {"http://localhost.example.org", false},
    {"http://127.0.0.1.example.org", false},
    {"http://192.0.2.1", false},
    {"http://localhost@192.0.2.1", false},
};

START_TEST(an_address_is_a_socket_or_https_or_http_within_this_machine)
{
    const hashveil_peer there = {.address = addresses[_i].address};
    hashveil_connection *opened = NULL;
    ck_assert_int_eq(strlen(NAME_100), 100);
    const hashveil_status status = hashveil_connection_open(&there, &opened);
    ck_assert_msg(status == (addresses[_i].is_one ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT),
                  "%s: got %s", addresses[_i].address, hashveil_status_text(status));
    ck_assert(!opened == (status != HASHVEIL_OK));
    ck_assert(hashveil_peer_is_address(addresses[_i].address) == addresses[_i].is_one);
    hashveil_connection_close(opened);
}
END_TEST

static const struct {
    const char *token, *certificate, *certificate_key;
    bool is_one;
} askers[] = {
    {NULL, NULL, NULL, true},
    {"a", NULL, NULL, true},
    {"ABCxyz019-._~+/==", NULL, NULL, true},
    {"", NULL, NULL, false},
    {"==", NULL, NULL, false},
    {"a=b", NULL, NULL, false},
    {"a b", NULL, NULL, false},
    {"a\r\nHost: other", NULL, NULL, false},
    {"\xc3\xa4", NULL, NULL, false},
    {NULL, "/nowhere", "/nowhere", true},
    {NULL, "/nowhere", NULL, false},
    {NULL, NULL, "/nowhere", false},
};

START_TEST(who_asks_has_a_token_of_its_letters_and_a_key_for_its_certificate)
{
    const hashveil_peer there = {.address = "https://example.org",
                                 .token = askers[_i].token,
                                 .certificate_path = askers[_i].certificate,
                                 .certificate_key_path = askers[_i].certificate_key};
    hashveil_connection *opened = NULL;
    ck_assert_int_eq(hashveil_connection_open(&there, &opened),
                     askers[_i].is_one ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT);
    hashveil_connection_close(opened);
}
END_TEST

#define REFUSAL(number) "HTTP/1.1 " #number " No\r\nContent-Length: 12\r\n\r\nsorry, never"
#define HEAD_OF(number) "HTTP/1.1 " #number " Text\r\n"

static const struct {
    const char *what;
    struct peer_step step;
    hashveil_status expected;
    const char *expected_body; /* NULL for none */
} answers[] = {
    {"as long as there is room", {GOOD, PEER_KEEPS, NULL}, HASHVEIL_OK, "hello"},
    {"one byte more",
     {HEAD_OF(200) "Content-Length: 6\r\n\r\nhello!", PEER_KEEPS, NULL},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"in chunks",
     {HEAD_OF(200) "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", PEER_KEEPS,
      NULL},
     HASHVEIL_OK,
     "hello"},
    {"in chunks, with a trailer",
     {HEAD_OF(200) "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: 1\r\n\r\n",
      PEER_KEEPS, NULL},
     HASHVEIL_OK,
     "hello"},
    {"one byte more, in chunks",
     {HEAD_OF(200) "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
      PEER_KEEPS, NULL},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"endless", {HEAD_OF(200) "\r\n", PEER_FLOODS, "more and more "}, HASHVEIL_ERR_PROTOCOL, NULL},
    {"up to the end of the connection",
     {"HTTP/1.0 200 OK\r\n\r\nhello", PEER_CLOSES, NULL},
     HASHVEIL_OK,
     "hello"},
    {"no content", {HEAD_OF(204) "\r\n", PEER_KEEPS, NULL}, HASHVEIL_OK, ""},
    {"after an interim answer", {HEAD_OF(100) "\r\n" GOOD, PEER_KEEPS, NULL}, HASHVEIL_OK, "hello"},
    {"a content encoding never asked for",
     {HEAD_OF(200) "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", PEER_KEEPS, NULL},
     HASHVEIL_OK,
     "hello"},
    {"nothing", {"", PEER_CLOSES, NULL}, HASHVEIL_ERR_UNREACHABLE, NULL},
    {"a request left unread", {"", PEER_RESETS, NULL}, HASHVEIL_ERR_UNREACHABLE, NULL},
    {"the end amid the first line",
     {"HTTP/1.1 2", PEER_CLOSES, NULL},
     HASHVEIL_ERR_UNREACHABLE,
     NULL},
    {"the end after the first line",
     {HEAD_OF(200), PEER_CLOSES, NULL},
     HASHVEIL_ERR_UNREACHABLE,
     NULL},
    {"the end amid the headers",
     {HEAD_OF(200) "Content-Length: 0\r\nX-A", PEER_CLOSES, NULL},
     HASHVEIL_ERR_UNREACHABLE,
     NULL},
    {"the end after an interim answer",
     {HEAD_OF(100) "\r\n", PEER_CLOSES, NULL},
     HASHVEIL_ERR_UNREACHABLE,
     NULL},
    {"the end amid the body",
     {HEAD_OF(200) "Content-Length: 5\r\n\r\nhell", PEER_CLOSES, NULL},
     HASHVEIL_ERR_UNREACHABLE,
     NULL},
    {"the end amid the chunks",
     {HEAD_OF(200) "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", PEER_CLOSES, NULL},
     HASHVEIL_ERR_UNREACHABLE,
     NULL},
    {"another protocol", {"220 mail ready\r\n", PEER_CLOSES, NULL}, HASHVEIL_ERR_PROTOCOL, NULL},
    {"the older protocol without headers",
     {"hello", PEER_CLOSES, NULL},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"empty lines", {"\r\n\r\n\r\n", PEER_CLOSES, NULL}, HASHVEIL_ERR_PROTOCOL, NULL},
    {"a version that is none",
     {"HTTP/9.9 200 OK\r\n\r\n", PEER_CLOSES, NULL},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"a length below zero",
     {HEAD_OF(200) "Content-Length: -1\r\n\r\n", PEER_CLOSES, NULL},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"a chunk that is none",
     {HEAD_OF(200) "Transfer-Encoding: chunked\r\n\r\nzz\r\n", PEER_WAITS, NULL},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"endless headers",
     {HEAD_OF(200), PEER_FLOODS, "X-More: and more\r\n"},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"interim answers without end",
     {"", PEER_FLOODS, HEAD_OF(100) "\r\n"},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"a way elsewhere",
     {HEAD_OF(307) "Location: /healthz\r\nContent-Length: 0\r\n\r\n", PEER_KEEPS, NULL},
     HASHVEIL_ERR_PROTOCOL,
     NULL},
    {"400", {REFUSAL(400), PEER_KEEPS, NULL}, HASHVEIL_ERR_PROTOCOL, NULL},
    {"409", {REFUSAL(409), PEER_KEEPS, NULL}, HASHVEIL_ERR_KEY, NULL},
    {"413", {REFUSAL(413), PEER_KEEPS, NULL}, HASHVEIL_ERR_LIMIT, NULL},
    {"426", {REFUSAL(426), PEER_KEEPS, NULL}, HASHVEIL_ERR_VERSION, NULL},
    {"503", {REFUSAL(503), PEER_KEEPS, NULL}, HASHVEIL_ERR_OVERLOADED, NULL},
    {"507", {REFUSAL(507), PEER_KEEPS, NULL}, HASHVEIL_ERR_NO_SPACE, NULL},
    {"401", {REFUSAL(401), PEER_KEEPS, NULL}, HASHVEIL_ERR_ACCOUNT, NULL},
    {"429", {REFUSAL(429), PEER_KEEPS, NULL}, HASHVEIL_ERR_BUDGET, NULL},
    {"404", {REFUSAL(404), PEER_KEEPS, NULL}, HASHVEIL_ERR_REFUSED, NULL},
    {"500", {REFUSAL(500), PEER_KEEPS, NULL}, HASHVEIL_ERR_REFUSED, NULL},
    {"an endless refusal",
     {HEAD_OF(409) "\r\n", PEER_FLOODS, "and another thing: "},
     HASHVEIL_ERR_KEY,
     NULL},
};

START_TEST(each_answer_has_its_status_and_the_next_exchange_works)
{
    const struct peer_step steps[] = {answers[_i].step, {GOOD, PEER_KEEPS, NULL}};
    uint8_t out[5];
    size_t len = 99;
    start(steps, 2, PATIENT_MS);
    const hashveil_status status = exchange(out, sizeof out, &len);
    ck_assert_msg(status == answers[_i].expected, "%s: got %s", answers[_i].what,
                  hashveil_status_text(status));
    const char *expected_body = answers[_i].expected_body ? answers[_i].expected_body : "";
    ck_assert_uint_eq(len, strlen(expected_body));
    ck_assert_mem_eq(out, expected_body, len);

    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_OK);
    ck_assert_uint_eq(len, 5);
    stop();
    ck_assert_uint_eq(peer->request_count, 2);
    peer_free(peer);
}
END_TEST

START_TEST(a_failure_leaves_nothing_to_the_next_exchange)
{
    static const struct peer_step steps[] = {
        {"", PEER_RESETS, NULL},
        {HEAD_OF(200) "Transfer-Encoding: chunked\r\n\r\nzz\r\n", PEER_WAITS, NULL},
        {"", PEER_RESETS, NULL},
    };
    uint8_t out[5];
    size_t len;
    start(steps, 3, PATIENT_MS);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_ERR_UNREACHABLE);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_ERR_PROTOCOL);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_ERR_UNREACHABLE);
    stop();
    peer_free(peer);
}
END_TEST

static const struct peer_step silences[] = {
    {"", PEER_WAITS, NULL},
    {"HTTP/1.1 200 OK\r\nContent-", PEER_WAITS, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", PEER_WAITS, NULL},
};

START_TEST(a_peer_that_falls_silent_is_given_up)
{
    uint8_t out[5];
    size_t len;
    start(&silences[_i], 1, SHORT_MS);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_ERR_TIMEOUT);
    ck_assert_uint_eq(len, 0);
    stop();
    peer_free(peer);
}
END_TEST

/* Waits as long as it is told to, in the peer's queue: libcurl alone would fail at once. */
START_TEST(a_peer_that_takes_no_connection_is_given_up)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    const int first = socket(AF_UNIX, SOCK_STREAM, 0);
    size_t len;
    snprintf(name.sun_path, sizeof name.sun_path, "%s", socket_path);
    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(listener, 0), 0);
    ck_assert_int_eq(connect(first, (const struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(open_connection(SHORT_MS), HASHVEIL_OK);
    ck_assert_int_eq(exchange(NULL, 0, &len), HASHVEIL_ERR_TIMEOUT);
    hashveil_connection_close(connection);
    close(first);
    close(listener);
    unlink(socket_path);
}
END_TEST

START_TEST(nobody_there_is_unreachable_until_somebody_is)
{
    static const struct peer_step good = {GOOD, PEER_KEEPS, NULL};
    uint8_t out[5];
    size_t len;
    ck_assert_int_eq(open_connection(PATIENT_MS), HASHVEIL_OK);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_ERR_UNREACHABLE);
    peer = peer_start(socket_path, &good, 1);
    ck_assert_ptr_nonnull(peer);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_ERR_UNREACHABLE);
    hashveil_connection_close(connection);
    peer_free(peer);
}
END_TEST

#define FIXED_HEADERS                                                                              \
    "Host: localhost\r\n"                                                                          \
    "User-Agent: hashveil\r\n"                                                                     \
    "Accept: */*\r\n"                                                                              \
    "Content-Type: application/octet-stream\r\n"

static void ck_assert_head(size_t index, const char *expected)
{
    const struct peer_request *request = &peer->requests[index];
    ck_assert_uint_eq(request->head_len, strlen(expected));
    ck_assert_mem_eq(request->bytes, expected, request->head_len);
}

START_TEST(a_request_is_the_body_and_fixed_headers)
{
    static const struct peer_step good = {GOOD, PEER_KEEPS, NULL};
    uint8_t out[5];
    size_t len;
    start(&good, 1, PATIENT_MS);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_connection_exchange(connection, HASHVEIL_PATH_HEALTH, NULL, 0, out,
                                                  sizeof out, &len),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_connection_exchange(connection, HASHVEIL_PATH_REPORTS, body, 0, out,
                                                  sizeof out, &len),
                     HASHVEIL_OK);
    stop();
    ck_assert_head(0, "POST /v1/evaluate HTTP/1.1\r\n" FIXED_HEADERS "Content-Length: 5\r\n\r\n");
    ck_assert_head(1, "GET /healthz HTTP/1.1\r\n" FIXED_HEADERS "\r\n");
    ck_assert_head(2, "POST /v1/reports HTTP/1.1\r\n" FIXED_HEADERS "Content-Length: 0\r\n\r\n");
    ck_assert_uint_eq(peer->requests[0].len - peer->requests[0].head_len, sizeof body);
    ck_assert_mem_eq(peer->requests[0].bytes + peer->requests[0].head_len, body, sizeof body);
    ck_assert_uint_eq(peer->connection_count, 1);
    peer_free(peer);
}
END_TEST

START_TEST(a_token_is_one_header_more)
{
    static const struct peer_step good = {GOOD, PEER_KEEPS, NULL};
    const hashveil_peer there = {.address = address, .token = "abc"};
    uint8_t out[5];
    size_t len;
    peer = peer_start(socket_path, &good, 1);
    ck_assert_ptr_nonnull(peer);
    ck_assert_int_eq(hashveil_connection_open(&there, &connection), HASHVEIL_OK);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_OK);
    stop();
    ck_assert_head(0, "POST /v1/evaluate HTTP/1.1\r\n" FIXED_HEADERS
                      "Authorization: Bearer abc\r\nContent-Length: 5\r\n\r\n");
    peer_free(peer);
}
END_TEST

START_TEST(a_proxy_in_the_environment_is_passed_by)
{
    static const struct peer_step good = {GOOD, PEER_KEEPS, NULL};
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    uint8_t out[5];
    size_t len;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(setenv(names[i], "http://127.0.0.1:1", 1), 0);
    }
    start(&good, 1, PATIENT_MS);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_OK);
    stop();
    ck_assert_head(0, "POST /v1/evaluate HTTP/1.1\r\n" FIXED_HEADERS "Content-Length: 5\r\n\r\n");
    peer_free(peer);
}
END_TEST

/* Returns whether fd is a client's end of a connection to our socket. */
static bool is_connection(int fd)
{
    struct sockaddr_un name = {0};
    socklen_t len = sizeof name;
    return getpeername(fd, (struct sockaddr *)&name, &len) == 0 && len > sizeof(sa_family_t) &&
           name.sun_family == AF_UNIX && strcmp(name.sun_path, socket_path) == 0;
}

START_TEST(a_connection_is_not_passed_on_to_new_programs)
{
    static const struct peer_step good = {GOOD, PEER_KEEPS, NULL};
    uint8_t out[5];
    size_t len;
    unsigned found = 0;
    start(&good, 1, PATIENT_MS);
    ck_assert_int_eq(exchange(out, sizeof out, &len), HASHVEIL_OK);
    for (int fd = 0; fd < 1024; fd++) {
        if (is_connection(fd)) {
            ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
            found++;
        }
    }
    ck_assert_uint_eq(found, 1);
    stop();
    peer_free(peer);
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(rows)[0]))

int main(void)
{
    Suite *suite = suite_create("transport");
    TCase *tables = tcase_create("tables");
    TCase *exchanges = tcase_create("exchanges");

    tcase_add_test(tables, every_status_of_the_table_comes_back_as_itself);
    tcase_add_loop_test(tables, any_other_number_is_success_refusal_or_nonsense, 0, COUNT(numbers));
    tcase_add_loop_test(tables, an_address_is_a_socket_or_https_or_http_within_this_machine, 0,
                        COUNT(addresses));
    tcase_add_loop_test(tables, who_asks_has_a_token_of_its_letters_and_a_key_for_its_certificate,
                        0, COUNT(askers));
    suite_add_tcase(suite, tables);

    tcase_set_timeout(exchanges, 60);
    tcase_add_checked_fixture(exchanges, make_folder, remove_folder);
    tcase_add_loop_test(exchanges, each_answer_has_its_status_and_the_next_exchange_works, 0,
                        COUNT(answers));
    tcase_add_test(exchanges, a_failure_leaves_nothing_to_the_next_exchange);
    tcase_add_loop_test(exchanges, a_peer_that_falls_silent_is_given_up, 0, COUNT(silences));
    tcase_add_test(exchanges, a_peer_that_takes_no_connection_is_given_up);
    tcase_add_test(exchanges, nobody_there_is_unreachable_until_somebody_is);
    tcase_add_test(exchanges, a_request_is_the_body_and_fixed_headers);
    tcase_add_test(exchanges, a_token_is_one_header_more);
    tcase_add_test(exchanges, a_proxy_in_the_environment_is_passed_by);
    tcase_add_test(exchanges, a_connection_is_not_passed_on_to_new_programs);
    suite_add_tcase(suite, exchanges);
    return run_suite(suite);
}
