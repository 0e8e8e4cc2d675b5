/* SPDX-License-Identifier: Apache-2.0 */
#include "submission_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stub_report_xsd.h> /* made by the build */

struct submission_schema {
    xmlSchemaPtr parsed;
};

/* libxml2 would print what it finds. */
static void stay_silent(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

struct submission_schema *submission_schema_create(void)
{
    struct submission_schema *schema = calloc(1, sizeof *schema);
    xmlSchemaParserCtxtPtr parser =
        xmlSchemaNewMemParserCtxt(stub_report_xsd, (int)sizeof stub_report_xsd - 1);
    if (schema && parser) {
        xmlSchemaSetParserErrors(parser, stay_silent, stay_silent, NULL);
        schema->parsed = xmlSchemaParse(parser);
    }
    xmlSchemaFreeParserCtxt(parser);
    if (!schema || !schema->parsed) {
        free(schema);
        return NULL;
    }
    return schema;
}

void submission_schema_destroy(struct submission_schema *schema)
{
    if (schema) {
        xmlSchemaFree(schema->parsed);
        free(schema);
    }
}

const char *submission_schema_text(void)
{
    return stub_report_xsd;
}

/* What is foreign in it becomes '?'. */
static void set_reason(char out[SUBMISSION_REASON_BYTES], const char *message, int line)
{
    if (out[0] == '\0') { /* the first reason is the one to tell */
        snprintf(out, SUBMISSION_REASON_BYTES, "line %d: %s", line,
                 message ? message : "no memory");
    }
    out[strcspn(out, "\n")] = '\0';
    for (char *at = out; *at; at++) {
        if (*at < ' ' || *at > '~') {
            *at = '?';
        }
    }
}

static void take_error(void *reason, xmlErrorPtr error)
{
    set_reason(reason, error->message, error->line);
}

static bool is_valid(struct submission_schema *schema, xmlDocPtr document,
                     char reason_out[SUBMISSION_REASON_BYTES])
{
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema->parsed);
    if (!context) {
        set_reason(reason_out, NULL, 0);
        return false;
    }
    xmlSchemaSetValidStructuredErrors(context, take_error, reason_out);
    const bool valid = xmlSchemaValidateDoc(context, document) == 0;
    xmlSchemaFreeValidCtxt(context);
    return valid;
}

static int64_t id_of(xmlNodePtr root)
{
    int64_t id = 0;
    for (xmlNodePtr child = xmlFirstElementChild(root); child;
         child = xmlNextElementSibling(child)) {
        if (strcmp((const char *)child->name, "reportId") == 0) {
            xmlChar *text = xmlNodeGetContent(child);
            id = text ? strtoll((const char *)text, NULL, 10) : 0;
            xmlFree(text);
        }
    }
    return id;
}

/* Returns a document, to be freed, or NULL with a reason. */
static xmlDocPtr parse(const uint8_t *xml, size_t len, char reason_out[SUBMISSION_REASON_BYTES])
{
    static const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    xmlDocPtr document =
        parser ? xmlCtxtReadMemory(parser, (const char *)xml, (int)len, NULL, NULL, options) : NULL;
    if (!document) {
        const xmlError *error = parser ? xmlCtxtGetLastError(parser) : NULL;
        set_reason(reason_out, error ? error->message : "it is empty", error ? error->line : 1);
    }
    xmlFreeParserCtxt(parser);
    return document;
}

bool submission_schema_accepts(struct submission_schema *schema, const char *root,
                               const uint8_t *xml, size_t len,
                               char reason_out[SUBMISSION_REASON_BYTES], int64_t *id_out)
{
    reason_out[0] = '\0';
    *id_out = 0;
    if (len > SUBMISSION_MAX_XML_BYTES) {
        set_reason(reason_out, "the document is too long", 1);
        return false;
    }
    xmlDocPtr document = parse(xml, len, reason_out);
    const xmlNode *element = document ? xmlDocGetRootElement(document) : NULL;
    bool accepted = false;
    if (document && document->intSubset) {
        set_reason(reason_out, "a document type declaration is not taken", 1);
    } else if (document && (!element || strcmp((const char *)element->name, root) != 0)) {
        set_reason(reason_out, "the document's element is not the one that belongs here", 1);
    } else if (document && is_valid(schema, document, reason_out)) {
        *id_out = id_of(xmlDocGetRootElement(document));
        accepted = true;
    }
    xmlFreeDoc(document);
    return accepted;
}
