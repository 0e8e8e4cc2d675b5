/* SPDX-License-Identifier: Apache-2.0 */
/* What exchanges answer in JSON, a value a record: pages of hashRecords[], and pages of results[].
 * Both say of a record when it changed, and whether it counts no more. */
#include "hashdb/lists/json_items.h"
#include "hashdb/lists/json_writer.h"
#include "hashdb/lists/list_item.h"

#include <string.h>
#include <strings.h>

enum slot { KIND, VALUE, STATUS, TIME, QUALITY, ID };

static const struct hv_json_field record_fields[] = {
    {"signalType", HV_JSON_ITEM, KIND},   {"hashValue", HV_JSON_ITEM, VALUE},
    {"hashStatus", HV_JSON_ITEM, STATUS}, {"lastModtimestamp", HV_JSON_ITEM, TIME},
    {"quality", HV_JSON_ITEM, QUALITY},
};

static const struct hv_json_field result_fields[] = {
    {"algorithm", HV_JSON_ITEM, KIND},  {"hash_digest", HV_JSON_ITEM, VALUE},
    {"deleted", HV_JSON_ITEM, STATUS},  {"updated_on", HV_JSON_ITEM, TIME},
    {"quality", HV_JSON_ITEM, QUALITY}, {"id", HV_JSON_ITEM, ID},
};

/* What stands before the kind's own name in a signalType; the kind counts, not the medium. */
static const char *const media[] = {"Image", "Video", "File"};

static const struct {
    const char *text;
    enum hv_list_claim claim;
} record_statuses[] = {
    {"", HV_LIST_NAMES},        {"Active", HV_LIST_NAMES},        {"Received", HV_LIST_NAMES},
    {"Unknown", HV_LIST_NAMES}, {"Withdrawn", HV_LIST_WITHDRAWS}, {"Deleted", HV_LIST_WITHDRAWS},
};

static const struct {
    const char *text;
    enum hv_list_claim claim;
} result_statuses[] = {
    {"", HV_LIST_NAMES},
    {"false", HV_LIST_NAMES},
    {"true", HV_LIST_WITHDRAWS},
};

static const char *kind_without_medium(const struct hv_said_text *kind)
{
    const char *text = kind->bytes;
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++) {
        const size_t len = strlen(media[i]);
        if (kind->len > len && strncasecmp(kind->bytes, media[i], len) == 0) {
            text = kind->bytes + len;
        }
    }
    return text;
}

/* Reads what both forms say. */
static hashveil_status take_value(const struct hv_json_texts *texts, struct hv_list_item *item)
{
    const struct hv_said_text *slots = texts->slots;
    const char *kind = kind_without_medium(&slots[KIND]);
    hashveil_status status = slots[KIND].problem;
    if (item->claim == HV_LIST_NAMES && (!slots[KIND].is_said || !slots[VALUE].is_said)) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_time(&slots[TIME], &item->time_s);
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_value(&slots[VALUE], kind, strlen(kind), item);
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_quality(&slots[QUALITY], item);
    }
    return status == HASHVEIL_OK ? hv_list_item_check(item) : status;
}

static hashveil_status take_record(const struct hv_json_texts *texts, struct hv_list_item *item)
{
    for (size_t i = 0; i < sizeof record_statuses / sizeof record_statuses[0]; i++) {
        if (hv_said_text_is(&texts->slots[STATUS], record_statuses[i].text)) {
            item->claim = record_statuses[i].claim;
            return take_value(texts, item);
        }
    }
    return HASHVEIL_ERR_UNSUPPORTED;
}

static hashveil_status take_result(const struct hv_json_texts *texts, struct hv_list_item *item)
{
    const hashveil_status status = hv_said_text_copy(&texts->slots[ID], item->id, sizeof item->id);
    if (status != HASHVEIL_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof result_statuses / sizeof result_statuses[0]; i++) {
        if (hv_said_text_is(&texts->slots[STATUS], result_statuses[i].text)) {
            item->claim = result_statuses[i].claim;
            return take_value(texts, item);
        }
    }
    return HASHVEIL_ERR_UNSUPPORTED;
}

/* What is being written of an item: one of its values, or none of it but an id. */
struct value {
    const char *kind, *hex;
    bool is_hash;
};

typedef void print_value_fn(struct hv_json_writer *writer, const struct value *value,
                            const struct hv_list_item *item);

/* A record a value. */
static bool print_values(struct hv_json_writer *writer, const char *const *kinds,
                         const char *hash_kind, print_value_fn *print,
                         const struct hv_list_item *item)
{
    char hex[HV_LIST_HEX_ROOM];
    if (item->claim == HV_LIST_ALLOWS) {
        return false;
    }
    hv_json_begin(writer, NULL, NULL);
    if (item->has_hash) {
        hashveil_pdq_to_hex(&item->hash, hex);
        print(writer, &(struct value){hash_kind, hex, true}, item);
    }
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        if (item->has_digest[kind]) {
            hv_list_item_digest_hex(item, (hashveil_digest_kind)kind, hex);
            print(writer, &(struct value){kinds[kind], hex, false}, item);
        }
    }
    return true;
}

