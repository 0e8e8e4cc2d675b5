/* SPDX-License-Identifier: Apache-2.0 */
/* Hash-sharing XML, version 2: a queryResult with images and videos, each with the member that
 * lists it, a class and fingerprints; those that are listed no more are deletedImage and
 * deletedVideo. Read with libxml2's reader, piece by piece. A document type, and so any entity, is
 * refused; nothing is fetched. */
#include "hashdb/lists/hash_sharing.h"
#include "hashdb/lists/list_item.h"
#include "hashdb/lists/said_text.h"
#include "hashdb/lists/text_lines.h"

#include <string.h>

#include <libxml/xmlreader.h>

static const char version_end[] = "/v2";

enum { ROOT_DEPTH, GROUP_DEPTH, ITEM_DEPTH, FIELD_DEPTH, FINGERPRINT_DEPTH, MAX_DEPTH = 16 };

static const struct {
    const char *name;
    enum hv_list_claim claim;
} item_names[] = {
    {HV_SHARING_IMAGE, HV_LIST_NAMES},
    {HV_SHARING_DELETED_IMAGE, HV_LIST_WITHDRAWS},
    {"video", HV_LIST_NAMES},
    {"deletedVideo", HV_LIST_WITHDRAWS},
};

/* A list being read. */
struct reading {
    const struct hv_list_sink *sink;
    xmlTextReaderPtr reader;
    bool is_rooted;
    bool in_item, in_fingerprints;
    struct hv_list_item item;
    hashveil_status item_problem;
    uint64_t item_line, told_line;
    uint64_t text_line; /* where the last text ended */
    struct hv_said_text fields[HV_SHARING_FIELDS];
    struct hv_said_text member_id;   /* the attribute */
    struct hv_said_text fingerprint; /* the one being read */
    struct hv_said_text quality;     /* its attribute */
    struct hv_said_text *next;       /* where the text that comes belongs, or NULL */
};

static const char *name_of(const struct reading *reading)
{
    return (const char *)xmlTextReaderConstLocalName(reading->reader);
}

static uint64_t node_line(const struct reading *reading)
{
    const long line = xmlGetLineNo(xmlTextReaderCurrentNode(reading->reader));
    return line > 0 ? (uint64_t)line : 1;
}

/* Where the current piece begins. libxml2 has read on; its nodes know, but those of elements hold
 * 16 bits. Those of texts hold more, and know where they ended. */
static uint64_t line_of(const struct reading *reading)
{
    const uint64_t line = node_line(reading);
    return line >= UINT16_MAX && reading->text_line >= UINT16_MAX ? reading->text_line : line;
}

static void note_problem(struct reading *reading, hashveil_status problem)
{
    if (reading->item_problem == HASHVEIL_OK) {
        reading->item_problem = problem;
    }
}

static void take_attribute(const struct reading *reading, const char *name,
                           struct hv_said_text *out)
{
    xmlChar *value = xmlTextReaderGetAttribute(reading->reader, (const xmlChar *)name);
    *out = (struct hv_said_text){0};
    if (value) {
        hv_said_text_append(out, (const char *)value, strlen((const char *)value));
        xmlFree(value);
    }
}

static hashveil_status start_root(struct reading *reading)
{
    const char *uri = (const char *)xmlTextReaderConstNamespaceUri(reading->reader);
    const size_t len = uri ? strlen(uri) : 0;
    const size_t end_len = strlen(version_end);
    if (strcmp(name_of(reading), HV_SHARING_ROOT) != 0) {
        return hv_document_problem(reading->sink, line_of(reading), HASHVEIL_ERR_FORMAT);
    }
    if (len > 0 && (len < end_len || strcmp(uri + len - end_len, version_end) != 0)) {
        return hv_document_problem(reading->sink, line_of(reading), HASHVEIL_ERR_VERSION);
    }
    reading->is_rooted = true;
    return HASHVEIL_OK;
}

static void start_item(struct reading *reading)
{
    for (size_t i = 0; i < sizeof item_names / sizeof item_names[0]; i++) {
        if (strcmp(name_of(reading), item_names[i].name) == 0) {
            reading->in_item = true;
            reading->item = (struct hv_list_item){.claim = item_names[i].claim};
            reading->item_problem = HASHVEIL_OK;
            reading->item_line = line_of(reading);
            memset(reading->fields, 0, sizeof reading->fields);
            reading->member_id = (struct hv_said_text){0};
        }
    }
}

