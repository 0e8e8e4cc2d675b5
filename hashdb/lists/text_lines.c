/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/text_lines.h"

#include "hashdb/lists/list_item.h"

#include <errno.h>
#include <string.h>

#include "base/files.h"

static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};

static hv_line_parse_fn *const parsers[] = {
    hv_checksum_line_parse,
    hv_pdq_fields_line_parse,
    hv_pdq_line_parse,
};

static void drop_mark(const char **text, size_t *len)
{
    if (*len >= sizeof byte_order_mark &&
        memcmp(*text, byte_order_mark, sizeof byte_order_mark) == 0) {
        *text += sizeof byte_order_mark;
        *len -= sizeof byte_order_mark;
    }
}

static bool ends_in_cr(const char *text, size_t len)
{
    return len > 0 && text[len - 1] == '\r';
}

static bool says_nothing(const char *text, size_t len)
{
    return len == 0 || text[0] == '#';
}

/* Moves what is not yet given to the front, and reads on behind it. Returns false where nothing
 * comes any more. */
static bool fill(struct hv_lines *lines)
{
    const bool is_first = lines->end == 0 && !lines->is_at_end;
    memmove(lines->bytes, lines->bytes + lines->begin, lines->end - lines->begin);
    lines->end -= lines->begin;
    lines->begin = 0;
    const size_t room = sizeof lines->bytes - lines->end;
    const size_t len = fread(lines->bytes + lines->end, 1, room, lines->in);
    lines->end += len;
    lines->is_at_end = len < room;
    if (is_first) {
        const char *text = lines->bytes;
        size_t left = lines->end;
        drop_mark(&text, &left);
        lines->begin = lines->end - left;
    }
    return len > 0;
}

/* Passes over the rest of a line that has no end in a full buffer. Its start stays where it is, for
 * whoever looks at it. */
static void skip_line(struct hv_lines *lines)
{
    char *rest = lines->bytes + HV_LINE_MAX_BYTES;
    const size_t room = sizeof lines->bytes - HV_LINE_MAX_BYTES;
    const char *end;
    size_t len;
    do {
        len = fread(rest, 1, room, lines->in);
        end = memchr(rest, '\n', len);
    } while (!end && len == room);
    lines->end = HV_LINE_MAX_BYTES + len;
    lines->begin = end ? (size_t)(end - lines->bytes) + 1 : lines->end;
}

/* Gives the bytes up to end; next is where the next line begins. */
static void give(struct hv_lines *lines, size_t end, size_t next, struct hv_line *out)
{
    const char *text = lines->bytes + lines->begin;
    const size_t len = end - lines->begin - ends_in_cr(text, end - lines->begin);
    const bool is_too_long = len > HV_LINE_MAX_BYTES;
    *out = (struct hv_line){text, is_too_long ? HV_LINE_MAX_BYTES : len, is_too_long};
    lines->begin = next;
}

bool hv_lines_next(struct hv_lines *lines, struct hv_line *out)
{
    for (;;) {
        const char *end = memchr(lines->bytes + lines->begin, '\n', lines->end - lines->begin);
        if (end) {
            const size_t place = (size_t)(end - lines->bytes);
            give(lines, place, place + 1, out);
            return true;
        }
        if (lines->begin == 0 && lines->end == sizeof lines->bytes) {
            *out = (struct hv_line){lines->bytes, HV_LINE_MAX_BYTES, true};
            skip_line(lines);
            return true;
        }
        if (lines->is_at_end || !fill(lines)) {
            const bool is_line = lines->begin < lines->end;
            give(lines, lines->end, lines->end, out);
            return is_line;
        }
    }
}