static void print_quality(struct hv_json_writer *writer, const struct value *value,
                          const struct hv_list_item *item)
{
    if (value->is_hash) {
        hv_json_quality(writer, "quality", item);
    }
}

static void print_record(struct hv_json_writer *writer, const struct value *value,
                         const struct hv_list_item *item)
{
    hv_json_open_item(writer);
    if (item->time_s != 0) {
        hv_json_number(writer, "lastModtimestamp", item->time_s);
    }
    hv_json_text(writer, "hashValue", value->hex);
    hv_json_text(writer, "hashStatus", item->claim == HV_LIST_NAMES ? "Active" : "Withdrawn");
    hv_json_text(writer, "signalType", value->kind);
    print_quality(writer, value, item);
    hv_json_close_item(writer);
}

static void print_result(struct hv_json_writer *writer, const struct value *value,
                         const struct hv_list_item *item)
{
    char time[HV_TIME_ROOM];
    hv_time_to_say(item->time_s, time);
    hv_json_open_item(writer);
    hv_json_text(writer, "id", item->id);
    hv_json_text(writer, "algorithm", value->kind);
    hv_json_text(writer, "hash_digest", value->hex);
    hv_json_name(writer, "deleted");
    yajl_gen_bool(writer->generator, item->claim == HV_LIST_WITHDRAWS);
    hv_json_text(writer, "updated_on", time);
    print_quality(writer, value, item);
    hv_json_close_item(writer);
}

/* Exchanges have no name for the other kinds of an image's digests. */
static const char *const record_kinds[HASHVEIL_DIGEST_KINDS] = {
    [HASHVEIL_DIGEST_MD5] = "VideoMD5",
    [HASHVEIL_DIGEST_SHA1] = "SHA1",
    [HASHVEIL_DIGEST_SHA256] = "SHA256",
};

static const char *const result_kinds[HASHVEIL_DIGEST_KINDS] = {
    [HASHVEIL_DIGEST_MD5] = "MD5",
    [HASHVEIL_DIGEST_SHA1] = "SHA1",
    [HASHVEIL_DIGEST_SHA256] = "SHA256",
};

/* Records have no ids, so that one without a value says nothing. */
static bool print_records_of(void *context, FILE *out, const struct hv_list_item *item)
{
    (void)out;
    return hv_list_item_has_value(item) &&
           print_values(context, record_kinds, "ImagePDQ", print_record, item);
}

static bool print_results_of(void *context, FILE *out, const struct hv_list_item *item)
{
    (void)out;
    if (!print_values(context, result_kinds, "PDQ", print_result, item)) {
        return false;
    }
    if (!hv_list_item_has_value(item)) {
        print_result(context, &(struct value){"", "", false}, item);
    }
    return true;
}

static bool recognise_records(const uint8_t *start, size_t len)
{
    return hv_json_begins_with(start, len, "\"hashRecords\"");
}

static bool recognise_results(const uint8_t *start, size_t len)
{
    return hv_json_begins_with(start, len, "\"results\"");
}

static const struct hv_json_shape records_shape = {
    .list = "hashRecords",
    .fields = record_fields,
    .field_count = sizeof record_fields / sizeof record_fields[0],
    .take_item = take_record,
};

static const struct hv_json_shape results_shape = {
    .list = "results",
    .fields = result_fields,
    .field_count = sizeof result_fields / sizeof result_fields[0],
    .take_item = take_result,
};

static hashveil_status read_records(FILE *in, const struct hv_list_sink *sink)
{
    return hv_json_items_read(in, &records_shape, sink);
}

static hashveil_status read_results(FILE *in, const struct hv_list_sink *sink)
{
    return hv_json_items_read(in, &results_shape, sink);
}

static hashveil_status write_records(FILE *out, const struct hv_list_supply *supply,
                                     uint64_t *left_out)
{
    struct hv_json_writer writer = {.list = records_shape.list};
    return hv_json_write(&writer, out, supply, print_records_of, left_out);
}

static hashveil_status write_results(FILE *out, const struct hv_list_supply *supply,
                                     uint64_t *left_out)
{
    struct hv_json_writer writer = {.list = results_shape.list};
    return hv_json_write(&writer, out, supply, print_results_of, left_out);
}

const struct hv_list_format hv_list_json_records = {
    .name = "json-records",
    .meaning = "JSON of an exchange: hashRecords[] with signalType, hashValue, hashStatus",
    .recognise = recognise_records,
    .read = read_records,
    .write = write_records,
};

const struct hv_list_format hv_list_json_results = {
    .name = "json-results",
    .meaning = "JSON of an exchange, in pages: results[] with algorithm, hash_digest, deleted",
    .recognise = recognise_results,
    .read = read_results,
    .write = write_results,
};
