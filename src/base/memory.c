/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LARGE_PAGE_BYTES = 2 << 20 };

void *hv_alloc_array(size_t count, size_t element_bytes)
{
    size_t total_bytes;
    if (__builtin_mul_overflow(count, element_bytes, &total_bytes)) {
        return NULL;
    }
    return calloc(1, total_bytes ? total_bytes : 1);
}

void *hv_alloc_scattered(size_t count, size_t element_bytes)
{
    void *block = NULL;
    size_t total_bytes;
    if (__builtin_mul_overflow(count, element_bytes, &total_bytes)) {
        return NULL;
    }
    if (total_bytes < (size_t)LARGE_PAGE_BYTES) {
        return hv_alloc_array(count, element_bytes);
    }
    if (posix_memalign(&block, LARGE_PAGE_BYTES, total_bytes) != 0) {
        return NULL;
    }
    (void)madvise(block, total_bytes, MADV_HUGEPAGE); /* without, it is as good, but slower */
    return memset(block, 0, total_bytes);
}

void *hv_copy_bytes(const void *bytes, size_t len)
{
    void *copy = hv_alloc_array(len, 1);
    if (copy && len) {
        memcpy(copy, bytes, len);
    }
    return copy;
}
