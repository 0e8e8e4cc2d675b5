/* SPDX-License-Identifier: Apache-2.0 */
/* Forms that name a report: what is read is a number whose digits are in the body. */
#include "tools/hashveil/submission_form.h"

#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    int64_t id;
    char digits[24];
    if (!submission_form_id(bytes, len, &id)) {
        return 0;
    }
    const int digit_count = snprintf(digits, sizeof digits, "%" PRId64, id);
    if (id < 0 || !memmem(bytes, len, digits, (size_t)digit_count)) {
        abort();
    }
    return 0;
}
