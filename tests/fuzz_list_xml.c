/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in XML: the bytes are read, and what is taken can be written and read again. */
#include "fuzz.h"
#include "list_items.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    list_items_check_format(&hv_list_hash_sharing_xml, bytes, len);
    return 0;
}
