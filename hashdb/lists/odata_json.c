/* SPDX-License-Identifier: Apache-2.0 */
/* Media in OData JSON, as Project VIC and CAID exchange them: value[] of MediaID, Category, MD5,
 * SHA1 and further hashes by name. Categories are a region's, and the metadata URL names the
 * region:
 * ".../2.0.xml/US/$metadata#Media". Category 0 is what is known and of no concern.
 *
 * Sources: VICS data model 2.0; OData JSON format 4.01, sections 4.6.1 (context URL), 15.3 (deleted
 * entity). */
#include "hashdb/lists/json_items.h"
#include "hashdb/lists/json_writer.h"
#include "hashdb/lists/list_item.h"

#include <stdio.h>
#include <string.h>

enum slot {
    DOCUMENT_CONTEXT,
    CONTEXT,
    REMOVED,
    ID,
    CATEGORY,
    MD5,
    SHA1,
    TIME,
    NAME,
    VALUE,
    QUALITY
};

static const struct hv_json_field fields[] = {
    {"@odata.context", HV_JSON_DOCUMENT, DOCUMENT_CONTEXT},
    {"@context", HV_JSON_DOCUMENT, DOCUMENT_CONTEXT},
    {"odata.metadata", HV_JSON_DOCUMENT, DOCUMENT_CONTEXT},
    {"@odata.context", HV_JSON_ITEM, CONTEXT},
    {"@removed", HV_JSON_ITEM, REMOVED},
    {"@odata.removed", HV_JSON_ITEM, REMOVED},
    {"MediaID", HV_JSON_ITEM, ID},
    {"Category", HV_JSON_ITEM, CATEGORY},
    {"MD5", HV_JSON_ITEM, MD5},
    {"SHA1", HV_JSON_ITEM, SHA1},
    {"DateUpdated", HV_JSON_ITEM, TIME},
    {"HashName", HV_JSON_PART, NAME},
    {"HashValue", HV_JSON_PART, VALUE},
    {"Quality", HV_JSON_PART, QUALITY},
};

static const char *const parts[] = {"Hashes", "AlternativeHashes", NULL};

static const char context_start[] = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml";
static const char context_end[] = "/$metadata#Media";
static const char known_good[] = "0";

/* Schemes: the region's, with one that has a name of its own. */
static const char any_scheme[] = "VIC";
static const char region_scheme_start[] = "VIC_";
static const struct {
    const char *region, *scheme;
} named_schemes[] = {{"UK", "CAID_UK"}};

/* Finds the region in "http://HOST/../2.0.xml/REGION/$metadata#Media". Returns its length, 0 where
 * the URL names none. */
static size_t find_region(const char *url, const char **out)
{
    static const char model_end[] = ".xml/";
    const char *start = strstr(url, model_end);
    *out = start ? start + strlen(model_end) : url;
    const size_t len = start ? strcspn(*out, ":/") : 0; /* a colon would end the scheme */
    return (*out)[len] == '/' ? len : 0;
}

/* Gives the scheme of a region's categories, cut where it is longer than any label. */
static void scheme_of(const struct hv_said_text *context, char out[HV_SAID_TEXT_ROOM])
{
    const char *region;
    const size_t len = find_region(context->bytes, &region);
    for (size_t i = 0; i < sizeof named_schemes / sizeof named_schemes[0]; i++) {
        if (len == strlen(named_schemes[i].region) &&
            memcmp(region, named_schemes[i].region, len) == 0) {
            snprintf(out, HV_SAID_TEXT_ROOM, "%s", named_schemes[i].scheme);
            return;
        }
    }
    snprintf(out, HV_SAID_TEXT_ROOM, "%s%.*s", len > 0 ? region_scheme_start : any_scheme,
             HASHVEIL_LABEL_MAX_LEN < len ? HASHVEIL_LABEL_MAX_LEN : (int)len, region);
}

/* Gives the region whose categories a label is of, "" for none. Returns false where it is not one
 * of a region's. */
