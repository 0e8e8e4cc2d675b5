/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/json_items.h"

#include "hashdb/lists/list_item.h"
#include "hashdb/lists/text_lines.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yajl/yajl_parse.h>

enum { CHUNK_BYTES = 65536, LIST_DEPTH = 2, ITEM_DEPTH = 3, PARTS_DEPTH = 4, PART_DEPTH = 5 };

static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};

/* A list being read. */
struct reading {
    const struct hv_json_shape *shape;
    const struct hv_list_sink *sink;
    yajl_handle parser;
    hashveil_status status; /* what ends the reading */

    /* Where the parser stands: lines are counted up to `counted` of the chunk. */
    const uint8_t *chunk;
    size_t counted;
    uint64_t line, told_line;
    size_t token_bytes; /* fed since something was last understood */

    unsigned depth; /* open objects and arrays */
    bool has_list, in_list, in_item, in_parts, in_part;
    bool is_list_next, are_parts_next; /* the last key names such */
    struct hv_said_text *next;         /* the last key's slot, or NULL */

    struct hv_json_texts texts;
    struct hv_list_item item;
    hashveil_status item_problem;
    uint64_t item_line;
};

static void count_lines(struct reading *reading, size_t end)
{
    while (reading->counted < end) {
        const uint8_t *at = reading->chunk + reading->counted;
        const uint8_t *line_end = memchr(at, '\n', end - reading->counted);
        if (!line_end) {
            reading->counted = end;
            return;
        }
        reading->counted = (size_t)(line_end - reading->chunk) + 1;
        reading->line++;
    }
}

/* Every callback begins with this: something was understood. */
static void note_token(struct reading *reading)
{
    count_lines(reading, yajl_get_bytes_consumed(reading->parser));
    reading->token_bytes = 0;
}

static int go_on(const struct reading *reading)
{
    return reading->status == HASHVEIL_OK;
}

static enum hv_json_place place_of(const struct reading *reading)
{
    if (reading->in_part && reading->depth == PART_DEPTH) {
        return HV_JSON_PART;
    }
    if (reading->in_item && reading->depth == ITEM_DEPTH) {
        return HV_JSON_ITEM;
    }
    return reading->depth == 1 ? HV_JSON_DOCUMENT : HV_JSON_ELSEWHERE;
}

static void forget(struct reading *reading, enum hv_json_place place)
{
    for (size_t i = 0; i < reading->shape->field_count; i++) {
        const struct hv_json_field *field = &reading->shape->fields[i];
        if (field->place == place) {
            reading->texts.slots[field->slot] = (struct hv_said_text){0};
        }
    }
}

static void tell_problem(struct reading *reading, uint64_t line, hashveil_status problem)
{
    reading->status = reading->sink->problem(reading->sink->context, line, problem);
}

static void end_part(struct reading *reading)
{
    if (reading->item_problem == HASHVEIL_OK) {
        reading->item_problem = reading->shape->take_part(&reading->texts, &reading->item);
    }
}

static void end_item(struct reading *reading)
{
    if (reading->item_problem == HASHVEIL_OK) {
        reading->item_problem = reading->shape->take_item(&reading->texts, &reading->item);
    }
    if (reading->item_problem != HASHVEIL_OK) {
        tell_problem(reading, reading->item_line, reading->item_problem);
    } else {
        reading->status = reading->sink->take(reading->sink->context, &reading->item);
    }
}

/* Goes into an object or an array. */
static void go_down(struct reading *reading)
{
    reading->depth++;
    if (reading->depth > HV_JSON_MAX_DEPTH) {
        reading->status = hv_document_problem(reading->sink, reading->line, HASHVEIL_ERR_LIMIT);
    }
    if (reading->next) {
        hv_said_text_begin(reading->next);
        reading->next = NULL;
    }
}

/* Whether what comes is an element of the list. */
static bool is_element(const struct reading *reading)
{
    return reading->in_list && reading->depth == LIST_DEPTH;
}