static void start_field(struct reading *reading)
{
    const char *name = name_of(reading);
    reading->in_fingerprints = strcmp(name, HV_SHARING_FINGERPRINTS) == 0;
    for (size_t i = 0; i < HV_SHARING_FIELDS; i++) {
        if (strcmp(name, hv_sharing_fields[i]) == 0) {
            reading->next = &reading->fields[i];
            hv_said_text_begin(reading->next);
        }
    }
    if (reading->next == &reading->fields[HV_SHARING_MEMBER]) {
        take_attribute(reading, "id", &reading->member_id);
    }
}

static void start_fingerprint(struct reading *reading)
{
    reading->fingerprint = (struct hv_said_text){0};
    reading->next = &reading->fingerprint;
    take_attribute(reading, HV_SHARING_QUALITY, &reading->quality);
}

/* Lists print their texts with white space around them. */
static void trim(struct hv_said_text *text)
{
    static const char blanks[] = " \t\r\n";
    const size_t start = strspn(text->bytes, blanks);
    size_t end = text->len;
    while (end > start && strchr(blanks, text->bytes[end - 1])) {
        end--;
    }
    memmove(text->bytes, text->bytes + start, end - start);
    text->len = end - start;
    text->bytes[text->len] = '\0';
}

static void end_fingerprint(struct reading *reading)
{
    const char *kind = name_of(reading);
    const bool had_hash = reading->item.has_hash;
    trim(&reading->fingerprint);
    hashveil_status status =
        hv_said_text_value(&reading->fingerprint, kind, strlen(kind), &reading->item);
    if (status == HASHVEIL_OK && !had_hash) {
        status = hv_said_text_quality(&reading->quality, &reading->item);
    }
    note_problem(reading, status);
}

/* A member whose name is longer than any source's of ours goes by its number. */
static hashveil_status take_member(struct reading *reading)
{
    struct hv_list_item *item = &reading->item;
    hashveil_status status =
        hv_said_text_copy(&reading->fields[HV_SHARING_MEMBER], item->member, sizeof item->member);
    if (reading->member_id.len > 0 && (status == HASHVEIL_ERR_LIMIT || item->member[0] == '\0')) {
        struct hv_said_text named = {0};
        hv_said_text_append(&named, "member ", strlen("member "));
        hv_said_text_append(&named, reading->member_id.bytes, reading->member_id.len);
        status = hv_said_text_copy(&named, item->member, sizeof item->member);
    }
    return status;
}

static hashveil_status complete_item(struct reading *reading)
{
    struct hv_list_item *item = &reading->item;
    hashveil_status status = reading->item_problem;
    for (size_t i = 0; i < HV_SHARING_FIELDS; i++) {
        trim(&reading->fields[i]);
    }
    if (status == HASHVEIL_OK) {
        status = take_member(reading);
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_copy(&reading->fields[HV_SHARING_ID], item->id, sizeof item->id);
    }
    if (status == HASHVEIL_OK) {
        status =
            hv_said_text_label(&reading->fields[HV_SHARING_CLASS], HV_SHARING_SCHEME, item->label);
    }
    if (status == HASHVEIL_OK) {
        status = hv_said_text_time(&reading->fields[HV_SHARING_TIME], &item->time_s);
    }
    return status == HASHVEIL_OK ? hv_list_item_check(item) : status;
}

static hashveil_status end_item(struct reading *reading)
{
    const struct hv_list_sink *sink = reading->sink;
    const hashveil_status status = complete_item(reading);
    reading->in_item = false;
    return status == HASHVEIL_OK ? sink->take(sink->context, &reading->item)
                                 : sink->problem(sink->context, reading->item_line, status);
}

static hashveil_status start_element(struct reading *reading, int depth)
{
    reading->next = NULL;
    if (depth == ROOT_DEPTH) {
        return start_root(reading);
    }
    if (depth == ITEM_DEPTH) {
        start_item(reading);
    } else if (depth == FIELD_DEPTH && reading->in_item) {
        start_field(reading);
    } else if (depth == FINGERPRINT_DEPTH && reading->in_item && reading->in_fingerprints) {
        start_fingerprint(reading);
    }
    return HASHVEIL_OK;
}

