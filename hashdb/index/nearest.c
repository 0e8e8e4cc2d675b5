/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/nearest.h"

#include <stdlib.h>

static int compare_hits(const void *a, const void *b)
{
    const hashveil_index_hit *x = a;
    const hashveil_index_hit *y = b;
    if (x->distance != y->distance) {
        return x->distance < y->distance ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

static void swap(hashveil_index_hit *a, hashveil_index_hit *b)
{
    const hashveil_index_hit other = *a;
    *a = *b;
    *b = other;
}

static void sift_up(hashveil_index_hit *hits, size_t place)
{
    while (place > 0 && compare_hits(&hits[(place - 1) / 2], &hits[place]) < 0) {
        swap(&hits[(place - 1) / 2], &hits[place]);
        place = (place - 1) / 2;
    }
}

static void sift_down(hashveil_index_hit *hits, size_t count)
{
    size_t place = 0;
    for (size_t child = 1; child < count; child = 2 * place + 1) {
        child += child + 1 < count && compare_hits(&hits[child], &hits[child + 1]) < 0;
        if (compare_hits(&hits[place], &hits[child]) >= 0) {
            break;
        }
        swap(&hits[place], &hits[child]);
        place = child;
    }
}

hashveil_status hv_nearest_keep(void *context, uint64_t number, unsigned distance)
{
    struct hv_nearest *nearest = context;
    const hashveil_index_hit hit = {number, distance};
    nearest->count++;
    if (nearest->kept < nearest->room) {
        nearest->hits[nearest->kept] = hit;
        sift_up(nearest->hits, nearest->kept++);
    } else if (nearest->room > 0 && compare_hits(&hit, &nearest->hits[0]) < 0) {
        nearest->hits[0] = hit;
        sift_down(nearest->hits, nearest->room);
    }
    return HASHVEIL_OK;
}

size_t hv_nearest_sort(struct hv_nearest *nearest)
{
    if (nearest->kept > 0) {
        qsort(nearest->hits, nearest->kept, sizeof *nearest->hits, compare_hits);
    }
    return (size_t)nearest->count;
}
