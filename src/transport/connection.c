/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP by libcurl. Every request has the same headers, so that its size tells nothing but the size
 * of its body. */
#include <hashveil/transport.h>

#include "base/memory.h"
#include "transport/address.h"
#include "transport/headers.h"
#include "transport/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* What a hostile peer may send beside the answer: headers, and the body of a refusal. */
enum { MAX_OTHER_BYTES = 64 * 1024 };

enum { QUEUE_PAUSE_MS = 5 };

struct hashveil_connection {
    struct hv_address address;
    long timeout_ms;
    char *ca_path, *certificate_path, *certificate_key_path; /* owned; NULL for none */
    struct curl_slist *headers;                              /* owned */
    CURL *easy; /* owned; NULL until the first exchange, and after a failure */
    /* The exchange under way. */
    uint8_t *out; /* borrowed, capacity bytes */
    size_t len, capacity;
    size_t other_bytes;
    bool has_all_headers;
};

/* As libcurl's own, but closed on exec: a connection is not for programs that we start. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Returns whether the peer may go on. */
static bool count_other(struct hashveil_connection *connection, size_t len)
{
    if (len > MAX_OTHER_BYTES - connection->other_bytes) {
        return false;
    }
    connection->other_bytes += len;
    return true;
}

/* libcurl takes a connection that ends amid the headers for an answer without a body. */
static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    struct hashveil_connection *connection = context;
    const size_t len = size * count;
    if (len > 0 && (line[0] == '\r' || line[0] == '\n')) {
        connection->has_all_headers = true;
    } else if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        connection->has_all_headers = false; /* of another answer, after an interim one */
    }
    return count_other(connection, len) ? len : 0;
}

static long number_of(CURL *easy, CURLINFO what)
{
    long number = 0;
    (void)curl_easy_getinfo(easy, what, &number);
    return number;
}

/* Takes no more than there is room for; any other return value than len ends the exchange. */
static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct hashveil_connection *connection = context;
    const size_t len = size * count;
    if (hv_status_of_http(number_of(connection->easy, CURLINFO_RESPONSE_CODE)) != HASHVEIL_OK) {
        return count_other(connection, len) ? len : 0;
    }
    if (len > connection->capacity - connection->len) {
        return 0;
    }
    memcpy(connection->out + connection->len, bytes, len);
    connection->len += len;
    return len;
}

/* libcurl before 7.84 must not start in two threads at once. It is never stopped: the application
 * may use it too. */
static void start_libcurl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* NULL is no file, and for the authorities the system's. */
static bool set_tls_options(CURL *easy, const hashveil_connection *connection)
{
    return !curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           (!connection->ca_path || !curl_easy_setopt(easy, CURLOPT_CAINFO, connection->ca_path)) &&
           !curl_easy_setopt(easy, CURLOPT_SSLCERT, connection->certificate_path) &&
           !curl_easy_setopt(easy, CURLOPT_SSLKEY, connection->certificate_key_path);
}

static bool set_options(CURL *easy, hashveil_connection *connection)
{
    return set_tls_options(easy, connection) &&
           !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           !curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, connection->address.socket_path) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") &&
           !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_USERAGENT, "hashveil") &&
           !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, connection->headers) &&
           !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) &&
           !curl_easy_setopt(easy, CURLOPT_HEADERDATA, connection) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEDATA, connection);
}

/* Returns whether there is a handle, a new one where needed. */
static bool has_handle(hashveil_connection *connection)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (connection->easy) {
        return true;
    }
    pthread_once(&once, start_libcurl);
    CURL *easy = curl_easy_init();
    if (!easy || !set_options(easy, connection)) {
        curl_easy_cleanup(easy);
        return false;
    }
    connection->easy = easy;
    return true;
}

/* NULL stays NULL. */
static bool copy_text(const char *text, char **out)
{
    *out = text ? strdup(text) : NULL;
    return !text || *out;
}

static bool fill(const hashveil_peer *peer, hashveil_connection *connection)
{
    const uint32_t timeout_ms = peer->timeout_ms ? peer->timeout_ms : HASHVEIL_PEER_TIMEOUT_MS;
    connection->timeout_ms = timeout_ms < INT_MAX ? (long)timeout_ms : INT_MAX;
    return copy_text(peer->ca_path, &connection->ca_path) &&
           copy_text(peer->certificate_path, &connection->certificate_path) &&
           copy_text(peer->certificate_key_path, &connection->certificate_key_path) &&
           hv_headers_make(peer->token, &connection->headers) && has_handle(connection);
}

hashveil_status hashveil_connection_open(const hashveil_peer *peer, hashveil_connection **out)
{
    *out = NULL;
    if (!peer->address || (peer->token && !hv_is_token(peer->token)) ||
        !peer->certificate_path != !peer->certificate_key_path) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_connection *connection = hv_alloc_array(1, sizeof *connection);
    if (!connection) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = hv_address_parse(peer->address, &connection->address);
    if (status == HASHVEIL_OK && !fill(peer, connection)) {
        status = HASHVEIL_ERR_NO_MEMORY;
    }
    if (status != HASHVEIL_OK) {
        hashveil_connection_close(connection);
        return status;
    }
    *out = connection;
    return HASHVEIL_OK;
}