static bool region_of(const char *label, char out[HASHVEIL_LABEL_MAX_LEN + 1])
{
    const size_t scheme_len = strcspn(label, ":");
    const size_t start_len = strlen(region_scheme_start);
    out[0] = '\0';
    for (size_t i = 0; i < sizeof named_schemes / sizeof named_schemes[0]; i++) {
        if (scheme_len == strlen(named_schemes[i].scheme) &&
            memcmp(label, named_schemes[i].scheme, scheme_len) == 0) {
            snprintf(out, HASHVEIL_LABEL_MAX_LEN + 1, "%s", named_schemes[i].region);
            return true;
        }
    }
    if (scheme_len > start_len && memcmp(label, region_scheme_start, start_len) == 0 &&
        !memchr(label, '/', scheme_len)) {
        snprintf(out, HASHVEIL_LABEL_MAX_LEN + 1, "%.*s", (int)(scheme_len - start_len),
                 label + start_len);
        return true;
    }
    return scheme_len == strlen(any_scheme) && memcmp(label, any_scheme, scheme_len) == 0;
}

static bool is_known_good(const char *label)
{
    char region[HASHVEIL_LABEL_MAX_LEN + 1];
    return region_of(label, region) && strcmp(label + strcspn(label, ":") + 1, known_good) == 0;
}

static hashveil_status take_part(const struct hv_json_texts *texts, struct hv_list_item *item)
{
    const struct hv_said_text *name = &texts->slots[NAME];
    const bool had_hash = item->has_hash;
    if (name->problem != HASHVEIL_OK) {
        return name->problem;
    }
    const hashveil_status status =
        hv_said_text_value(&texts->slots[VALUE], name->bytes, name->len, item);
    return status == HASHVEIL_OK && !had_hash ? hv_said_text_quality(&texts->slots[QUALITY], item)
                                              : status;
}

/* A category of null is that of a file at which nobody has looked yet. */
static hashveil_status take_category(const struct hv_json_texts *texts, struct hv_list_item *item)
{
    const struct hv_said_text *category = &texts->slots[CATEGORY];
    const struct hv_said_text *context =
        &texts->slots[texts->slots[CONTEXT].is_said ? CONTEXT : DOCUMENT_CONTEXT];
    char scheme[HV_SAID_TEXT_ROOM];
    if (texts->slots[REMOVED].is_said) {
        item->claim = HV_LIST_WITHDRAWS;
    } else if (category->is_said && category->len == 0) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    if (context->problem != HASHVEIL_OK) {
        return context->problem;
    }
    scheme_of(context, scheme);
    const hashveil_status status = hv_said_text_label(category, scheme, item->label);
    if (item->claim == HV_LIST_NAMES && is_known_good(item->label)) {
        item->claim = HV_LIST_ALLOWS;
    }
    return status;
}

static hashveil_status take_item(const struct hv_json_texts *texts, struct hv_list_item *item)
{
    const struct hv_said_text *slots = texts->slots;
    hashveil_status status = take_category(texts, item);
    if (status == HASHVEIL_OK) {
        status = hv_said_text_copy(&slots[ID], item->id, sizeof item->id);
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_time(&slots[TIME], &item->time_s);
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_value(&slots[MD5], "md5", strlen("md5"), item);
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_value(&slots[SHA1], "sha1", strlen("sha1"), item);
    }
    return status == HASHVEIL_OK ? hv_list_item_check(item) : status;
}

/* A list being written; its first item says which region the document's categories are of. */
struct writing {
    struct hv_json_writer writer; /* first */
    char region[HASHVEIL_LABEL_MAX_LEN + 1];
};

static void context_of(const char *region, char out[HV_SAID_TEXT_ROOM])
{
    snprintf(out, HV_SAID_TEXT_ROOM, "%s%s%s%s", context_start, *region ? "/" : "", region,
             context_end);
}

static void print_hash(struct hv_json_writer *writer, const char *kind, const char *hex,
                       const struct hv_list_item *item)
{
    yajl_gen_map_open(writer->generator);
    hv_json_text(writer, "HashName", kind);
    hv_json_text(writer, "HashValue", hex);
    if (item) {
        hv_json_quality(writer, "Quality", item);
    }
    yajl_gen_map_close(writer->generator);
}

