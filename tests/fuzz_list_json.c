/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in JSON: every form reads the bytes, and what it takes it can write and read again. */
#include "fuzz.h"
#include "list_items.h"

static const struct hv_list_format *const formats[] = {
    &hv_list_json_records,
    &hv_list_json_results,
    &hv_list_odata,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        list_items_check_format(formats[i], bytes, len);
    }
    return 0;
}
