/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/address.h"

#include <hashveil/transport.h>

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { MAX_PATH_LEN = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };

static const char unix_prefix[] = "unix:";

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static hashveil_status parse_socket(const char *path, struct hv_address *out)
{
    if (*path == '\0' || strlen(path) > MAX_PATH_LEN) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    out->url = strdup("http://localhost");
    out->socket_path = strdup(path);
    return out->url && out->socket_path ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

/* What would be sent could be read and changed on its way to any other machine. */
static bool is_this_machine(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(host, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A name and password belong into no command line, and a query would end up before the path. */
static bool has_part_too_many(CURLU *url)
{
    static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                      CURLUPART_FRAGMENT};
    bool has_part = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *text = NULL;
        has_part = curl_url_get(url, parts[i], &text, 0) == CURLUE_OK || has_part;
        curl_free(text);
    }
    return has_part;
}

static hashveil_status status_of_url(CURLUcode code)
{
    return code == CURLUE_OK              ? HASHVEIL_OK
           : code == CURLUE_OUT_OF_MEMORY ? HASHVEIL_ERR_NO_MEMORY
                                          : HASHVEIL_ERR_ARGUMENT;
}

static hashveil_status check_url(CURLU *url, const char *text)
{
    char *host = NULL;
    hashveil_status status = status_of_url(curl_url_set(url, CURLUPART_URL, text, 0));
    if (status == HASHVEIL_OK) {
        status = status_of_url(curl_url_get(url, CURLUPART_HOST, &host, 0));
    }
    if (status == HASHVEIL_OK &&
        (has_part_too_many(url) || (starts_with(text, "http:") && !is_this_machine(host)))) {
        status = HASHVEIL_ERR_ARGUMENT;
    }
    curl_free(host);
    return status;
}

static hashveil_status parse_url(const char *text, struct hv_address *out)
{
    CURLU *url = curl_url();
    const hashveil_status status = url ? check_url(url, text) : HASHVEIL_ERR_NO_MEMORY;
    curl_url_cleanup(url);
    if (status != HASHVEIL_OK) {
        return status;
    }
    size_t len = strlen(text);
    while (text[len - 1] == '/') {
        len--;
    }
    out->url = strndup(text, len);
    return out->url ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

hashveil_status hv_address_parse(const char *text, struct hv_address *out)
{
    hashveil_status status = HASHVEIL_ERR_ARGUMENT;
    *out = (struct hv_address){0};
    if (starts_with(text, unix_prefix)) {
        status = parse_socket(text + strlen(unix_prefix), out);
    } else if (starts_with(text, "https://") || starts_with(text, "http://")) {
        status = parse_url(text, out);
    }
    if (status != HASHVEIL_OK) {
        hv_address_clear(out);
    }
    return status;
}

void hv_address_clear(struct hv_address *address)
{
    free(address->url);
    free(address->socket_path);
    *address = (struct hv_address){0};
}

bool hashveil_peer_is_address(const char *address)
{
    struct hv_address parsed;
    const hashveil_status status = hv_address_parse(address, &parsed);
    hv_address_clear(&parsed);
    return status != HASHVEIL_ERR_ARGUMENT;
}
