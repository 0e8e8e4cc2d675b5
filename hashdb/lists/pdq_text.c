/* SPDX-License-Identifier: Apache-2.0 */
/* Text with a PDQ hash a line: "HASH", "HASH,QUALITY" or "HASH,QUALITY,NAME", as the reference's
 * own command prints them, and "pdq HASH", as the publishers' exchange tool does. */
#include "hashdb/lists/list_item.h"
#include "hashdb/lists/text_lines.h"

#include <string.h>

static const char kind[] = "pdq ";

enum { KIND_LEN = sizeof kind - 1 };

/* Any text, so that what is wrong with it is told line by line. */
static bool recognise(const uint8_t *start, size_t len)
{
    return memchr(start, '\0', len) == NULL;
}

hashveil_status hv_pdq_line_parse(void *context, const char *text, size_t len,
                                  struct hv_list_item *out)
{
    (void)context;
    if (len == KIND_LEN + HASHVEIL_PDQ_HEX_LEN && memcmp(text, kind, KIND_LEN) == 0) {
        return hv_list_item_add_hash(out, text + KIND_LEN, HASHVEIL_PDQ_HEX_LEN);
    }
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
    const char *quality = text + HASHVEIL_PDQ_HEX_LEN + 1;
    const size_t left = len - HASHVEIL_PDQ_HEX_LEN - 1;
    const char *end = memchr(quality, ',', left);
    return hv_quality_parse(quality, end ? (size_t)(end - quality) : left, &out->quality);
}

static bool print(void *context, FILE *out, const struct hv_list_item *item)
{
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    (void)context;
    if (item->claim != HV_LIST_NAMES || !item->has_hash) {
        return false;
    }
    hashveil_pdq_to_hex(&item->hash, hex);
    fprintf(out, "%s,%u\n", hex, item->quality);
    return true;
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    return hv_text_lines_read(in, hv_pdq_line_parse, NULL, sink);
}

static hashveil_status write_list(FILE *out, const struct hv_list_supply *supply,
                                  uint64_t *left_out)
{
    return hv_text_lines_write(out, supply, print, NULL, left_out);
}

const struct hv_list_format hv_list_pdq_text = {
    .name = "pdq",
    .meaning = "PDQ hashes a line: HASH, HASH,QUALITY,NAME or pdq HASH",
    .recognise = recognise,
    .read = read_list,
    .write = write_list,
};
