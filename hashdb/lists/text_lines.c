/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/text_lines.h"

#include <string.h>

enum {
    MAX_LINE_BYTES = 8192, /* a hash, a quality and the longest path */
    PROGRESS_LINES = 4096
};

static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};

/* Borrowed bytes of a text. */
struct text {
    const char *bytes;
    size_t len;
};

/* One line without its end. */
struct line {
    char bytes[MAX_LINE_BYTES + 1]; /* the CR of a line's end comes in too, and goes again */
    size_t len;
    bool is_too_long; /* the rest of it was passed over */
};

/* Returns false at the end of the file. */
static bool read_line(FILE *in, struct line *out)
{
    int c = getc_unlocked(in);
    out->len = 0;
    out->is_too_long = false;
    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = getc_unlocked(in)) {
        if (out->len < sizeof out->bytes) {
            out->bytes[out->len++] = (char)c;
        } else {
            out->is_too_long = true;
        }
    }
    return true;
}

/* What a line says: without the CR of its end, and without what marks the file. */
static struct text content_of(struct text line, bool is_first)
{
    if (line.len > 0 && line.bytes[line.len - 1] == '\r') {
        line.len--;
    }
    if (is_first && line.len >= sizeof byte_order_mark &&
        memcmp(line.bytes, byte_order_mark, sizeof byte_order_mark) == 0) {
        line.bytes += sizeof byte_order_mark;
        line.len -= sizeof byte_order_mark;
    }
    return line;
}

static bool says_nothing(struct text content)
{
    return content.len == 0 || content.bytes[0] == '#';
}

static hashveil_status take_line(const struct line *line, uint64_t number, hv_line_parse_fn *parse,
                                 const struct hv_list_sink *sink)
{
    struct hv_list_item item = {0};
    const struct text whole = {line->bytes, line->len};
    const bool is_too_long = line->is_too_long || content_of(whole, false).len > MAX_LINE_BYTES;
    const struct text content = content_of(whole, number == 1);
    if (says_nothing(content)) {
        return HASHVEIL_OK;
    }
    const hashveil_status status =
        is_too_long ? HASHVEIL_ERR_LIMIT : parse(content.bytes, content.len, &item);
    return status == HASHVEIL_OK ? sink->take(sink->context, &item)
                                 : sink->problem(sink->context, number, status);
}

hashveil_status hv_text_lines_read(FILE *in, hv_line_parse_fn *parse,
                                   const struct hv_list_sink *sink)
{
    struct line line;
    uint64_t number = 0;
    hashveil_status status = HASHVEIL_OK;
    while (status == HASHVEIL_OK && read_line(in, &line)) {
        status = take_line(&line, ++number, parse, sink);
        if (number % PROGRESS_LINES == 0) {
            sink->progress(sink->context, number);
        }
    }
    return status == HASHVEIL_OK && ferror(in) ? HASHVEIL_ERR_IO : status;
}

bool hv_text_lines_begin_as(const uint8_t *start, size_t len, hv_line_parse_fn *parse,
                            hv_line_parse_fn *other)
{
    struct text rest = {(const char *)start, len};
    for (bool is_first = true; rest.len > 0; is_first = false) {
        struct hv_list_item item = {0};
        const char *end = memchr(rest.bytes, '\n', rest.len);
        const size_t line_len = end ? (size_t)(end - rest.bytes) : rest.len;
        const struct text content = content_of((struct text){rest.bytes, line_len}, is_first);
        if (!says_nothing(content)) {
            const hashveil_status status = parse(content.bytes, content.len, &item);
            if (status == HASHVEIL_OK || status == HASHVEIL_ERR_EMPTY) {
                return true;
            }
            if (other(content.bytes, content.len, &item) == HASHVEIL_OK) {
                return false;
            }
        }
        rest.bytes += line_len + (end != NULL);
        rest.len -= line_len + (end != NULL);
    }
    return false;
}