static bool set_request(const hashveil_connection *connection, const char *path,
                        const uint8_t *body, size_t body_len)
{
    CURL *easy = connection->easy;
    char *url = NULL;
    if (asprintf(&url, "%s%s", connection->address.url, path) < 0) {
        return false;
    }
    bool is_set = !curl_easy_setopt(easy, CURLOPT_URL, url);
    free(url);
    if (body) {
        is_set = is_set && !curl_easy_setopt(easy, CURLOPT_POST, 1L) &&
                 !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_len) &&
                 !curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    } else {
        is_set = is_set && !curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    return is_set;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Many connect at once, and the Unix socket's queue is full: libcurl fails, without an error of the
 * system, where a blocking socket would wait. */
static bool is_queue_full(const struct hashveil_connection *connection, CURLcode code)
{
    const long error = number_of(connection->easy, CURLINFO_OS_ERRNO);
    return connection->address.socket_path && code == CURLE_COULDNT_CONNECT &&
           (error == 0 || error == EAGAIN);
}

/* One exchange, within the connection's time. */
static CURLcode perform(const struct hashveil_connection *connection)
{
    static const struct timespec pause = {.tv_nsec = QUEUE_PAUSE_MS * 1000000L};
    const int64_t deadline_ms = now_ms() + connection->timeout_ms;
    for (int64_t left_ms = connection->timeout_ms; left_ms > 0; left_ms = deadline_ms - now_ms()) {
        (void)curl_easy_setopt(connection->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
        (void)curl_easy_setopt(connection->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
        const CURLcode code = curl_easy_perform(connection->easy);
        if (!is_queue_full(connection, code)) {
            return code;
        }
        nanosleep(&pause, NULL);
    }
    return CURLE_OPERATION_TIMEDOUT;
}

/* Results of libcurl that have a status of their own; all others mean an answer that is none. */
static const struct {
    CURLcode code;
    hashveil_status status;
} results[] = {
    {CURLE_OUT_OF_MEMORY, HASHVEIL_ERR_NO_MEMORY},
    {CURLE_OPERATION_TIMEDOUT, HASHVEIL_ERR_TIMEOUT},
    {CURLE_COULDNT_RESOLVE_HOST, HASHVEIL_ERR_UNREACHABLE},
    {CURLE_COULDNT_CONNECT, HASHVEIL_ERR_UNREACHABLE},
    {CURLE_SEND_ERROR, HASHVEIL_ERR_UNREACHABLE},
    {CURLE_RECV_ERROR, HASHVEIL_ERR_UNREACHABLE},
    {CURLE_GOT_NOTHING, HASHVEIL_ERR_UNREACHABLE},
    {CURLE_PARTIAL_FILE, HASHVEIL_ERR_UNREACHABLE},
    {CURLE_PEER_FAILED_VERIFICATION, HASHVEIL_ERR_CERTIFICATE},
    {CURLE_SSL_CACERT_BADFILE, HASHVEIL_ERR_CERTIFICATE},
    {CURLE_SSL_CERTPROBLEM, HASHVEIL_ERR_CERTIFICATE},
};

static hashveil_status status_of_result(const struct hashveil_connection *connection, CURLcode code)
{
    const long number = number_of(connection->easy, CURLINFO_RESPONSE_CODE);
    const bool is_refused = connection->has_all_headers && number >= 400;
    if (code == CURLE_OK && !connection->has_all_headers) {
        return HASHVEIL_ERR_UNREACHABLE;
    }
    /* A refusal stays one even where its body is longer than anyone would read. */
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && is_refused)) {
        return hv_status_of_http(number);
    }
    /* Without an error of the system it received what it did not understand. */
    if (code == CURLE_RECV_ERROR && number_of(connection->easy, CURLINFO_OS_ERRNO) == 0) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        if (results[i].code == code) {
            return results[i].status;
        }
    }
    return HASHVEIL_ERR_PROTOCOL;
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters, one row of bytes in, one out. */
hashveil_status hashveil_connection_exchange(hashveil_connection *connection, const char *path,
                                             const uint8_t *body, size_t body_len, uint8_t *out,
                                             size_t capacity, size_t *len_out)
{
    *len_out = 0;
    connection->out = out;
    connection->capacity = capacity;
    connection->len = 0;
    connection->other_bytes = 0;
    connection->has_all_headers = false;
    if (!has_handle(connection) || !set_request(connection, path, body, body_len)) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const CURLcode code = perform(connection);
    const hashveil_status status = status_of_result(connection, code);
    if (status == HASHVEIL_OK) {
        *len_out = connection->len;
    }
    connection->out = NULL;
    (void)curl_easy_setopt(connection->easy, CURLOPT_POSTFIELDS, NULL);
    if (code != CURLE_OK) {
        /* libcurl would take the system's error of this exchange for one of the next. */
        curl_easy_cleanup(connection->easy);
        connection->easy = NULL;
    }
    return status;
}

void hashveil_connection_close(hashveil_connection *connection)
{
    if (!connection) {
        return;
    }
    curl_easy_cleanup(connection->easy);
    hv_headers_free(connection->headers);
    hv_address_clear(&connection->address);
    free(connection->ca_path);
    free(connection->certificate_path);
    free(connection->certificate_key_path);
    free(connection);
}
