/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/said_text.h"

#include "hashdb/lists/list_item.h"
#include "hashdb/lists/text_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/files.h"

static const uint64_t last_time_s = 253402300799; /* of the year 9999 */

enum { MAX_SECONDS_DIGITS = 12, SECONDS_PER_HOUR = 3600, SECONDS_PER_MINUTE = 60 };

void hv_said_text_begin(struct hv_said_text *text)
{
    if (text->is_said) {
        text->problem = HASHVEIL_ERR_FORMAT;
    }
    text->is_said = true;
}

void hv_said_text_append(struct hv_said_text *text, const char *bytes, size_t len)
{
    if (len >= sizeof text->bytes - text->len) {
        text->problem = text->problem == HASHVEIL_OK ? HASHVEIL_ERR_LIMIT : text->problem;
        return;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

bool hv_said_text_is(const struct hv_said_text *text, const char *word)
{
    return text->len == strlen(word) && strncasecmp(text->bytes, word, text->len) == 0;
}

hashveil_status hv_said_text_copy(const struct hv_said_text *text, char *out, size_t room)
{
    return text->problem == HASHVEIL_OK ? hv_list_text_copy(text->bytes, text->len, out, room)
                                        : text->problem;
}

/* Reads two digits and what stands before them: "+01", ":30". */
static bool read_pair(const char **text, char before, int *out)
{
    const char *at = *text;
    if (at[0] != before || at[1] < '0' || at[1] > '9' || at[2] < '0' || at[2] > '9') {
        return false;
    }
    *out = (at[1] - '0') * 10 + (at[2] - '0');
    *text += 3;
    return true;
}

/* Reads "Z", "+01:00" or nothing, to the end. */
static bool read_zone(const char *text, int64_t *seconds_out)
{
    int hours = 0;
    int minutes = 0;
    const char sign = text[0];
    *seconds_out = 0;
    if (sign == '\0' || strcasecmp(text, "Z") == 0) {
        return true;
    }
    if ((sign != '+' && sign != '-') || !read_pair(&text, sign, &hours) ||
        !read_pair(&text, ':', &minutes) || *text != '\0') {
        return false;
    }
    *seconds_out = (int64_t)hours * SECONDS_PER_HOUR + (int64_t)minutes * SECONDS_PER_MINUTE;
    *seconds_out = sign == '-' ? -*seconds_out : *seconds_out;
    return true;
}

static bool read_date(const char *text, int64_t *out)
{
    struct tm parts = {0};
    int64_t zone_s;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest && *rest == '.') {
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    if (!rest || !read_zone(rest, &zone_s)) {
        return false;
    }
    *out = (int64_t)timegm(&parts) - zone_s;
    return true;
}

hashveil_status hv_said_text_time(const struct hv_said_text *text, uint64_t *out)
{
    int64_t time_s = 0;
    const size_t digits = strspn(text->bytes, "0123456789");
    if (text->problem != HASHVEIL_OK) {
        return text->problem;
    }
    if (digits == text->len && digits <= MAX_SECONDS_DIGITS) {
        time_s = strtoll(text->len > 0 ? text->bytes : "0", NULL, 10);
    } else if (!read_date(text->bytes, &time_s)) {
        return HASHVEIL_ERR_FORMAT;
    }
    *out = time_s > 0 ? (uint64_t)time_s : 0;
    return *out <= last_time_s ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

hashveil_status hv_said_text_value(const struct hv_said_text *text, const char *kind,
                                   size_t kind_len, struct hv_list_item *item)
{
    if (text->len == 0 && text->problem == HASHVEIL_OK) {
        return HASHVEIL_OK;
    }
    const hashveil_status status =
        hv_list_item_add_value(item, kind, kind_len, text->bytes, text->len);
    if (status == HASHVEIL_ERR_UNSUPPORTED) {
        return HASHVEIL_OK;
    }
    return text->problem == HASHVEIL_OK ? status : text->problem;
}

hashveil_status hv_said_text_quality(const struct hv_said_text *text, struct hv_list_item *item)
{
    if (!item->has_hash || (text->len == 0 && text->problem == HASHVEIL_OK)) {
        return HASHVEIL_OK;
    }
    return text->problem == HASHVEIL_OK ? hv_quality_parse(text->bytes, text->len, &item->quality)
                                        : text->problem;
}

hashveil_status hv_said_text_label(const struct hv_said_text *text, const char *scheme,
                                   char out[HASHVEIL_LABEL_MAX_LEN + 1])
{
    char label[2 * HV_SAID_TEXT_ROOM] = "";
    if (text->problem != HASHVEIL_OK || text->len == 0) {
        out[0] = '\0';
        return text->problem;
    }
    const bool has_scheme = memchr(text->bytes, ':', text->len) != NULL;
    const int len = snprintf(label, sizeof label, "%s%s%s", has_scheme ? "" : scheme,
                             has_scheme ? "" : ":", text->bytes);
    return strlen(text->bytes) == text->len
               ? hv_list_text_copy(label, (size_t)len, out, HASHVEIL_LABEL_MAX_LEN + 1)
               : HASHVEIL_ERR_FORMAT; /* a NUL in it */
}

const char *hv_label_to_say(const char *label, const char *scheme)
{
    const size_t scheme_len = strlen(scheme);
    if (!strchr(label, ':')) {
        return NULL;
    }
    const bool is_of_scheme = strncmp(label, scheme, scheme_len) == 0 && label[scheme_len] == ':';
    const char *value = label + scheme_len + 1;
    return is_of_scheme && *value != '\0' && !strchr(value, ':') ? value : label;
}

hashveil_status hv_list_item_check(const struct hv_list_item *item)
{
    if (hv_list_item_has_value(item)) {
        return HASHVEIL_OK;
    }
    if (item->claim == HV_LIST_WITHDRAWS) {
        return item->id[0] != '\0' ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
    }
    return HASHVEIL_ERR_UNSUPPORTED;
}

void hv_time_to_say(uint64_t time_s, char out[HV_TIME_ROOM])
{
    struct tm parts;
    const time_t time = (time_t)time_s;
    if (time_s == 0 || time_s > last_time_s || !gmtime_r(&time, &parts) ||
        strftime(out, HV_TIME_ROOM, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        out[0] = '\0';
    }
}

hashveil_status hv_document_problem(const struct hv_list_sink *sink, uint64_t line,
                                    hashveil_status problem)
{
    const hashveil_status status = sink->problem(sink->context, line, problem);
    return status == HASHVEIL_OK ? HASHVEIL_ERR_FORMAT : status;
}

hashveil_status hv_document_end(FILE *out)
{
    return fflush(out) == 0 && !ferror(out) ? HASHVEIL_OK : hv_status_of_errno(errno);
}
