/* SPDX-License-Identifier: Apache-2.0 */
#include "submission_form.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_FORM_BYTES = 1024,
    MAX_DIGITS = 18,    /* all of which fit into 64 bits */
    MAX_DELIMITER = 72, /* with its two dashes, RFC 2046 section 5.1.1 */
    MIN_DELIMITER = 3
};

/* Reads digits; rest_out: what follows. Returns false without any, or with too many. */
static bool read_number(const char *text, const char **rest_out, int64_t *out)
{
    const size_t digits = strspn(text, "0123456789");
    *rest_out = text + digits;
    *out = digits > 0 && digits <= MAX_DIGITS ? strtoll(text, NULL, 10) : 0;
    return digits > 0 && digits <= MAX_DIGITS;
}

/* Moves on when the text goes on so. */
static bool skip(const char **text, const char *expected, size_t len)
{
    const bool is_so = strncmp(*text, expected, len) == 0;
    *text += is_so ? len : 0;
    return is_so;
}

static bool read_multipart(char *text, int64_t *out)
{
    const size_t delimiter_len = strcspn(text, "\r");
    char *fields = text + delimiter_len;
    char *end = strstr(fields, "\r\n\r\n");
    if (!end || delimiter_len < MIN_DELIMITER || delimiter_len > MAX_DELIMITER) {
        return false;
    }
    *end = '\0';
    const char *rest;
    const bool is_id = strstr(fields, "; name=\"id\"") && read_number(end + 4, &rest, out);
    return is_id && skip(&rest, "\r\n", 2) && skip(&rest, text, delimiter_len) &&
           skip(&rest, "--", 2) && (*rest == '\0' || strcmp(rest, "\r\n") == 0);
}

bool submission_form_id(const uint8_t *body, size_t len, int64_t *out)
{
    static const char key[] = "id=";
    char text[MAX_FORM_BYTES + 1];
    const char *rest = text;
    *out = 0;
    if (len > MAX_FORM_BYTES || memchr(body, 0, len)) {
        return false;
    }
    memcpy(text, body, len);
    text[len] = '\0';
    if (skip(&rest, key, sizeof key - 1)) {
        return read_number(rest, &rest, out) && *rest == '\0';
    }
    return skip(&rest, "--", 2) && read_multipart(text, out);
}
