/* SPDX-License-Identifier: Apache-2.0 */
#include "report_xml.h"

#include "output.h"
#include "report_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlwriter.h>

struct report_xml {
    xmlTextWriterPtr writer;
};

static const xmlChar *xml_text(const char *text)
{
    return (const xmlChar *)text;
}

static void begin(struct report_xml *xml, const char *name)
{
    xmlTextWriterStartElement(xml->writer, xml_text(name));
}

static void end(struct report_xml *xml)
{
    xmlTextWriterEndElement(xml->writer);
}

static void element(struct report_xml *xml, const char *name, const char *text)
{
    xmlTextWriterWriteElement(xml->writer, xml_text(name), xml_text(text));
}

static void attribute(struct report_xml *xml, const char *name, const char *text)
{
    xmlTextWriterWriteAttribute(xml->writer, xml_text(name), xml_text(text));
}

static void time_as(struct report_xml *xml, const char *name, uint64_t seconds,
                    void (*write)(struct report_xml *xml, const char *name, const char *text))
{
    char text[TIME_TEXT_BYTES];
    format_time(seconds, text);
    write(xml, name, text);
}

/* What fails here sticks to stdout; libxml2 would print it. */
static int write_bytes(void *context, const char *bytes, int len)
{
    (void)context;
    fwrite(bytes, 1, (size_t)len, stdout);
    return len;
}

struct report_xml *report_xml_begin(void)
{
    struct report_xml *xml = calloc(1, sizeof *xml);
    xmlOutputBufferPtr buffer = xmlOutputBufferCreateIO(write_bytes, NULL, NULL, NULL);
    xmlTextWriterPtr writer = buffer ? xmlNewTextWriter(buffer) : NULL; /* takes the buffer */
    if (!xml || !writer) {
        xmlFreeTextWriter(writer);
        free(xml);
        return NULL;
    }
    xml->writer = writer;
    xmlTextWriterSetIndent(writer, 1);
    xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL);
    begin(xml, "stubExport");
    attribute(xml, "notice", REPORT_STUB_NOTICE);
    return xml;
}

static void add_report(struct report_xml *xml, const struct stored_report *report)
{
    begin(xml, "report");
    begin(xml, "incidentSummary");
    element(xml, "incidentType", "Test of a stub reporter");
    time_as(xml, "incidentDateTime", report->time_s, element);
    end(xml);
    begin(xml, "internetDetails");
    begin(xml, "chatImIncident");
    element(xml, "chatClient", "hashveil");
    end(xml);
    end(xml);
    begin(xml, "reporter");
    begin(xml, "reportingPerson");
    element(xml, "firstName", "Stub");
    element(xml, "lastName", "Reporter");
    end(xml);
    end(xml);
    element(xml, "additionalInfo", REPORT_STUB_NOTICE);
    end(xml);
}

static void add_hash(struct report_xml *xml, const char *kind, const char *hash)
{
    if (*hash) {
        begin(xml, "originalFileHash");
        attribute(xml, "hashType", kind);
        xmlTextWriterWriteString(xml->writer, xml_text(hash));
        end(xml);
    }
}

/* XML 1.0 (section 2.2) has no place for U+FFFE and U+FFFF, which a label may hold; they become
 * U+FFFD. text: UTF-8. */
static void make_writable(char *text)
{
    for (char *at = strstr(text, "\xef\xbf"); at; at = strstr(at + 2, "\xef\xbf")) {
        if (at[2] == '\xbe' || at[2] == '\xbf') {
            at[2] = '\xbd';
        }
    }
}

static bool add_labels(struct report_xml *xml, const char *labels)
{
    while (*labels) {
        char *label = report_next_label(&labels);
        if (!label) {
            return false;
        }
        make_writable(label);
        xmlTextWriterWriteFormatString(xml->writer, "; label %s", label);
        free(label);
    }
    return true;
}

static bool add_file(struct report_xml *xml, const struct stored_report *report)
{
    static const char *const kinds[HASHVEIL_DIGEST_KINDS] = {"MD5", "SHA1", "SHA256"};
    begin(xml, "fileDetails");
    element(xml, "fileViewedByEsp", "false"); /* nobody has the file */
    add_hash(xml, "PDQ", report->hash);
    for (unsigned i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        add_hash(xml, kinds[i], report->digests[i]);
    }
    begin(xml, "additionalInfo");
    xmlTextWriterWriteFormatString(xml->writer, REPORT_STUB_NOTICE "; matched by %s; record %s",
                                   report->matched_by, report->record);
    const bool is_added = add_labels(xml, report->labels);
    end(xml);
    end(xml);
    return is_added;
}

bool report_xml_add(struct report_xml *xml, const struct stored_report *report,
                    const struct report_review *review)
{
    begin(xml, "stubReport");
    attribute(xml, "id", report->id);
    attribute(xml, "state", report->state);
    attribute(xml, "review", review_state_text(review->state));
    if (review->state != REVIEW_NEW) {
        time_as(xml, "reviewed", review->time_s, attribute);
    }
    if (report->has_distance) {
        xmlTextWriterWriteFormatAttribute(xml->writer, xml_text("distanceBits"), "%u",
                                          report->distance_bits);
    }
    add_report(xml, report);
    const bool is_added = add_file(xml, report);
    end(xml);
    return is_added && !output_failed();
}

void report_xml_end(struct report_xml *xml, bool is_whole)
{
    if (!xml) {
        return;
    }
    if (is_whole) {
        xmlTextWriterEndDocument(xml->writer);
    }
    xmlFreeTextWriter(xml->writer);
    free(xml);
}
