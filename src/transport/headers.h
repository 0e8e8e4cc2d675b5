/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of our requests, but for those that libcurl writes. */
#ifndef HV_TRANSPORT_HEADERS_H
#define HV_TRANSPORT_HEADERS_H

#include <curl/curl.h>
#include <stdbool.h>

/* Returns whether a text may be a bearer token: RFC 6750 section 2.1. */
bool hv_is_token(const char *text);

/* token: NULL for none. Returns false without memory; what is made is the caller's then too. */
bool hv_headers_make(const char *token, struct curl_slist **out);

/* Wipes. Accepts NULL. */
void hv_headers_free(struct curl_slist *headers);

#endif
