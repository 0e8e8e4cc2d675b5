/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/hash_sharing.h"

#include "hashdb/lists/list_item.h"
#include "hashdb/lists/said_text.h"
#include "hashdb/lists/text_lines.h"

#include <string.h>

#include <libxml/xmlwriter.h>

const char *const hv_sharing_fields[HV_SHARING_FIELDS] = {
    [HV_SHARING_MEMBER] = "member",
    [HV_SHARING_ID] = "id",
    [HV_SHARING_CLASS] = "classification",
    [HV_SHARING_TIME] = "timestamp",
};

/* U+FFFE and U+FFFF, which XML 1.0 has no place for (section 2.2). */
static bool is_beyond_xml(const char *text)
{
    return strstr(text, "\xef\xbf\xbe") || strstr(text, "\xef\xbf\xbf");
}

static void print_field(xmlTextWriterPtr writer, const char *name, const char *text)
{
    if (text && text[0] != '\0') {
        xmlTextWriterWriteElement(writer, (const xmlChar *)name, (const xmlChar *)text);
    }
}

static void print_hash(xmlTextWriterPtr writer, const struct hv_list_item *item)
{
    char hex[HV_LIST_HEX_ROOM];
    hashveil_pdq_to_hex(&item->hash, hex);
    xmlTextWriterStartElement(writer, (const xmlChar *)"pdq");
    if (item->quality < HV_LIST_MAX_QUALITY) {
        xmlTextWriterWriteFormatAttribute(writer, (const xmlChar *)HV_SHARING_QUALITY, "%u",
                                          item->quality);
    }
    xmlTextWriterWriteString(writer, (const xmlChar *)hex);
    xmlTextWriterEndElement(writer);
}

static void print_fingerprints(xmlTextWriterPtr writer, const struct hv_list_item *item)
{
    char hex[HV_LIST_HEX_ROOM];
    xmlTextWriterStartElement(writer, (const xmlChar *)HV_SHARING_FINGERPRINTS);
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        hv_list_item_digest_hex(item, (hashveil_digest_kind)kind, hex);
        print_field(writer, hashveil_digest_kind_text((hashveil_digest_kind)kind), hex);
    }
    if (item->has_hash) {
        print_hash(writer, item);
    }
    xmlTextWriterEndElement(writer);
}

static bool print(void *context, FILE *out, const struct hv_list_item *item)
{
    xmlTextWriterPtr writer = context;
    char time[HV_TIME_ROOM];
    if (item->claim == HV_LIST_ALLOWS || is_beyond_xml(item->member) || is_beyond_xml(item->id) ||
        is_beyond_xml(item->label)) {
        return false;
    }
    const bool is_named = item->claim == HV_LIST_NAMES;
    hv_time_to_say(item->time_s, time);
    xmlTextWriterStartElement(
        writer, (const xmlChar *)(is_named ? HV_SHARING_IMAGE : HV_SHARING_DELETED_IMAGE));
    print_field(writer, hv_sharing_fields[HV_SHARING_MEMBER], item->member);
    print_field(writer, hv_sharing_fields[HV_SHARING_TIME], time);
    print_field(writer, hv_sharing_fields[HV_SHARING_ID], item->id);
    print_field(writer, hv_sharing_fields[HV_SHARING_CLASS],
                hv_label_to_say(item->label, HV_SHARING_SCHEME));
    if (hv_list_item_has_value(item)) {
        print_fingerprints(writer, item);
    }
    xmlTextWriterEndElement(writer);
    xmlTextWriterFlush(writer);
    fputc('\n', out);
    return true;
}

static hashveil_status write_document(xmlTextWriterPtr writer, FILE *out,
                                      const struct hv_list_supply *supply, uint64_t *left_out)
{
    xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL);
    xmlTextWriterStartElementNS(writer, NULL, (const xmlChar *)HV_SHARING_ROOT,
                                (const xmlChar *)HV_SHARING_NAMESPACE);
    xmlTextWriterStartElement(writer, (const xmlChar *)"images");
    xmlTextWriterWriteString(writer, (const xmlChar *)"\n");
    xmlTextWriterFlush(writer);
    const hashveil_status status = hv_text_lines_write(out, supply, print, writer, left_out);
    if (status == HASHVEIL_OK) {
        xmlTextWriterEndDocument(writer);
        xmlTextWriterFlush(writer);
    }
    return status == HASHVEIL_OK ? hv_document_end(out) : status;
}

/* What fails here is seen by whoever asks ferror; libxml2 would print it. */
static int write_bytes(void *context, const char *bytes, int len)
{
    fwrite(bytes, 1, (size_t)len, context);
    return len;
}

hashveil_status hv_hash_sharing_write(FILE *out, const struct hv_list_supply *supply,
                                      uint64_t *left_out)
{
    xmlOutputBufferPtr buffer = xmlOutputBufferCreateIO(write_bytes, NULL, out, NULL);
    xmlTextWriterPtr writer = buffer ? xmlNewTextWriter(buffer) : NULL; /* takes the buffer */
    if (!writer) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = write_document(writer, out, supply, left_out);
    xmlFreeTextWriter(writer);
    return status;
}
