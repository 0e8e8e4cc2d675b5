/* SPDX-License-Identifier: Apache-2.0 */
/* Best-first enumeration: one heap holds, over all forms and masks, the next candidates; taking the
 * best one puts its two successors in. Lawler, "A procedure for computing the K best solutions",
 * 1972. What a candidate adds only falls as others are chosen, so a candidate is priced anew when
 * it comes to the top, and not before. Minoux, "Accelerated greedy algorithms for maximizing
 * submodular set functions", 1978. */
#include "psi/probes.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "psi/flips.h"

/* One mask of one form: its bits in rising order of what flipping them costs. */
struct line {
    float exact_cost; /* -log of the chance that no bit differs */
    float flip_cost[HV_MAX_MASK_BITS];
    uint8_t bit[HV_MAX_MASK_BITS]; /* of the token */
    struct hv_token exact;
    float chosen; /* the sum of the chances of what is chosen */
};

/* A token, as the exact one of its line with some bits flipped. */
struct candidate {
    float price; /* cost, and -log of the share of it that counts; when it was last looked at */
    float cost;  /* -log of its chance */
    uint64_t flips;
    uint32_t line;
    int8_t last; /* the highest rank flipped, -1 for none */
};

struct ranking {
    const struct hv_masks *masks;
    struct line *lines; /* owned; form_count x masks */
    size_t line_count;
    float *chosen; /* owned; of each form, the sum over its lines */
    size_t form_count;
    struct candidate *heap; /* owned */
    size_t heap_capacity;
    size_t heap_count;
    struct hv_token *seen; /* owned; open addressing, a power of two of places */
    bool *is_seen;         /* owned; likewise */
    size_t seen_capacity;
};

static void sift_up(struct candidate *heap, size_t index)
{
    while (index > 0) {
        const size_t parent = (index - 1) / 2;
        if (heap[parent].price <= heap[index].price) {
            return;
        }
        const struct candidate item = heap[parent];
        heap[parent] = heap[index];
        heap[index] = item;
        index = parent;
    }
}

static void push(struct ranking *ranking, struct candidate item)
{
    ranking->heap[ranking->heap_count++] = item;
    sift_up(ranking->heap, ranking->heap_count - 1);
}

static struct candidate pop(struct ranking *ranking)
{
    struct candidate *heap = ranking->heap;
    const struct candidate best = heap[0];
    heap[0] = heap[--ranking->heap_count];
    size_t index = 0;
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= ranking->heap_count) {
            return best;
        }
        if (child + 1 < ranking->heap_count && heap[child + 1].price < heap[child].price) {
            child++;
        }
        if (heap[index].price <= heap[child].price) {
            return best;
        }
        const struct candidate item = heap[child];
        heap[child] = heap[index];
        heap[index] = item;
        index = child;
    }
}

