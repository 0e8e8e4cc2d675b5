/* SPDX-License-Identifier: Apache-2.0 */
/* The one field of the forms that finish and retract: id, a report's number. */
#ifndef HASHVEIL_TOOLS_SUBMISSION_FORM_H
#define HASHVEIL_TOOLS_SUBMISSION_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a body of "id=NUMBER", or of multipart/form-data with that field alone (RFC 7578).
 *
 * body  len bytes, any content
 *
 * Returns false when it is anything else. */
bool submission_form_id(const uint8_t *body, size_t len, int64_t *out);

#endif
