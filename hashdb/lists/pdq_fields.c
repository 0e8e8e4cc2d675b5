/* SPDX-License-Identifier: Apache-2.0 */
/* Text with a PDQ hash a line among named fields: "hash=..,norm=..,delta=..,quality=..,
 * filename=..", as the reference's own command prints in detail. norm is how many bits of the hash
 * are set, delta its distance from the one before; other fields may stand there too. */
#include "hashdb/lists/list_item.h"
#include "hashdb/lists/text_lines.h"

#include <string.h>

/* One field; what it is called and says are borrowed. */
struct field {
    const char *name, *value;
    size_t name_len, value_len;
};

/* Takes the first field off. A file's name comes last, as only so commas may be in it. Returns
 * false where there is none. */
static bool take_field(const char **text, size_t *len, struct field *out)
{
    const char *value = memchr(*text, '=', *len);
    if (!value) {
        return false;
    }
    out->name = *text;
    out->name_len = (size_t)(value++ - *text);
    const size_t left = *len - out->name_len - 1;
    const bool is_last =
        out->name_len == strlen("filename") && memcmp(out->name, "filename", out->name_len) == 0;
    const char *end = is_last ? NULL : memchr(value, ',', left);
    out->value = value;
    out->value_len = end ? (size_t)(end - value) : left;
    *text = value + out->value_len + (end != NULL);
    *len = left - out->value_len - (end != NULL);
    return out->name_len > 0 && !memchr(out->name, ',', out->name_len) && (!end || *len > 0);
}

static bool is_called(const struct field *field, const char *name)
{
    return field->name_len == strlen(name) && memcmp(field->name, name, field->name_len) == 0;
}

hashveil_status hv_pdq_fields_line_parse(void *context, const char *text, size_t len,
                                         struct hv_list_item *out)
{
    unsigned quality = HV_LIST_MAX_QUALITY;
    hashveil_status status = HASHVEIL_OK;
    (void)context;
    while (len > 0 && status == HASHVEIL_OK) {
        struct field field;
        if (!take_field(&text, &len, &field)) {
            return HASHVEIL_ERR_FORMAT;
        }
        if (is_called(&field, "hash")) {
            status = hv_list_item_add_hash(out, field.value, field.value_len);
        } else if (is_called(&field, "quality")) {
            status = hv_quality_parse(field.value, field.value_len, &quality);
        }
    }
    if (status != HASHVEIL_OK || !out->has_hash) {
        return HASHVEIL_ERR_FORMAT;
    }
    out->quality = quality;
    return HASHVEIL_OK;
}

/* What was written before. */
struct printing {
    bool has_last;
    hashveil_pdq last;
};

static bool print(void *context, FILE *out, const struct hv_list_item *item)
{
    static const hashveil_pdq zero;
    struct printing *printing = context;
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    if (item->claim != HV_LIST_NAMES || !item->has_hash) {
        return false;
    }
    hashveil_pdq_to_hex(&item->hash, hex);
    fprintf(out, "hash=%s,norm=%u,delta=%u,quality=%u,filename=%s\n", hex,
            hashveil_pdq_distance(&item->hash, &zero),
            printing->has_last ? hashveil_pdq_distance(&item->hash, &printing->last) : 0,
            item->quality, hv_list_item_name(item));
    *printing = (struct printing){true, item->hash};
    return true;
}

static bool recognise(const uint8_t *start, size_t len)
{
    return hv_text_lines_begin_as(start, len, hv_pdq_fields_line_parse);
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    return hv_text_lines_read(in, hv_pdq_fields_line_parse, NULL, sink);
}

static hashveil_status write_list(FILE *out, const struct hv_list_supply *supply,
                                  uint64_t *left_out)
{
    struct printing printing = {0};
    return hv_text_lines_write(out, supply, print, &printing, left_out);
}

const struct hv_list_format hv_list_pdq_fields = {
    .name = "pdq-fields",
    .meaning = "PDQ hashes a line: hash=HASH,norm=..,delta=..,quality=..,filename=..",
    .recognise = recognise,
    .read = read_list,
    .write = write_list,
};