static int start_map(void *context)
{
    struct reading *reading = context;
    note_token(reading);
    go_down(reading);
    if (reading->in_list && reading->depth == ITEM_DEPTH) {
        reading->in_item = true;
        reading->item = (struct hv_list_item){0};
        reading->item_problem = HASHVEIL_OK;
        reading->item_line = reading->line;
        forget(reading, HV_JSON_ITEM);
    } else if (reading->in_parts && reading->depth == PART_DEPTH) {
        reading->in_part = true;
        forget(reading, HV_JSON_PART);
    }
    reading->is_list_next = false;
    reading->are_parts_next = false;
    return go_on(reading);
}

static int start_array(void *context)
{
    struct reading *reading = context;
    note_token(reading);
    if (is_element(reading)) {
        tell_problem(reading, reading->line, HASHVEIL_ERR_FORMAT);
    }
    go_down(reading);
    if (reading->is_list_next && reading->depth == LIST_DEPTH) {
        reading->in_list = true;
        reading->has_list = true;
    } else if (reading->are_parts_next && reading->depth == PARTS_DEPTH) {
        reading->in_parts = true;
    }
    reading->is_list_next = false;
    reading->are_parts_next = false;
    return go_on(reading);
}

static int end_map(void *context)
{
    struct reading *reading = context;
    note_token(reading);
    if (place_of(reading) == HV_JSON_PART) {
        reading->in_part = false;
        end_part(reading);
    } else if (place_of(reading) == HV_JSON_ITEM) {
        reading->in_item = false;
        end_item(reading);
    }
    reading->depth--;
    if (reading->depth == 0) {
        forget(reading, HV_JSON_DOCUMENT); /* the next one says its own */
    }
    return go_on(reading);
}

static int end_array(void *context)
{
    struct reading *reading = context;
    note_token(reading);
    if (reading->in_parts && reading->depth == PARTS_DEPTH) {
        reading->in_parts = false;
    } else if (is_element(reading)) {
        reading->in_list = false;
    }
    reading->depth--;
    return go_on(reading);
}

static bool is_called(const char *name, const unsigned char *text, size_t len)
{
    return len == strlen(name) && strncasecmp((const char *)text, name, len) == 0;
}

static bool names_parts(const struct hv_json_shape *shape, const unsigned char *text, size_t len)
{
    const char *const *part = shape->parts;
    while (part && *part && !is_called(*part, text, len)) {
        part++;
    }
    return part && *part;
}

static int take_key(void *context, const unsigned char *text, size_t len)
{
    struct reading *reading = context;
    const enum hv_json_place place = place_of(reading);
    note_token(reading);
    reading->next = NULL;
    for (size_t i = 0; i < reading->shape->field_count && !reading->next; i++) {
        const struct hv_json_field *field = &reading->shape->fields[i];
        if (field->place == place && is_called(field->name, text, len)) {
            reading->next = &reading->texts.slots[field->slot];
        }
    }
    reading->is_list_next = place == HV_JSON_DOCUMENT && is_called(reading->shape->list, text, len);
    reading->are_parts_next = place == HV_JSON_ITEM && names_parts(reading->shape, text, len);
    return 1;
}

static int take_text(struct reading *reading, const char *text, size_t len)
{
    note_token(reading);
    if (is_element(reading)) {
        tell_problem(reading, reading->line, HASHVEIL_ERR_FORMAT);
    } else if (reading->next) {
        hv_said_text_begin(reading->next);
        hv_said_text_append(reading->next, text, len);
    }
    reading->next = NULL;
    return go_on(reading);
}

static int take_string(void *context, const unsigned char *text, size_t len)
{
    return take_text(context, (const char *)text, len);
}

static int take_number(void *context, const char *text, size_t len)
{
    return take_text(context, text, len);
}

static int take_boolean(void *context, int is_true)
{
    return is_true ? take_text(context, "true", strlen("true"))
                   : take_text(context, "false", strlen("false"));
}

static int take_null(void *context)
{
    return take_text(context, "", 0);
}

