/* SPDX-License-Identifier: Apache-2.0 */
/* Checksum files: "DIGEST  NAME" and "DIGEST *NAME", as md5sum, sha1sum and sha256sum print them,
 * "KIND (NAME) = DIGEST" as with --tag or of BSD, each with a backslash in front where the name is
 * escaped, and MD5 and SHA-1 digests alone. 64 digits alone would be a PDQ hash. */
#include "hashdb/lists/list_item.h"
#include "hashdb/lists/text_lines.h"

#include <string.h>

/* Of a kind whose digest alone says what it is, and of "KIND (NAME) = ". */
static const struct {
    const char *tag;
    hashveil_digest_kind kind;
    bool stands_alone;
} kinds[] = {
    {"MD5", HASHVEIL_DIGEST_MD5, true},
    {"SHA1", HASHVEIL_DIGEST_SHA1, true},
    {"SHA256", HASHVEIL_DIGEST_SHA256, false},
};

static const char tag_open[] = " (";
static const char tag_close[] = ") = ";

enum { TAG_OPEN_LEN = sizeof tag_open - 1, TAG_CLOSE_LEN = sizeof tag_close - 1 };

/* A name is not kept, but what is no name makes the line no checksum's: in an escaped one every
 * backslash begins the escape of a backslash or a line's end. */
static bool is_name(const char *text, size_t len, bool is_escaped)
{
    for (size_t i = 0; i < len && is_escaped; i++) {
        if (text[i] == '\\' && (++i == len || !strchr("\\nr", text[i]))) {
            return false;
        }
    }
    return len > 0 && memchr(text, '\0', len) == NULL;
}

/* "DIGEST", "DIGEST  NAME" or "DIGEST *NAME". */
static hashveil_status parse_plain(const char *text, size_t len, size_t row, bool is_escaped,
                                   struct hv_list_item *out)
{
    const size_t digits = 2 * hashveil_digest_len(kinds[row].kind);
    const bool is_named = len > digits + 2 && text[digits] == ' ' &&
                          (text[digits + 1] == ' ' || text[digits + 1] == '*') &&
                          is_name(text + digits + 2, len - digits - 2, is_escaped);
    const bool is_alone = len == digits && kinds[row].stands_alone && !is_escaped;
    return is_named || is_alone ? hv_list_item_add_digest(out, kinds[row].kind, text, digits)
                                : HASHVEIL_ERR_FORMAT;
}

/* "KIND (NAME) = DIGEST"; a name may hold brackets. */
static hashveil_status parse_tagged(const char *text, size_t len, size_t row, bool is_escaped,
                                    struct hv_list_item *out)
{
    const size_t digits = 2 * hashveil_digest_len(kinds[row].kind);
    const size_t head_len = strlen(kinds[row].tag) + TAG_OPEN_LEN;
    const size_t tail_len = TAG_CLOSE_LEN + digits;
    if (len < head_len + tail_len) {
        return HASHVEIL_ERR_FORMAT;
    }
    const char *tail = text + len - tail_len;
    const bool is_tagged = memcmp(text, kinds[row].tag, head_len - TAG_OPEN_LEN) == 0 &&
                           memcmp(text + head_len - TAG_OPEN_LEN, tag_open, TAG_OPEN_LEN) == 0 &&
                           memcmp(tail, tag_close, TAG_CLOSE_LEN) == 0 &&
                           is_name(text + head_len, len - head_len - tail_len, is_escaped);
    return is_tagged ? hv_list_item_add_digest(out, kinds[row].kind, tail + TAG_CLOSE_LEN, digits)
                     : HASHVEIL_ERR_FORMAT;
}

hashveil_status hv_checksum_line_parse(void *context, const char *text, size_t len,
                                       struct hv_list_item *out)
{
    const bool is_escaped = len > 0 && text[0] == '\\';
    hashveil_status status = HASHVEIL_ERR_FORMAT;
    (void)context;
    for (size_t row = 0; row < sizeof kinds / sizeof kinds[0] && status == HASHVEIL_ERR_FORMAT;
         row++) {
        status = parse_plain(text + is_escaped, len - is_escaped, row, is_escaped, out);
        if (status == HASHVEIL_ERR_FORMAT) {
            status = parse_tagged(text + is_escaped, len - is_escaped, row, is_escaped, out);
        }
    }
    return status;
}

/* A line a digest. All have a name: without one, 64 digits would be a PDQ hash. */
static bool print(void *context, FILE *out, const struct hv_list_item *item)
{
    (void)context;
    bool has_digest = false;
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS && item->claim == HV_LIST_NAMES; kind++) {
        if (item->has_digest[kind]) {
            char hex[HV_LIST_HEX_ROOM];
            hv_list_item_digest_hex(item, (hashveil_digest_kind)kind, hex);
            fprintf(out, "%s  %s\n", hex, hv_list_item_name(item));
            has_digest = true;
        }
    }
    return has_digest;
}

/* By its first line that is one of a list at all: no line is both a checksum's and a PDQ hash's. */
static bool recognise(const uint8_t *start, size_t len)
{
    return hv_text_lines_begin_as(start, len, hv_checksum_line_parse);
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    return hv_text_lines_read(in, hv_checksum_line_parse, NULL, sink);
}

static hashveil_status write_list(FILE *out, const struct hv_list_supply *supply,
                                  uint64_t *left_out)
{
    return hv_text_lines_write(out, supply, print, NULL, left_out);
}

const struct hv_list_format hv_list_checksums = {
    .name = "checksums",
    .meaning = "digests a line, as of md5sum, sha1sum and sha256sum, or MD5 and SHA-1 alone",
    .recognise = recognise,
    .read = read_list,
    .write = write_list,
};
