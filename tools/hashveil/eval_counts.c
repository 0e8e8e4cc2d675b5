/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_counts.h"

#include <stdlib.h>

#include <hashveil/scanner.h>

void eval_counts_init(struct eval_counts *counts)
{
    counts->originals.nearest = EVAL_DISTANCES;
    counts->copies.nearest = EVAL_DISTANCES;
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        counts->small[i].nearest = EVAL_DISTANCES;
    }
}

bool eval_counter_init(const struct eval_matching *matching, size_t edits, struct eval_counter *out)
{
    const size_t records = matching->originals->count;
    *out = (struct eval_counter){.matching = matching};
    eval_counts_init(&out->counts);
    out->counts.edits = calloc(edits + 1, sizeof *out->counts.edits);
    out->to_original = calloc(records + 1, sizeof *out->to_original);
    out->to_picture = calloc(records + 1, sizeof *out->to_picture);
    out->distance = calloc(records + 1, sizeof *out->distance);
    return out->counts.edits && out->to_original && out->to_picture && out->distance &&
           eval_hits_init(records, matching->options->probes, &out->hits);
}

void eval_counter_clear(struct eval_counter *counter)
{
    free(counter->counts.edits);
    free(counter->to_original);
    free(counter->to_picture);
    free(counter->distance);
    eval_hits_clear(&counter->hits);
    *counter = (struct eval_counter){0};
}

static size_t band_of(unsigned distance)
{
    size_t band = EVAL_BANDS - 1;
    while (band > 0 && distance < eval_band_starts[band]) {
        band--;
    }
    return band;
}

/* Finds what each listed hash has to do with a copy of the current original, or with that itself.
 * Returns whether any is near it. */
static bool relate(struct eval_counter *counter, const hashveil_pdq *hash)
{
    const struct eval_originals *originals = counter->matching->originals;
    bool is_near_any = false;
    counter->around = (struct eval_unrelated){.nearest = EVAL_DISTANCES};
    for (size_t i = 0; i < originals->count; i++) {
        const unsigned distance = hashveil_pdq_distance(&originals->hashes[i], hash);
        const bool is_near = distance <= HASHVEIL_PDQ_MATCH_BITS;
        is_near_any |= is_near;
        counter->to_picture[i] = is_near ? EVAL_RELATED : counter->to_original[i];
        counter->distance[i] = (uint16_t)distance;
        if (counter->to_picture[i] == EVAL_UNRELATED) {
            counter->around.bands[band_of(distance)].pairs++;
            counter->around.nearest =
                distance < counter->around.nearest ? distance : counter->around.nearest;
        }
    }
    return is_near_any;
}

static void turn_to(struct eval_counter *counter, size_t original)
{
    const struct eval_originals *originals = counter->matching->originals;
    counter->record = originals->records[original];
    const hashveil_pdq *hash = &originals->hashes[counter->record];
    for (size_t i = 0; i < originals->count; i++) {
        const unsigned distance = hashveil_pdq_distance(&originals->hashes[i], hash);
        counter->to_original[i] = distance <= HASHVEIL_PDQ_MATCH_BITS ? EVAL_RELATED
                                  : distance <= EVAL_ALIKE_BITS       ? EVAL_ALIKE
                                                                      : EVAL_UNRELATED;
    }
}

static void add_unrelated(const struct eval_unrelated *from, struct eval_unrelated *to)
{
    for (size_t i = 0; i < EVAL_BANDS; i++) {
        to->bands[i].pairs += from->bands[i].pairs;
        to->bands[i].hits += from->bands[i].hits;
        to->bands[i].false_opens += from->bands[i].false_opens;
    }
    for (size_t i = 0; i < EVAL_DISTANCES; i++) {
        to->false_opens_by_distance[i] += from->false_opens_by_distance[i];
    }
    to->nearest = from->nearest < to->nearest ? from->nearest : to->nearest;
}

/* Asks a matcher and counts what it hits of unrelated pictures. */
static hashveil_status probe(struct eval_counter *counter, const struct eval_matcher *matcher,
                             const hashveil_fingerprint *fingerprint, struct eval_unrelated *out)
{
    const hashveil_status status = eval_matcher_probe(
        matcher, fingerprint, counter->matching->options->probes, &counter->hits);
    if (status != HASHVEIL_OK) {
        return status;
    }
    add_unrelated(&counter->around, out);
    for (size_t i = 0; i < counter->hits.count; i++) {
        const struct eval_hit *hit = &counter->hits.hits[i];
        if (counter->to_picture[hit->record] == EVAL_UNRELATED) {
            const unsigned distance = counter->distance[hit->record];
            struct eval_pairs *band = &out->bands[band_of(distance)];
            band->hits += hit->masks;
            band->false_opens += hit->masks >= 2;
            out->false_opens_by_distance[distance] += hit->masks >= 2;
        }
    }
    return HASHVEIL_OK;
}

