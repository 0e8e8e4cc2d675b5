/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that cannot overflow, and the handling of secrets. */
#ifndef HV_BASE_MEMORY_H
#define HV_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Returns count zeroed elements to be released with free, or NULL. Never NULL for a count of 0. */
void *hv_alloc_array(size_t count, size_t element_bytes);

/* As hv_alloc_array, for what is large and read here and there: in large pages where the system has
 * them to give, which spare it most of its looking up of addresses. */
void *hv_alloc_scattered(size_t count, size_t element_bytes);

/* Copies len bytes (0 allowed) into a new block to be released with free; NULL without memory. */
void *hv_copy_bytes(const void *bytes, size_t len);

/* Cannot be optimised away. */
static inline void hv_wipe(void *bytes, size_t len)
{
    explicit_bzero(bytes, len);
}

/* Takes time that depends on len alone. */
static inline bool hv_equal_secret(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint8_t diff = 0;
    for (size_t i = 0; i < len; i++) {
        diff |= a[i] ^ b[i];
    }
    return diff == 0;
}

#endif