static void print_hashes(struct hv_json_writer *writer, const struct hv_list_item *item)
{
    char hex[HV_LIST_HEX_ROOM];
    if (!item->has_hash && !item->has_digest[HASHVEIL_DIGEST_SHA256]) {
        return;
    }
    hv_json_name(writer, parts[0]);
    yajl_gen_array_open(writer->generator);
    if (item->has_hash) {
        hashveil_pdq_to_hex(&item->hash, hex);
        print_hash(writer, "PDQ", hex, item);
    }
    if (item->has_digest[HASHVEIL_DIGEST_SHA256]) {
        hv_list_item_digest_hex(item, HASHVEIL_DIGEST_SHA256, hex);
        print_hash(writer, "SHA256", hex, NULL);
    }
    yajl_gen_array_close(writer->generator);
}

/* Categories are numbers and ids mostly are; what isn't one stays a text. */
static void print_word(struct hv_json_writer *writer, const char *name, const char *word)
{
    const size_t len = strlen(word);
    const bool is_number =
        len > 0 && len <= 9 && strspn(word, "0123456789") == len && (word[0] != '0' || len == 1);
    if (is_number) {
        hv_json_name(writer, name);
        yajl_gen_number(writer->generator, word, len);
    } else {
        hv_json_text(writer, name, word);
    }
}

static void print_category(struct writing *writing, const struct hv_list_item *item)
{
    char region[HASHVEIL_LABEL_MAX_LEN + 1];
    char context[HV_SAID_TEXT_ROOM];
    char scheme[HV_SAID_TEXT_ROOM];
    struct hv_said_text said = {0};
    const bool is_regional = region_of(item->label, region);
    if (is_regional && strcmp(region, writing->region) != 0) {
        context_of(region, context);
        hv_json_text(&writing->writer, "@odata.context", context);
    }
    context_of(is_regional ? region : writing->region, context);
    hv_said_text_append(&said, context, strlen(context));
    scheme_of(&said, scheme);
    const char *category = hv_label_to_say(item->label, scheme);
    if (item->claim == HV_LIST_ALLOWS && !is_known_good(item->label)) {
        category = known_good;
    }
    print_word(&writing->writer, "Category", category ? category : "");
}

static bool print(void *context, FILE *out, const struct hv_list_item *item)
{
    struct writing *writing = context;
    struct hv_json_writer *writer = &writing->writer;
    char text[HV_SAID_TEXT_ROOM];
    (void)out;
    if (item->claim == HV_LIST_NAMES && is_known_good(item->label)) {
        return false; /* it would be read as the contrary */
    }
    if (!writer->has_begun) {
        (void)region_of(item->label, writing->region);
        context_of(writing->region, text);
        hv_json_begin(writer, "@odata.context", text);
    }
    hv_json_open_item(writer);
    if (item->claim == HV_LIST_WITHDRAWS) {
        hv_json_name(writer, "@removed");
        yajl_gen_map_open(writer->generator);
        hv_json_text(writer, "reason", "deleted");
        yajl_gen_map_close(writer->generator);
    }
    print_word(writer, "MediaID", item->id);
    print_category(writing, item);
    hv_list_item_digest_hex(item, HASHVEIL_DIGEST_MD5, text);
    hv_json_text(writer, "MD5", text);
    hv_list_item_digest_hex(item, HASHVEIL_DIGEST_SHA1, text);
    hv_json_text(writer, "SHA1", text);
    print_hashes(writer, item);
    hv_time_to_say(item->time_s, text);
    hv_json_text(writer, "DateUpdated", text);
    hv_json_close_item(writer);
    return true;
}

static bool recognise(const uint8_t *start, size_t len)
{
    return hv_json_begins_with(start, len, "\"value\"");
}

static const struct hv_json_shape shape = {
    .list = "value",
    .parts = parts,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .take_part = take_part,
    .take_item = take_item,
};

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    return hv_json_items_read(in, &shape, sink);
}

static hashveil_status write_list(FILE *out, const struct hv_list_supply *supply,
                                  uint64_t *left_out)
{
    struct writing writing = {.writer = {.list = shape.list}};
    return hv_json_write(&writing.writer, out, supply, print, left_out);
}

const struct hv_list_format hv_list_odata = {
    .name = "odata",
    .meaning = "OData JSON as of Project VIC and CAID: value[] with MediaID, Category, MD5, SHA1",
    .recognise = recognise,
    .read = read_list,
    .write = write_list,
};
