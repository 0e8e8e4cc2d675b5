/* SPDX-License-Identifier: Apache-2.0 */
#include "guarded.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void guarded_init(size_t room_bytes, struct guarded *out)
{
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    const size_t pages = (room_bytes + page_bytes - 1) / page_bytes;
    const size_t map_bytes = (pages + 2) * page_bytes;
    uint8_t *map = mmap(NULL, map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED ||
        mprotect(map + page_bytes, pages * page_bytes, PROT_READ | PROT_WRITE) != 0) {
        abort();
    }
    *out = (struct guarded){map, map_bytes, page_bytes};
}

void guarded_clear(struct guarded *room)
{
    munmap(room->map, room->map_bytes);
    *room = (struct guarded){0};
}

void *guarded_bytes(const struct guarded *room, size_t len, bool is_at_end)
{
    if (len > room->map_bytes - 2 * room->page_bytes) {
        abort();
    }
    return is_at_end ? room->map + room->map_bytes - room->page_bytes - len
                     : room->map + room->page_bytes;
}
