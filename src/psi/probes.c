/* SPDX-License-Identifier: Apache-2.0 */
/* Best-first enumeration: one heap holds, over all masks, the next candidates; taking the best one
 * puts its two successors in. Lawler, "A procedure for computing the K best solutions", 1972. */
#include "psi/probes.h"

#include <math.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/memory.h"

/* Of the median |margin|. Tried on some 700 edited photographs within 31 bits of their originals,
 * T = 32, b = 28: with 0.15 to 0.35 all open their record, with 0.5 all but one, with 1.0 all but
 * five; at b = 32 the best is between 0.35 and 0.5. */
static const float scale_of_median = 0.35F;

/* One mask's bits in rising order of what flipping them costs. */
struct mask_costs {
    float exact_cost; /* -log of the chance that no bit differs */
    float flip_cost[HV_MAX_MASK_BITS];
    uint8_t bit[HV_MAX_MASK_BITS]; /* of the token */
    struct hv_token exact;
};

/* A token, as the exact one of its mask with some bits flipped. */
struct candidate {
    float cost; /* -log of its chance */
    uint64_t flips;
    uint8_t mask;
    int8_t last; /* the highest rank flipped, -1 for none */
};

struct heap {
    struct candidate *items;
    size_t count;
};

static void sift_up(struct heap *heap, size_t index)
{
    while (index > 0) {
        const size_t parent = (index - 1) / 2;
        if (heap->items[parent].cost <= heap->items[index].cost) {
            return;
        }
        const struct candidate item = heap->items[parent];
        heap->items[parent] = heap->items[index];
        heap->items[index] = item;
        index = parent;
    }
}

static void push(struct heap *heap, struct candidate item)
{
    heap->items[heap->count++] = item;
    sift_up(heap, heap->count - 1);
}

static struct candidate pop(struct heap *heap)
{
    const struct candidate best = heap->items[0];
    heap->items[0] = heap->items[--heap->count];
    size_t index = 0;
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= heap->count) {
            return best;
        }
        if (child + 1 < heap->count && heap->items[child + 1].cost < heap->items[child].cost) {
            child++;
        }
        if (heap->items[index].cost <= heap->items[child].cost) {
            return best;
        }
        const struct candidate item = heap->items[child];
        heap->items[child] = heap->items[index];
        heap->items[index] = item;
        index = child;
    }
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a;
    const float y = *(const float *)b;
    return (x > y) - (x < y);
}

static float median_magnitude(const float margin[HASHVEIL_PDQ_BITS])
{
    float magnitude[HASHVEIL_PDQ_BITS];
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        magnitude[i] = fabsf(margin[i]);
    }
    qsort(magnitude, HASHVEIL_PDQ_BITS, sizeof magnitude[0], compare_floats);
    return magnitude[HASHVEIL_PDQ_BITS / 2];
}

static void rank_bits(const struct hv_masks *masks, unsigned mask,
                      const hashveil_fingerprint *fingerprint, float scale, struct mask_costs *out)
{
    out->exact = hv_masks_token(masks, mask, &fingerprint->hash);
    out->exact_cost = 0;
    for (unsigned k = 0; k < masks->params.bits; k++) {
        const float cost = fabsf(fingerprint->margin[masks->position[mask][k]]) / scale;
        unsigned rank = k;
        for (; rank > 0 && out->flip_cost[rank - 1] > cost; rank--) {
            out->flip_cost[rank] = out->flip_cost[rank - 1];
            out->bit[rank] = out->bit[rank - 1];
        }
        out->flip_cost[rank] = cost;
        out->bit[rank] = (uint8_t)k;
        out->exact_cost += log1pf(expf(-cost));
    }
}

/* Each set of flips is reached once: from the set without its highest rank, or from the one whose
 * highest rank is one lower. Neither is cheaper than where it came from. */
static void push_successors(struct heap *heap, const struct mask_costs *costs, unsigned bits,
                            struct candidate from)
{
    const int next = from.last + 1;
    if (next >= (int)bits) {
        return;
    }
    struct candidate longer = from;
    longer.last = (int8_t)next;
    longer.flips |= UINT64_C(1) << costs->bit[next];
    longer.cost += costs->flip_cost[next];
    push(heap, longer);
    if (from.last >= 0) {
        struct candidate moved = longer;
        moved.flips &= ~(UINT64_C(1) << costs->bit[from.last]);
        moved.cost -= costs->flip_cost[from.last];
        push(heap, moved);
    }
}

hashveil_status hv_probes_rank(const struct hv_masks *masks,
                               const hashveil_fingerprint *fingerprint, size_t count,
                               struct hv_token *out)
{
    const unsigned mask_count = masks->params.masks;
    const float median = median_magnitude(fingerprint->margin);
    const float scale = median > 0 ? scale_of_median * median : 1.0F;
    struct mask_costs costs[HV_MAX_MASKS];
    /* Each step takes one candidate out and puts at most two in. */
    struct heap heap = {.items = hv_alloc_array(mask_count + count + 1, sizeof *heap.items)};
    if (!heap.items) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (unsigned mask = 0; mask < mask_count; mask++) {
        rank_bits(masks, mask, fingerprint, scale, &costs[mask]);
        push(&heap,
             (struct candidate){.cost = costs[mask].exact_cost, .mask = (uint8_t)mask, .last = -1});
    }
    for (size_t i = 0; i < count; i++) {
        const struct candidate best = pop(&heap);
        out[i] = costs[best.mask].exact;
        out[i].bits ^= best.flips;
        push_successors(&heap, &costs[best.mask], masks->params.bits, best);
    }
    hv_wipe(heap.items, (mask_count + count + 1) * sizeof *heap.items);
    free(heap.items);
    hv_wipe(costs, sizeof costs);
    return HASHVEIL_OK;
}

void hv_probes_random(const struct hv_masks *masks, size_t count, struct hv_token *out)
{
    const uint64_t bits_mask = UINT64_MAX >> (64 - masks->params.bits);
    uint64_t first;
    randombytes_buf(&first, sizeof first);
    for (size_t i = 0; i < count; i++) {
        /* Rising by one from a random start, so that no two are the same. */
        out[i] = (struct hv_token){.mask = (uint8_t)(i % masks->params.masks),
                                   .bits = (first + i / masks->params.masks) & bits_mask};
    }
}
