/* SPDX-License-Identifier: Apache-2.0 */
/* Stored reports as one XML document in the shape of CyberTipline reports (stub_report.xsd). */
#ifndef HASHVEIL_TOOLS_REPORT_XML_H
#define HASHVEIL_TOOLS_REPORT_XML_H

#include "report_review.h"
#include "report_store.h"

/* What each export says of itself, so that nobody takes it for a real report. */
#define REPORT_STUB_NOTICE                                                                         \
    "This is a test: a record of a stub reporter, which forwards nothing to anybody"

/* A document on stdout. Failure to write is told when the process exits. */
struct report_xml;

/* Returns NULL without memory. */
struct report_xml *report_xml_begin(void);

/* Returns false without memory, or when stdout fails. */
bool report_xml_add(struct report_xml *xml, const struct stored_report *report,
                    const struct report_review *review);

/* Writes the document's end when is_whole, and releases it. Accepts NULL. */
void report_xml_end(struct report_xml *xml, bool is_whole);

#endif
