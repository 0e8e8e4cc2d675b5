/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http.h"

#include <stddef.h>

#include <hashveil/transport.h>

static const struct {
    hashveil_status status;
    int number;
} rows[] = {
#define X(name, http_number) {HASHVEIL_##name, http_number},
    HASHVEIL_HTTP_TABLE(X)
#undef X
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0], INTERNAL_SERVER_ERROR = 500 };

int hashveil_http_of_status(hashveil_status status)
{
    const hashveil_status told =
        status == HASHVEIL_ERR_NO_MEMORY ? HASHVEIL_ERR_OVERLOADED : status;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].status == told) {
            return rows[i].number;
        }
    }
    return INTERNAL_SERVER_ERROR;
}

hashveil_status hv_status_of_http(long number)
{
    if (number >= 200 && number <= 299) {
        return HASHVEIL_OK;
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].number == number) {
            return rows[i].status;
        }
    }
    return number >= 400 ? HASHVEIL_ERR_REFUSED : HASHVEIL_ERR_PROTOCOL;
}
