/* SPDX-License-Identifier: Apache-2.0 */
/* Memory between two pages that may not be touched: one byte too far ends the program, even where
 * no sanitizer watches. Allocation failure ends it too. */
#ifndef HV_TESTS_GUARDED_H
#define HV_TESTS_GUARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guarded {
    uint8_t *map; /* owned; the guards and all between them */
    size_t map_bytes, page_bytes;
};

/* room_bytes: the most that will be asked for at once. */
void guarded_init(size_t room_bytes, struct guarded *out);
void guarded_clear(struct guarded *room);

/* Returns the first or the last len bytes between the guards. */
void *guarded_bytes(const struct guarded *room, size_t len, bool is_at_end);

#endif
