/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text in HTML. */
#ifndef HASHVEIL_TOOLS_HTML_TEXT_H
#define HASHVEIL_TOOLS_HTML_TEXT_H

#include <stdio.h>

/* Writes text as content, or as a value between double quotes; control characters and bytes that
 * are no UTF-8 are escaped as everywhere. */
void html_write_text(FILE *out, const char *text);

#endif
