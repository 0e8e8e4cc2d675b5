/* SPDX-License-Identifier: Apache-2.0 */
#include "html_text.h"

#include "output.h"

#include <stdlib.h>

void html_write_text(FILE *out, const char *text)
{
    char *escaped = escape_foreign(text, true);
    for (const char *at = escaped ? escaped : "?"; *at; at++) {
        switch (*at) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*at, out);
            break;
        }
    }
    free(escaped);
}
