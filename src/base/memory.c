/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdlib.h>

void *hv_alloc_array(size_t count, size_t element_bytes)
{
    size_t total_bytes;
    if (__builtin_mul_overflow(count, element_bytes, &total_bytes)) {
        return NULL;
    }
    return calloc(1, total_bytes ? total_bytes : 1);
}

void *hv_copy_bytes(const void *bytes, size_t len)
{
    void *copy = hv_alloc_array(len, 1);
    if (copy && len) {
        memcpy(copy, bytes, len);
    }
    return copy;
}