/* The masks that were asked for come last, so that their hits are there afterwards. */
static hashveil_status probe_all(struct eval_counter *counter,
                                 const hashveil_fingerprint *fingerprint,
                                 struct eval_unrelated *out)
{
    const struct eval_matching *matching = counter->matching;
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < EVAL_SMALL_MASKS && status == HASHVEIL_OK; i++) {
        if (matching->matchers[1 + i]) {
            status =
                probe(counter, matching->matchers[1 + i], fingerprint, &counter->counts.small[i]);
        }
    }
    return status == HASHVEIL_OK ? probe(counter, matching->matchers[0], fingerprint, out) : status;
}

hashveil_status eval_count_original(struct eval_counter *counter, size_t original)
{
    const hashveil_fingerprint *fingerprint =
        &counter->matching->originals->device.fingerprints[original];
    turn_to(counter, original);
    (void)relate(counter, &fingerprint->hash);
    return probe_all(counter, fingerprint, &counter->counts.originals);
}

/* What opened, by the tokens or by the private match. */
static hashveil_status match(struct eval_counter *counter, const hashveil_fingerprint *fingerprint,
                             struct eval_hit *out)
{
    const struct eval_matching *matching = counter->matching;
    const struct eval_hit by_tokens = eval_hits_best(&counter->hits);
    static const hashveil_scanner_options scanner = HASHVEIL_SCANNER_OPTIONS_DEFAULT;
    struct eval_times times;
    *out = by_tokens;
    if (!matching->private_match) {
        return HASHVEIL_OK;
    }
    const hashveil_status status = eval_private_match(
        matching->private_match, scanner.verified_percent, fingerprint, out, &times);
    /* Of records that as many masks hit either may be first, so that only their number is sure. */
    counter->counts.disagreements += status == HASHVEIL_OK && out->masks != by_tokens.masks;
    return status;
}

hashveil_status eval_count_copy(struct eval_counter *counter, size_t edit,
                                const hashveil_fingerprint *fingerprint)
{
    struct eval_copies *copies = &counter->counts.edits[edit];
    const hashveil_pdq *original = &counter->matching->originals->hashes[counter->record];
    struct eval_hit opened;
    if (fingerprint->quality < HASHVEIL_PDQ_MIN_QUALITY) {
        copies->copies++;
        copies->low_quality++;
        return HASHVEIL_OK;
    }
    const bool is_near_any = relate(counter, &fingerprint->hash);
    hashveil_status status = probe_all(counter, fingerprint, &counter->counts.copies);
    if (status == HASHVEIL_OK) {
        status = match(counter, fingerprint, &opened);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    const unsigned distance = hashveil_pdq_distance(original, &fingerprint->hash);
    const bool is_within = distance <= HASHVEIL_PDQ_MATCH_BITS;
    const bool is_open = opened.masks >= 2 && opened.record < counter->matching->originals->count &&
                         counter->to_picture[opened.record] == EVAL_RELATED;
    copies->copies++;
    copies->within += is_within;
    copies->plain += is_near_any;
    copies->psi += is_open;
    copies->within_psi += is_within && is_open;
    copies->by_distance[distance]++;
    copies->psi_by_distance[distance] += is_open;
    return HASHVEIL_OK;
}

void eval_copies_add(const struct eval_copies *from, struct eval_copies *to)
{
    to->copies += from->copies;
    to->failed += from->failed;
    to->low_quality += from->low_quality;
    to->within += from->within;
    to->plain += from->plain;
    to->psi += from->psi;
    to->within_psi += from->within_psi;
    for (size_t i = 0; i < EVAL_DISTANCES; i++) {
        to->by_distance[i] += from->by_distance[i];
        to->psi_by_distance[i] += from->psi_by_distance[i];
    }
}

void eval_counts_add(const struct eval_counts *from, size_t edits, struct eval_counts *to)
{
    for (size_t i = 0; i < edits; i++) {
        eval_copies_add(&from->edits[i], &to->edits[i]);
    }
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        add_unrelated(&from->small[i], &to->small[i]);
    }
    add_unrelated(&from->originals, &to->originals);
    add_unrelated(&from->copies, &to->copies);
    to->disagreements += from->disagreements;
}
