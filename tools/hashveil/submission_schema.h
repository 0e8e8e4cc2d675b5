/* SPDX-License-Identifier: Apache-2.0 */
/* Submitted XML against the schema stub_report.xsd, which the program has in itself. */
#ifndef HASHVEIL_TOOLS_SUBMISSION_SCHEMA_H
#define HASHVEIL_TOOLS_SUBMISSION_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Used by one thread at a time. */
struct submission_schema;

enum {
    SUBMISSION_MAX_XML_BYTES = 65536,
    SUBMISSION_REASON_BYTES = 200 /* why a document is refused; one line of printable ASCII */
};

/* Returns NULL without memory. */
struct submission_schema *submission_schema_create(void);

/* Accepts NULL. */
void submission_schema_destroy(struct submission_schema *schema);

/* The text of the schema, ended by NUL; static. */
const char *submission_schema_text(void);

/* Checks a document of that root element. One with a document type declaration is refused.
 *
 * xml         len bytes, any content; borrowed for the call
 * reason_out  why not, when it returns false
 * id_out      the number in its element reportId; 0 where there is none */
bool submission_schema_accepts(struct submission_schema *schema, const char *root,
                               const uint8_t *xml, size_t len,
                               char reason_out[SUBMISSION_REASON_BYTES], int64_t *id_out);

#endif