static const yajl_callbacks callbacks = {
    .yajl_null = take_null,
    .yajl_boolean = take_boolean,
    .yajl_number = take_number,
    .yajl_string = take_string,
    .yajl_start_map = start_map,
    .yajl_map_key = take_key,
    .yajl_end_map = end_map,
    .yajl_start_array = start_array,
    .yajl_end_array = end_array,
};

/* Ends the reading after what yajl says. */
static hashveil_status status_of(struct reading *reading, yajl_status parsed)
{
    if (parsed == yajl_status_error && reading->status == HASHVEIL_OK) {
        count_lines(reading, yajl_get_bytes_consumed(reading->parser));
        reading->status = hv_document_problem(reading->sink, reading->line, HASHVEIL_ERR_FORMAT);
    }
    return reading->status;
}

static hashveil_status parse_chunk(struct reading *reading, const uint8_t *chunk, size_t len)
{
    reading->chunk = chunk;
    reading->counted = 0;
    reading->token_bytes += len;
    const hashveil_status status = status_of(reading, yajl_parse(reading->parser, chunk, len));
    if (status != HASHVEIL_OK) {
        return status;
    }
    count_lines(reading, len);
    if (reading->token_bytes > HV_JSON_MAX_TOKEN_BYTES) {
        return hv_document_problem(reading->sink, reading->line, HASHVEIL_ERR_LIMIT);
    }
    if (reading->line - reading->told_line >= HV_LINES_PROGRESS) {
        reading->told_line = reading->line;
        reading->sink->progress(reading->sink->context, reading->line);
    }
    return HASHVEIL_OK;
}

static hashveil_status read_chunks(FILE *in, struct reading *reading)
{
    uint8_t chunk[CHUNK_BYTES];
    size_t len = fread(chunk, 1, sizeof chunk, in);
    size_t start =
        len >= sizeof byte_order_mark && memcmp(chunk, byte_order_mark, sizeof byte_order_mark) == 0
            ? sizeof byte_order_mark
            : 0;
    hashveil_status status = HASHVEIL_OK;
    while (len > 0 && status == HASHVEIL_OK) {
        status = parse_chunk(reading, chunk + start, len - start);
        reading->chunk = NULL;
        start = 0;
        len = status == HASHVEIL_OK ? fread(chunk, 1, sizeof chunk, in) : 0;
    }
    if (status == HASHVEIL_OK && ferror(in)) {
        return HASHVEIL_ERR_IO;
    }
    return status;
}

/* What is open at the end, or has no list, was no whole document. */
static hashveil_status end_document(struct reading *reading)
{
    const uint64_t line = reading->line; /* of the end, whatever yajl reads of its own there */
    const yajl_status parsed = yajl_complete_parse(reading->parser);
    if (reading->status != HASHVEIL_OK) {
        return reading->status;
    }
    return parsed == yajl_status_ok && reading->has_list
               ? HASHVEIL_OK
               : hv_document_problem(reading->sink, line, HASHVEIL_ERR_FORMAT);
}

hashveil_status hv_json_items_read(FILE *in, const struct hv_json_shape *shape,
                                   const struct hv_list_sink *sink)
{
    struct reading reading = {.shape = shape, .sink = sink, .line = 1};
    reading.parser = yajl_alloc(&callbacks, NULL, &reading);
    if (!reading.parser) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    (void)yajl_config(reading.parser, yajl_allow_multiple_values, 1); /* an option it has */
    hashveil_status status = read_chunks(in, &reading);
    if (status == HASHVEIL_OK) {
        status = end_document(&reading);
    }
    yajl_free(reading.parser);
    return status;
}

bool hv_json_begins_with(const uint8_t *start, size_t len, const char *name)
{
    const char *text = (const char *)start;
    if (len >= sizeof byte_order_mark &&
        memcmp(text, byte_order_mark, sizeof byte_order_mark) == 0) {
        text += sizeof byte_order_mark;
        len -= sizeof byte_order_mark;
    }
    while (len > 0 && strchr(" \t\r\n", *text) && *text != '\0') {
        text++;
        len--;
    }
    return len > 0 && *text == '{' && memmem(text, len, name, strlen(name)) != NULL;
}