static void rank_bits(const struct hv_masks *masks, unsigned mask, const hashveil_pdq *hash,
                      const float costs[HASHVEIL_PDQ_BITS], struct line *out)
{
    *out = (struct line){.exact = hv_masks_token(masks, mask, hash)};
    for (unsigned k = 0; k < masks->params.bits; k++) {
        const float cost = costs[masks->position[mask][k]];
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

static size_t form_of(const struct ranking *ranking, const struct candidate *candidate)
{
    return candidate->line / ranking->masks->params.masks;
}

/* -log of the chance that at most one of the form's other masks hits. */
static float discount(const struct ranking *ranking, const struct candidate *candidate)
{
    const float others =
        ranking->chosen[form_of(ranking, candidate)] - ranking->lines[candidate->line].chosen;
    return others > 0 ? others - log1pf(others) : 0;
}

static void push_priced(struct ranking *ranking, struct candidate item)
{
    item.price = item.cost + discount(ranking, &item);
    push(ranking, item);
}

/* Each set of flips is reached once: from the set without its highest rank, or from the one whose
 * highest rank is one lower. Neither is cheaper than where it came from. */
static void push_successors(struct ranking *ranking, struct candidate from)
{
    const struct line *line = &ranking->lines[from.line];
    const int next = from.last + 1;
    if (next >= (int)ranking->masks->params.bits) {
        return;
    }
    struct candidate longer = from;
    longer.last = (int8_t)next;
    longer.flips |= UINT64_C(1) << line->bit[next];
    longer.cost += line->flip_cost[next];
    push_priced(ranking, longer);
    if (from.last >= 0) {
        struct candidate moved = longer;
        moved.flips &= ~(UINT64_C(1) << line->bit[from.last]);
        moved.cost -= line->flip_cost[from.last];
        push_priced(ranking, moved);
    }
}

/* Notes a token; returns whether it is new. Two forms may come to the same one. */
static bool note(struct ranking *ranking, struct hv_token token)
{
    const uint64_t mixed = (token.bits + token.mask) * UINT64_C(0x9e3779b97f4a7c15);
    size_t place = (size_t)(mixed >> 32) & (ranking->seen_capacity - 1);
    while (ranking->is_seen[place]) {
        if (ranking->seen[place].mask == token.mask && ranking->seen[place].bits == token.bits) {
            return false;
        }
        place = (place + 1) & (ranking->seen_capacity - 1);
    }
    ranking->seen[place] = token;
    ranking->is_seen[place] = true;
    return true;
}

static void clear(struct ranking *ranking)
{
    if (ranking->lines) {
        hv_wipe(ranking->lines, ranking->line_count * sizeof *ranking->lines);
    }
    if (ranking->heap) {
        hv_wipe(ranking->heap, ranking->heap_capacity * sizeof *ranking->heap);
    }
    if (ranking->seen) {
        hv_wipe(ranking->seen, ranking->seen_capacity * sizeof *ranking->seen);
    }
    free(ranking->lines);
    free(ranking->chosen);
    free(ranking->heap);
    free(ranking->seen);
    free(ranking->is_seen);
}

static hashveil_status init(const struct hv_masks *masks, size_t form_count, size_t count,
                            struct ranking *out)
{
    *out = (struct ranking){.masks = masks,
                            .form_count = form_count,
                            .line_count = form_count * masks->params.masks,
                            .seen_capacity = 1};
    while (out->seen_capacity < 2 * count) {
        out->seen_capacity *= 2;
    }
    /* Each step takes one candidate out and puts at most two in, and each form comes to a token at
     * most once. */
    out->heap_capacity = out->line_count + form_count * count + 1;
    out->lines = hv_alloc_array(out->line_count, sizeof *out->lines);
    out->chosen = hv_alloc_array(form_count, sizeof *out->chosen);
    out->heap = hv_alloc_array(out->heap_capacity, sizeof *out->heap);
    out->seen = hv_alloc_array(out->seen_capacity, sizeof *out->seen);
    out->is_seen = hv_alloc_array(out->seen_capacity, sizeof *out->is_seen);
    return out->lines && out->chosen && out->heap && out->seen && out->is_seen
               ? HASHVEIL_OK
               : HASHVEIL_ERR_NO_MEMORY;
}

static void start(struct ranking *ranking, const hashveil_fingerprint *forms)
{
    const unsigned mask_count = ranking->masks->params.masks;
    float costs[HASHVEIL_PDQ_BITS];
    for (size_t form = 0; form < ranking->form_count; form++) {
        hv_flip_costs(&forms[form], costs);
        for (unsigned mask = 0; mask < mask_count; mask++) {
            const size_t index = form * mask_count + mask;
            struct line *line = &ranking->lines[index];
            rank_bits(ranking->masks, mask, &forms[form].hash, costs, line);
            push_priced(
                ranking,
                (struct candidate){.cost = line->exact_cost, .line = (uint32_t)index, .last = -1});
        }
    }
    hv_wipe(costs, sizeof costs);
}

hashveil_status hv_probes_rank(const struct hv_masks *masks, const hashveil_fingerprint *forms,
                               size_t form_count, size_t count, struct hv_token *out)
{
    struct ranking ranking;
    size_t done = 0;
    const hashveil_status status = init(masks, form_count, count, &ranking);
    if (status != HASHVEIL_OK) {
        clear(&ranking);
        return status;
    }
    start(&ranking, forms);
    while (done < count) {
        struct candidate best = pop(&ranking);
        const float price = best.cost + discount(&ranking, &best);
        if (price > best.price) {
            best.price = price;
            push(&ranking, best);
            continue;
        }
        const float chance = expf(-best.cost);
        struct line *line = &ranking.lines[best.line];
        struct hv_token token = line->exact;
        token.bits ^= best.flips;
        line->chosen += chance;
        ranking.chosen[form_of(&ranking, &best)] += chance;
        if (note(&ranking, token)) {
            out[done++] = token;
        }
        push_successors(&ranking, best);
    }
    clear(&ranking);
    return HASHVEIL_OK;
}

void hv_probes_random(const struct hv_masks *masks, size_t count, struct hv_random_stream *stream,
                      struct hv_token *out)
{
    const uint64_t bits_mask = UINT64_MAX >> (64 - masks->params.bits);
    uint64_t first;
    hv_draw_bytes(stream, &first, sizeof first);
    for (size_t i = 0; i < count; i++) {
        /* Rising by one from a random start, so that no two are the same. */
        out[i] = (struct hv_token){.mask = (uint8_t)(i % masks->params.masks),
                                   .bits = (first + i / masks->params.masks) & bits_mask};
    }
}