static hashveil_status end_element(struct reading *reading, int depth)
{
    reading->next = NULL;
    if (!reading->in_item) {
        return HASHVEIL_OK;
    }
    if (depth == FINGERPRINT_DEPTH && reading->in_fingerprints) {
        end_fingerprint(reading);
    } else if (depth == FIELD_DEPTH) {
        reading->in_fingerprints = false;
    }
    return depth == ITEM_DEPTH ? end_item(reading) : HASHVEIL_OK;
}

static void take_text(struct reading *reading)
{
    const char *text = (const char *)xmlTextReaderConstValue(reading->reader);
    if (reading->next && text) {
        hv_said_text_append(reading->next, text, strlen(text));
    }
}

/* Takes one piece of the document. */
static hashveil_status take_piece(struct reading *reading)
{
    const int depth = xmlTextReaderDepth(reading->reader);
    const int type = xmlTextReaderNodeType(reading->reader);
    if (depth > MAX_DEPTH) {
        return hv_document_problem(reading->sink, line_of(reading), HASHVEIL_ERR_LIMIT);
    }
    if (type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE) {
        return hv_document_problem(reading->sink, line_of(reading), HASHVEIL_ERR_FORMAT);
    }
    if (type == XML_READER_TYPE_ELEMENT) {
        const bool is_empty = xmlTextReaderIsEmptyElement(reading->reader) == 1;
        const hashveil_status status = start_element(reading, depth);
        return status == HASHVEIL_OK && is_empty ? end_element(reading, depth) : status;
    }
    if (type == XML_READER_TYPE_END_ELEMENT) {
        return end_element(reading, depth);
    }
    if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA) {
        take_text(reading);
    }
    if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE) {
        reading->text_line = node_line(reading);
    }
    return HASHVEIL_OK;
}

static void tell_progress(struct reading *reading)
{
    const int line = xmlTextReaderGetParserLineNumber(reading->reader);
    if (line > 0 && (uint64_t)line >= reading->told_line + HV_LINES_PROGRESS) {
        reading->told_line = (uint64_t)line;
        reading->sink->progress(reading->sink->context, reading->told_line);
    }
}

static hashveil_status read_pieces(struct reading *reading, FILE *in)
{
    hashveil_status status = HASHVEIL_OK;
    int has_piece = 1;
    while (status == HASHVEIL_OK && has_piece == 1) {
        has_piece = xmlTextReaderRead(reading->reader);
        if (has_piece == 1) {
            status = take_piece(reading);
            tell_progress(reading);
        }
    }
    if (status != HASHVEIL_OK || (has_piece == 0 && reading->is_rooted)) {
        return status;
    }
    if (ferror(in)) {
        return HASHVEIL_ERR_IO;
    }
    const int line = xmlTextReaderGetParserLineNumber(reading->reader);
    return hv_document_problem(reading->sink, line > 0 ? (uint64_t)line : 1, HASHVEIL_ERR_FORMAT);
}

static int read_bytes(void *context, char *bytes, int len)
{
    FILE *in = context;
    const size_t count = fread(bytes, 1, (size_t)len, in);
    return ferror(in) ? -1 : (int)count;
}

/* We tell what is wrong ourselves; libxml2 would print it. */
static void pass_over(void *context, xmlErrorPtr error)
{
    (void)context;
    (void)error;
}

static hashveil_status read_list(FILE *in, const struct hv_list_sink *sink)
{
    struct reading reading = {.sink = sink};
    reading.reader =
        xmlReaderForIO(read_bytes, NULL, in, NULL, NULL, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
    if (!reading.reader) {
        return ferror(in) ? HASHVEIL_ERR_IO : HASHVEIL_ERR_NO_MEMORY;
    }
    xmlTextReaderSetStructuredErrorHandler(reading.reader, pass_over, NULL);
    const hashveil_status status = read_pieces(&reading, in);
    xmlFreeTextReader(reading.reader);
    return status;
}

static bool recognise(const uint8_t *start, size_t len)
{
    static const char blanks[] = "\xef\xbb\xbf \t\r\n";
    size_t at = 0;
    while (at < len && start[at] != '\0' && strchr(blanks, start[at])) {
        at++;
    }
    return at < len && start[at] == '<' &&
           memmem(start + at, len - at, HV_SHARING_ROOT, strlen(HV_SHARING_ROOT)) != NULL;
}

const struct hv_list_format hv_list_hash_sharing_xml = {
    .name = "xml",
    .meaning = "hash-sharing XML, version 2: queryResult with images, their members and classes",
    .recognise = recognise,
    .read = read_list,
    .write = hv_hash_sharing_write,
};
