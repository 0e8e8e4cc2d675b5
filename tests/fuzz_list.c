/* SPDX-License-Identifier: Apache-2.0 */
/* Text lists: every text format reads the bytes, with what it takes sound and what it tells in
 * order, no line counted twice; what it takes it can write, and then read the same again. */
#include "fuzz.h"
#include "list_items.h"

#include <stdlib.h>
#include <string.h>

static const struct hv_list_format *const formats[] = {
    &hv_list_hashdeep,   &hv_list_signals_csv, &hv_list_checksums,
    &hv_list_pdq_fields, &hv_list_pdq_text,
};

static uint64_t count_lines(const uint8_t *bytes, size_t len)
{
    uint64_t count = len > 0 && bytes[len - 1] != '\n';
    for (size_t i = 0; i < len; i++) {
        count += bytes[i] == '\n';
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct list_items items;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const hashveil_status status =
            list_items_read(formats[i], (const char *)bytes, len, &items);
        const bool needs_header = formats[i] == &hv_list_signals_csv;
        if ((status != HASHVEIL_OK && !(needs_header && status == HASHVEIL_ERR_FORMAT)) ||
            items.count + items.problems > count_lines(bytes, len)) {
            abort();
        }
        list_items_check_again(formats[i], &items);
    }
    if (len > 0 && hv_list_recognise(bytes, len) == &hv_list_signals_csv &&
        list_items_read(&hv_list_signals_csv, (const char *)bytes, len, &items) != HASHVEIL_OK) {
        abort();
    }
    return 0;
}
