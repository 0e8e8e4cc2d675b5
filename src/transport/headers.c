/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/headers.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Anything else could end the header's line. */
bool hv_is_token(const char *text)
{
    const size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-._~+/");
    return len > 0 && text[len + strspn(text + len, "=")] == '\0';
}

/* Adds a line to a list; returns false without memory. */
static bool add(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer) {
        *list = longer;
    }
    return longer != NULL;
}

static bool add_token(struct curl_slist **list, const char *token)
{
    char *line = NULL;
    if (asprintf(&line, "Authorization: Bearer %s", token) < 0) {
        return false;
    }
    const bool is_added = add(list, line);
    hv_wipe(line, strlen(line));
    free(line);
    return is_added;
}

/* libcurl would wait for "100 Continue" before a long body. */
bool hv_headers_make(const char *token, struct curl_slist **out)
{
    *out = NULL;
    return add(out, "Content-Type: application/octet-stream") && add(out, "Expect:") &&
           (!token || add_token(out, token));
}

void hv_headers_free(struct curl_slist *headers)
{
    for (struct curl_slist *line = headers; line; line = line->next) {
        hv_wipe(line->data, strlen(line->data));
    }
    curl_slist_free_all(headers);
}
