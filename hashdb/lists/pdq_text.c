/* SPDX-License-Identifier: Apache-2.0 */
/* Text with a PDQ hash a line: "HASH", "HASH,QUALITY" or "HASH,QUALITY,NAME", as the reference's
 * own command prints them. Empty lines and lines that begin with '#' are passed over. */
#include "hashdb/lists/list_format.h"

#include <string.h>

enum {
    MAX_LINE_BYTES = 8192, /* a hash, a quality and the longest path */
    MAX_QUALITY = 100,
    PROGRESS_LINES = 4096
};

static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};

static bool recognise(const uint8_t *start, size_t len)
{
    return memchr(start, '\0', len) == NULL;
}

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
    if (out->len > 0 && out->bytes[out->len - 1] == '\r') {
        out->len--;
    }
    out->is_too_long |= out->len > MAX_LINE_BYTES;
    return true;
}

/* Reads "100" or "100,NAME". */
static hashveil_status parse_quality(const char *text, size_t len, unsigned *out)
{
    size_t i = 0;
    unsigned quality = 0;
    for (; i < len && text[i] >= '0' && text[i] <= '9' && quality <= MAX_QUALITY; i++) {
        quality = quality * 10 + (unsigned)(text[i] - '0');
    }
    if (i == 0 || quality > MAX_QUALITY || (i < len && text[i] != ',')) {
        return HASHVEIL_ERR_FORMAT;
    }
    *out = quality;
    return HASHVEIL_OK;
}

static hashveil_status parse(const char *text, size_t len, hashveil_pdq *hash_out,
                             unsigned *quality_out)
{
    if (len < HASHVEIL_PDQ_HEX_LEN) {
        return HASHVEIL_ERR_FORMAT;
    }
    const hashveil_status status = hashveil_pdq_from_hex(text, HASHVEIL_PDQ_HEX_LEN, hash_out);
    if (status != HASHVEIL_OK || len == HASHVEIL_PDQ_HEX_LEN) {
        *quality_out = MAX_QUALITY; /* a list without qualities vouches for its hashes */
        return status;
    }
    if (text[HASHVEIL_PDQ_HEX_LEN] != ',') {
        return HASHVEIL_ERR_FORMAT;
    }
    return parse_quality(text + HASHVEIL_PDQ_HEX_LEN + 1, len - HASHVEIL_PDQ_HEX_LEN - 1,
                         quality_out);
}

static hashveil_status take_line(const struct line *line, uint64_t number,
                                 const struct hv_list_sink *sink)
{
    const char *text = line->bytes;
    size_t len = line->len;
    hashveil_pdq hash;
    unsigned quality;
    if (number == 1 && len >= sizeof byte_order_mark &&
        memcmp(text, byte_order_mark, sizeof byte_order_mark) == 0) {
        text += sizeof byte_order_mark;
        len -= sizeof byte_order_mark;
    }
    if (len == 0 || text[0] == '#') {
        return HASHVEIL_OK;
    }
    const hashveil_status status =
        line->is_too_long ? HASHVEIL_ERR_LIMIT : parse(text, len, &hash, &quality);
    return status == HASHVEIL_OK ? sink->take(sink->context, &hash, quality)
                                 : sink->problem(sink->context, number, status);
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    struct line line;
    uint64_t number = 0;
    hashveil_status status = HASHVEIL_OK;
    while (status == HASHVEIL_OK && read_line(in, &line)) {
        status = take_line(&line, ++number, sink);
        if (number % PROGRESS_LINES == 0) {
            sink->progress(sink->context, number);
        }
    }
    return status == HASHVEIL_OK && ferror(in) ? HASHVEIL_ERR_IO : status;
}

const struct hv_list_format hv_list_pdq_text = {
    .name = "PDQ text",
    .recognise = recognise,
    .read = read_list,
};
