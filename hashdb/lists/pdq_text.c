/* SPDX-License-Identifier: Apache-2.0 */
/* Text with a PDQ hash a line: "HASH", "HASH,QUALITY" or "HASH,QUALITY,NAME", as the reference's
 * own command prints them. */
#include "hashdb/lists/text_lines.h"

#include "hashdb/lists/list_item.h"

#include <string.h>

/* Any text, so that what is wrong with it is told line by line. */
static bool recognise(const uint8_t *start, size_t len)
{
    return memchr(start, '\0', len) == NULL;
}

/* Reads "100" or "100,NAME". */
static hashveil_status parse_quality(const char *text, size_t len, unsigned *out)
{
    size_t i = 0;
    unsigned quality = 0;
    for (; i < len && text[i] >= '0' && text[i] <= '9' && quality <= HV_LIST_MAX_QUALITY; i++) {
        quality = quality * 10 + (unsigned)(text[i] - '0');
    }
    if (i == 0 || quality > HV_LIST_MAX_QUALITY || (i < len && text[i] != ',')) {
        return HASHVEIL_ERR_FORMAT;
    }
    *out = quality;
    return HASHVEIL_OK;
}

hashveil_status hv_pdq_line_parse(const char *text, size_t len, struct hv_list_item *out)
{
    if (len < HASHVEIL_PDQ_HEX_LEN) {
        return HASHVEIL_ERR_FORMAT;
    }
    const hashveil_status status = hv_list_item_add_hash(out, text, HASHVEIL_PDQ_HEX_LEN);
    if (status != HASHVEIL_OK || len == HASHVEIL_PDQ_HEX_LEN) {
        return status;
    }
    if (text[HASHVEIL_PDQ_HEX_LEN] != ',') {
        return HASHVEIL_ERR_FORMAT;
    }
    return parse_quality(text + HASHVEIL_PDQ_HEX_LEN + 1, len - HASHVEIL_PDQ_HEX_LEN - 1,
                         &out->quality);
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    return hv_text_lines_read(in, hv_pdq_line_parse, sink);
}

const struct hv_list_format hv_list_pdq_text = {
    .name = "pdq",
    .meaning = "lines of PDQ hashes: HASH or HASH,QUALITY,NAME",
    .recognise = recognise,
    .read = read_list,
};
