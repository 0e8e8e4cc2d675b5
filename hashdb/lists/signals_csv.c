/* SPDX-License-Identifier: Apache-2.0 */
/* CSV (RFC 4180) with a value a row, under a header that names at least the columns signal_type and
 * signal_str; others that we know are below, and what else there is is passed over. Rows that stand
 * together with the same "item" speak of one file. */
#include "hashdb/lists/csv_rows.h"
#include "hashdb/lists/list_item.h"
#include "hashdb/lists/text_lines.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* What a column says, and what lists call it; the first name of each is what we write. */
enum role { TYPE, VALUE, QUALITY, ITEM, ID, LABEL, MEMBER, STATUS, TIME, ROLE_COUNT };

static const struct {
    const char *name;
    enum role role;
} columns[] = {
    {"signal_type", TYPE},
    {"signal_str", VALUE},
    {"quality", QUALITY},
    {"item", ITEM},
    {"id", ID},
    {"label", LABEL},
    {"category", LABEL},
    {"member", MEMBER},
    {"status", STATUS},
    {"time_s", TIME},
};

static const char header_line[] =
    "signal_type,signal_str,quality,item,id,label,member,status,time_s\n";

static const struct {
    const char *text;
    enum hv_list_claim claim;
} statuses[] = {
    {"", HV_LIST_NAMES},
    {"active", HV_LIST_NAMES},
    {"malicious", HV_LIST_NAMES},
    {"withdrawn", HV_LIST_WITHDRAWS},
    {"deleted", HV_LIST_WITHDRAWS},
    {"removed", HV_LIST_WITHDRAWS},
    {"allowed", HV_LIST_ALLOWS},
    {"disputed", HV_LIST_ALLOWS},
    {"non_malicious", HV_LIST_ALLOWS},
};

enum { NO_COLUMN = HV_CSV_MAX_FIELDS };

/* One field; borrowed. */
struct field {
    const char *text;
    size_t len;
};

/* An item, and what the column ITEM says of it, "" for nothing. */
struct keyed_item {
    struct hv_list_item item;
    char key[HV_LIST_ID_MAX_LEN + 1];
};

/* A list being read. */
struct reading {
    const struct hv_list_sink *sink;
    size_t places[ROLE_COUNT]; /* the column of each role, or NO_COLUMN */
    struct keyed_item waiting; /* for further rows */
    bool has_waiting;
};

static struct field field_at(const struct hv_csv_row *row, size_t place)
{
    return place < row->count
               ? (struct field){row->bytes + row->fields[place].start, row->fields[place].len}
               : (struct field){"", 0};
}

static bool is_called(struct field field, const char *name)
{
    return field.len == strlen(name) && strncasecmp(field.text, name, field.len) == 0;
}

/* Returns whether the row is a header of this format. */
static bool find_columns(const struct hv_csv_row *row, size_t places[ROLE_COUNT])
{
    for (size_t role = 0; role < ROLE_COUNT; role++) {
        places[role] = NO_COLUMN;
    }
    for (size_t place = 0; place < row->count; place++) {
        for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
            if (is_called(field_at(row, place), columns[i].name)) {
                places[columns[i].role] = place;
            }
        }
    }
    return places[TYPE] != NO_COLUMN && places[VALUE] != NO_COLUMN;
}

static hashveil_status parse_claim(struct field field, enum hv_list_claim *out)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (is_called(field, statuses[i].text)) {
            *out = statuses[i].claim;
            return HASHVEIL_OK;
        }
    }
    return HASHVEIL_ERR_UNSUPPORTED;
}

static hashveil_status parse_time(struct field field, uint64_t *out)
{
    uint64_t time_s = 0;
    for (size_t i = 0; i < field.len; i++) {
        const char digit = field.text[i];
        if (digit < '0' || digit > '9' || __builtin_mul_overflow(time_s, 10, &time_s) ||
            __builtin_add_overflow(time_s, (uint64_t)(digit - '0'), &time_s)) {
            return HASHVEIL_ERR_FORMAT;
        }
    }
    *out = time_s;
    return HASHVEIL_OK;
}

