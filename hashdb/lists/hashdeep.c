/* SPDX-License-Identifier: Apache-2.0 */
/* Files of hashdeep: a header that names the columns, and a row a file, "SIZE,DIGEST,..,NAME".
 * Names may hold commas and are not kept, sizes are not needed.
 *
 * Source: hashdeep's own FILEFORMAT, version 1.0. */
#include "hashdb/lists/list_item.h"
#include "hashdb/lists/text_lines.h"

#include <string.h>

static const char head[] = "%%%% ";
static const char version_head[] = "%%%% HASHDEEP-";
static const char version_line[] = "%%%% HASHDEEP-1.0";
static const char columns_line[] = "%%%% size,md5,sha1,sha256,filename";

enum { MAX_COLUMNS = 16, MAX_COLUMN_LEN = 15 };

/* What the header says; count is 0 until there is one. The last column is the name's. */
struct header {
    char columns[MAX_COLUMNS][MAX_COLUMN_LEN + 1];
    size_t count;
};

/* Borrowed text, from which field after field is taken. */
struct rest {
    const char *text;
    size_t len;
    bool is_over;
};

static struct rest take_field(struct rest *rest)
{
    const char *end = memchr(rest->text, ',', rest->len);
    const struct rest field = {rest->text, end ? (size_t)(end - rest->text) : rest->len, !end};
    rest->text += field.len + (end != NULL);
    rest->len -= field.len + (end != NULL);
    rest->is_over = !end;
    return field;
}

static bool begins_with(const char *text, size_t len, const char *start)
{
    return len >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

static hashveil_status parse_columns(struct header *header, struct rest rest)
{
    size_t count = 0;
    header->count = 0;
    while (!rest.is_over) {
        const struct rest field = take_field(&rest);
        if (count == MAX_COLUMNS) {
            return HASHVEIL_ERR_LIMIT;
        }
        const hashveil_status status = hv_list_text_copy(
            field.text, field.len, header->columns[count], sizeof header->columns[count]);
        if (status != HASHVEIL_OK) {
            return status;
        }
        count++;
    }
    if (count < 2 || strcmp(header->columns[0], "size") != 0 ||
        strcmp(header->columns[count - 1], "filename") != 0) {
        return HASHVEIL_ERR_FORMAT;
    }
    header->count = count;
    return HASHVEIL_OK;
}

static bool is_number(struct rest field)
{
    size_t digits = 0;
    while (digits < field.len && field.text[digits] >= '0' && field.text[digits] <= '9') {
        digits++;
    }
    return digits > 0 && digits == field.len;
}

static hashveil_status parse_row(const struct header *header, struct rest rest,
                                 struct hv_list_item *out)
{
    if (header->count == 0 || !is_number(take_field(&rest))) {
        return HASHVEIL_ERR_FORMAT;
    }
    for (size_t i = 1; i + 1 < header->count && !rest.is_over; i++) {
        const struct rest field = take_field(&rest);
        const hashveil_status status =
            field.len == 0
                ? HASHVEIL_OK
                : hv_list_item_add_value(out, header->columns[i], strlen(header->columns[i]),
                                         field.text, field.len);
        if (status != HASHVEIL_OK && status != HASHVEIL_ERR_UNSUPPORTED) {
            return status;
        }
    }
    if (rest.is_over || rest.len == 0) {
        return HASHVEIL_ERR_FORMAT;
    }
    return hv_list_item_has_value(out) ? HASHVEIL_OK : HASHVEIL_ERR_UNSUPPORTED;
}

static hashveil_status parse(void *context, const char *text, size_t len, struct hv_list_item *out)
{
    struct header *header = context;
    if (begins_with(text, len, version_head)) {
        return len == strlen(version_line) && begins_with(text, len, version_line)
                   ? HASHVEIL_OK
                   : HASHVEIL_ERR_VERSION;
    }
    if (begins_with(text, len, head)) {
        return parse_columns(header, (struct rest){text + strlen(head), len - strlen(head), false});
    }
    return parse_row(header, (struct rest){text, len, false}, out);
}

/* A digest that an item lacks leaves its column empty; hashdeep takes the others all the same. We
 * don't know sizes, so hashdeep says of a file that it finds that only its digests are the same. */
static bool print(void *context, FILE *out, const struct hv_list_item *item)
{
    struct hv_list_item digests = *item;
    (void)context;
    digests.has_hash = false;
    if (item->claim != HV_LIST_NAMES || !hv_list_item_has_value(&digests)) {
        return false;
    }
    fputs("0,", out);
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        char hex[HV_LIST_HEX_ROOM];
        hv_list_item_digest_hex(item, (hashveil_digest_kind)kind, hex);
        fprintf(out, "%s,", hex);
    }
    fprintf(out, "%s\n", hv_list_item_name(item));
    return true;
}

static bool recognise(const uint8_t *start, size_t len)
{
    const struct hv_line line = hv_first_line(start, len);
    return begins_with(line.text, line.len, version_head);
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    struct header header = {0};
    return hv_text_lines_read(in, parse, &header, sink);
}

static hashveil_status write_list(FILE *out, const struct hv_list_supply *supply,
                                  uint64_t *left_out)
{
    fprintf(out, "%s\n%s\n## sizes are not known\n", version_line, columns_line);
    return hv_text_lines_write(out, supply, print, NULL, left_out);
}

const struct hv_list_format hv_list_hashdeep = {
    .name = "hashdeep",
    .meaning = "files of hashdeep: %%%% HASHDEEP-1.0, then SIZE,DIGEST,..,NAME a line",
    .recognise = recognise,
    .read = read_list,
    .write = write_list,
};