static hashveil_status take_line(const struct hv_line *line, uint64_t number,
                                 hv_line_parse_fn *parse, void *context,
                                 const struct hv_list_sink *sink)
{
    struct hv_list_item item = {0};
    if (says_nothing(line->text, line->len)) {
        return HASHVEIL_OK;
    }
    const hashveil_status status =
        line->is_too_long ? HASHVEIL_ERR_LIMIT : parse(context, line->text, line->len, &item);
    if (status != HASHVEIL_OK) {
        return sink->problem(sink->context, number, status);
    }
    return hv_list_item_has_value(&item) || item.id[0] != '\0' ? sink->take(sink->context, &item)
                                                               : HASHVEIL_OK;
}

hashveil_status hv_text_lines_read(FILE *in, hv_line_parse_fn *parse, void *context,
                                   const struct hv_list_sink *sink)
{
    struct hv_lines lines = {.in = in};
    struct hv_line line;
    uint64_t number = 0;
    hashveil_status status = HASHVEIL_OK;
    while (status == HASHVEIL_OK && hv_lines_next(&lines, &line)) {
        status = take_line(&line, ++number, parse, context, sink);
        if (number % HV_LINES_PROGRESS == 0) {
            sink->progress(sink->context, number);
        }
    }
    return status == HASHVEIL_OK && ferror(in) ? HASHVEIL_ERR_IO : status;
}

/* Finds the function that can read a line. */
static bool find_parser(const char *text, size_t len, hv_line_parse_fn **out)
{
    for (size_t i = 0; i < sizeof parsers / sizeof parsers[0]; i++) {
        struct hv_list_item item = {0};
        const hashveil_status status = parsers[i](NULL, text, len, &item);
        if (status == HASHVEIL_OK || status == HASHVEIL_ERR_EMPTY) {
            *out = parsers[i];
            return true;
        }
    }
    return false;
}

/* Takes the first line off. */
static struct hv_line take_first_line(const char **text, size_t *len)
{
    const char *end = memchr(*text, '\n', *len);
    const size_t whole_len = end ? (size_t)(end - *text) : *len;
    const size_t line_len = whole_len - ends_in_cr(*text, whole_len);
    const struct hv_line line = {*text, line_len, line_len > HV_LINE_MAX_BYTES};
    *text += whole_len + (end != NULL);
    *len -= whole_len + (end != NULL);
    return line;
}

struct hv_line hv_first_line(const uint8_t *start, size_t len)
{
    const char *text = (const char *)start;
    drop_mark(&text, &len);
    return take_first_line(&text, &len);
}

bool hv_text_lines_begin_as(const uint8_t *start, size_t len, hv_line_parse_fn *parse)
{
    const char *text = (const char *)start;
    hv_line_parse_fn *found = NULL;
    bool is_found = memchr(start, '\0', len) != NULL;
    drop_mark(&text, &len);
    while (len > 0 && !is_found) {
        const struct hv_line line = take_first_line(&text, &len);
        is_found = !says_nothing(line.text, line.len) && find_parser(line.text, line.len, &found);
    }
    return found == parse;
}

hashveil_status hv_quality_parse(const char *text, size_t len, unsigned *out)
{
    unsigned quality = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || quality > HV_LIST_MAX_QUALITY) {
            return HASHVEIL_ERR_FORMAT;
        }
        quality = quality * 10 + (unsigned)(text[i] - '0');
    }
    if (len == 0 || quality > HV_LIST_MAX_QUALITY) {
        return HASHVEIL_ERR_FORMAT;
    }
    *out = quality;
    return HASHVEIL_OK;
}

hashveil_status hv_text_lines_write(FILE *out, const struct hv_list_supply *supply,
                                    hv_line_print_fn *print, void *context, uint64_t *left_out)
{
    *left_out = 0;
    for (;;) {
        struct hv_list_item item;
        bool has_item;
        const hashveil_status status = supply->next(supply->context, &item, &has_item);
        if (status != HASHVEIL_OK) {
            return status;
        }
        if (!has_item) {
            return fflush(out) == 0 ? HASHVEIL_OK : hv_status_of_errno(errno);
        }
        *left_out += !print(context, out, &item);
        if (ferror(out)) {
            return hv_status_of_errno(errno);
        }
    }
}