/* What a row says beside its value. */
static hashveil_status parse_words(const struct field *fields, struct hv_list_item *out)
{
    const struct {
        struct field field;
        char *place;
        size_t room;
    } texts[] = {
        {fields[ID], out->id, sizeof out->id},
        {fields[LABEL], out->label, sizeof out->label},
        {fields[MEMBER], out->member, sizeof out->member},
    };
    hashveil_status status = parse_time(fields[TIME], &out->time_s);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == HASHVEIL_OK; i++) {
        status = hv_list_text_copy(texts[i].field.text, texts[i].field.len, texts[i].place,
                                   texts[i].room);
    }
    return status;
}

/* A row that withdraws may leave its value out. */
static hashveil_status parse_value(const struct field *fields, struct hv_list_item *out)
{
    if (fields[TYPE].len == 0 && fields[VALUE].len == 0) {
        return out->claim == HV_LIST_WITHDRAWS && out->id[0] != '\0' ? HASHVEIL_OK
                                                                     : HASHVEIL_ERR_FORMAT;
    }
    const bool had_hash = out->has_hash;
    const hashveil_status status = hv_list_item_add_value(out, fields[TYPE].text, fields[TYPE].len,
                                                          fields[VALUE].text, fields[VALUE].len);
    return status == HASHVEIL_OK && out->has_hash && !had_hash && fields[QUALITY].len > 0
               ? hv_quality_parse(fields[QUALITY].text, fields[QUALITY].len, &out->quality)
               : status;
}

/* Whether two speak of one file. */
static bool belong_together(const struct keyed_item *a, const struct keyed_item *b)
{
    return a->key[0] != '\0' && strcmp(a->key, b->key) == 0 && a->item.claim == b->item.claim;
}

/* Gives what a row says, with what the rows before it say of the same file. */
static hashveil_status parse_row(const struct reading *reading, const struct hv_csv_row *row,
                                 struct keyed_item *out)
{
    struct field fields[ROLE_COUNT];
    for (size_t role = 0; role < ROLE_COUNT; role++) {
        fields[role] = field_at(row, reading->places[role]);
    }
    out->item = (struct hv_list_item){0};
    hashveil_status status =
        hv_list_text_copy(fields[ITEM].text, fields[ITEM].len, out->key, sizeof out->key);
    if (status == HASHVEIL_OK) {
        status = parse_claim(fields[STATUS], &out->item.claim);
    }
    if (status == HASHVEIL_OK && reading->has_waiting && belong_together(out, &reading->waiting)) {
        *out = reading->waiting;
    }
    if (status == HASHVEIL_OK) {
        status = parse_words(fields, &out->item);
    }
    return status == HASHVEIL_OK ? parse_value(fields, &out->item) : status;
}

static hashveil_status give_waiting(struct reading *reading)
{
    const bool has_waiting = reading->has_waiting;
    reading->has_waiting = false;
    return has_waiting ? reading->sink->take(reading->sink->context, &reading->waiting.item)
                       : HASHVEIL_OK;
}

static hashveil_status take_item(struct reading *reading, const struct keyed_item *item)
{
    hashveil_status status = HASHVEIL_OK;
    if (!belong_together(item, &reading->waiting)) {
        status = give_waiting(reading);
    }
    reading->waiting = *item;
    reading->has_waiting = true;
    return status == HASHVEIL_OK && item->key[0] == '\0' ? give_waiting(reading) : status;
}

static bool is_of_row(hashveil_status status)
{
    return status == HASHVEIL_ERR_FORMAT || status == HASHVEIL_ERR_LIMIT;
}

