/* SPDX-License-Identifier: Apache-2.0 */
/* Submitted XML: what the schema accepts is accepted again, and what it refuses has a reason that
 * can be printed. */
#include "tools/hashveil/submission_schema.h"

#include "fuzz.h"

#include <stdlib.h>

static bool is_printable(const char *text)
{
    bool printable = *text != '\0';
    for (; *text; text++) {
        printable = printable && *text >= ' ' && *text <= '~';
    }
    return printable;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const roots[] = {"report", "fileDetails"};
    char reason[SUBMISSION_REASON_BYTES];
    struct submission_schema *schema = submission_schema_create();
    if (!schema) {
        return 0;
    }
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        int64_t id;
        int64_t id_again;
        const bool accepted = submission_schema_accepts(schema, roots[i], bytes, len, reason, &id);
        if (accepted !=
                submission_schema_accepts(schema, roots[i], bytes, len, reason, &id_again) ||
            id != id_again || id < 0 || (!accepted && !is_printable(reason))) {
            abort();
        }
    }
    submission_schema_destroy(schema);
    return 0;
}