/* Reads the header. Nothing behind one that is not ours can be understood. */
static hashveil_status read_header(struct hv_csv *csv, struct reading *reading)
{
    uint64_t line;
    bool has_row;
    const hashveil_status status = hv_csv_next(csv, &line, &has_row);
    if (status != HASHVEIL_OK) {
        return is_of_row(status) ? HASHVEIL_ERR_FORMAT : status;
    }
    return has_row && find_columns(&csv->row, reading->places) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

/* Reads one row. Errors: those that end the reading. */
static hashveil_status read_row(struct hv_csv *csv, struct reading *reading, bool *has_row)
{
    uint64_t line;
    struct keyed_item item;
    hashveil_status status = hv_csv_next(csv, &line, has_row);
    if (status == HASHVEIL_OK && (!*has_row || csv->row.count == 0)) {
        return HASHVEIL_OK;
    }
    if (status != HASHVEIL_OK && !is_of_row(status)) {
        return status;
    }
    if (status == HASHVEIL_OK) {
        status = parse_row(reading, &csv->row, &item);
    }
    return status == HASHVEIL_OK ? take_item(reading, &item)
                                 : reading->sink->problem(reading->sink->context, line, status);
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    struct hv_csv csv;
    struct reading reading = {.sink = sink};
    uint64_t told = 0;
    bool has_row = true;
    hashveil_status status = hv_csv_init(&csv, in);
    if (status == HASHVEIL_OK) {
        status = read_header(&csv, &reading);
    }
    while (status == HASHVEIL_OK && has_row) {
        status = read_row(&csv, &reading, &has_row);
        if (csv.lines_done - told >= HV_LINES_PROGRESS) {
            told = csv.lines_done;
            sink->progress(sink->context, told);
        }
    }
    hv_csv_clear(&csv);
    return status == HASHVEIL_OK ? give_waiting(&reading) : status;
}

static bool recognise(const uint8_t *start, size_t len)
{
    struct hv_csv_row row;
    size_t places[ROLE_COUNT];
    const struct hv_line line = hv_first_line(start, len);
    return hv_csv_split(&line, &row) && find_columns(&row, places);
}

static const char *status_text(enum hv_list_claim claim)
{
    size_t i = 1; /* behind "" */
    while (statuses[i].claim != claim) {
        i++;
    }
    return statuses[i].text;
}

/* What is being written. */
struct row {
    const char *type, *value;
    unsigned quality;
    uint64_t number;
};

/* Texts are quoted, as they may have commas in them. */
static void print_row(FILE *out, const struct row *row, const struct hv_list_item *item)
{
    fprintf(out, "%s,%s,", row->type, row->value);
    if (row->quality <= HV_LIST_MAX_QUALITY) {
        fprintf(out, "%u", row->quality);
    }
    fprintf(out, ",%" PRIu64, row->number);
    const char *const texts[] = {item->id, item->label, item->member};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fputc(',', out);
        if (texts[i][0] != '\0') {
            csv_fwrite(out, texts[i], strlen(texts[i]));
        }
    }
    fprintf(out, ",%s,%" PRIu64 "\n", status_text(item->claim), item->time_s);
}

static bool print(void *context, FILE *out, const struct hv_list_item *item)
{
    uint64_t *count = context;
    char hex[HV_LIST_HEX_ROOM];
    struct row row = {"", "", HV_LIST_MAX_QUALITY + 1, ++*count};
    if (item->has_hash) {
        hashveil_pdq_to_hex(&item->hash, hex);
        print_row(out, &(struct row){"pdq", hex, item->quality, row.number}, item);
    }
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        if (item->has_digest[kind]) {
            hv_list_item_digest_hex(item, (hashveil_digest_kind)kind, hex);
            row.type = hashveil_digest_kind_text((hashveil_digest_kind)kind);
            row.value = hex;
            print_row(out, &row, item);
        }
    }
    if (!hv_list_item_has_value(item)) {
        print_row(out, &row, item);
    }
    return true;
}

static hashveil_status write_list(FILE *out, const struct hv_list_supply *supply,
                                  uint64_t *left_out)
{
    uint64_t count = 0;
    fputs(header_line, out);
    return hv_text_lines_write(out, supply, print, &count, left_out);
}

const struct hv_list_format hv_list_signals_csv = {
    .name = "csv",
    .meaning = "CSV with a header: signal_type,signal_str and what else is known of each",
    .recognise = recognise,
    .read = read_list,
    .write = write_list,
};
