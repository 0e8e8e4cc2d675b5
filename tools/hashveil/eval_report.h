/* SPDX-License-Identifier: Apache-2.0 */
/* What an evaluation counted, and the three ways of printing it. */
#ifndef HASHVEIL_TOOLS_EVAL_REPORT_H
#define HASHVEIL_TOOLS_EVAL_REPORT_H

#include "eval_cost.h"
#include "eval_options.h"
#include "eval_statistics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <hashveil/pdq.h>

enum {
    EVAL_DISTANCES = HASHVEIL_PDQ_BITS + 1,
    EVAL_SMALL_SIDE_PX = 512, /* up to here both policies give a picture one hash */
    EVAL_ALIKE_BITS = 48,     /* originals at most so far apart are not called unrelated */
    EVAL_MOST_ALIKE = 10,     /* pairs of them are named */
    EVAL_SURE_BITS = 16,      /* up to this distance every copy is to open its record */
    EVAL_CURVE_BITS = 40,     /* recall is printed up to this distance */
    EVAL_SMALL_MASKS = 5, /* sizes of mask at which false opens are frequent enough to be counted */
    EVAL_BANDS = 6,       /* of distance, into which unrelated pairs are sorted */
    EVAL_FAR_BAND = 3,    /* from here on pictures have nothing in common that is seen */
    EVAL_LIST_SIZES = 3   /* list lengths for which false opens are predicted */
};

extern const unsigned eval_small_bits[EVAL_SMALL_MASKS];
extern const unsigned
    eval_band_starts[EVAL_BANDS]; /* distances; a band ends where the next starts */
extern const double eval_list_sizes[EVAL_LIST_SIZES];

/* Copies by one edit, or all. A copy of low quality is in no later count. */
struct eval_copies {
    uint64_t copies;      /* made or read */
    uint64_t failed;      /* neither made nor read: in no other count */
    uint64_t low_quality; /* below HASHVEIL_PDQ_MIN_QUALITY */
    uint64_t within;      /* at most HASHVEIL_PDQ_MATCH_BITS from their originals */
    uint64_t plain;       /* at most so far from any listed hash */
    uint64_t psi;         /* opened their original's record, or that of a near-duplicate */
    uint64_t within_psi;  /* both the first and the last */
    uint64_t by_distance[EVAL_DISTANCES];     /* to the original */
    uint64_t psi_by_distance[EVAL_DISTANCES]; /* those of them counted in psi */
};

/* Two listed pictures that are nearly the same, or look so. Paths are borrowed. */
struct eval_alike {
    const char *first, *second;
    unsigned distance;
};

/* Pairs of a picture that asks and a listed one that has nothing to do with it: its original is
 * more than EVAL_ALIKE_BITS away, and itself more than HASHVEIL_PDQ_MATCH_BITS. */
struct eval_pairs {
    uint64_t pairs;
    uint64_t hits;        /* probes that were one of its tokens */
    uint64_t false_opens; /* pairs with hits of two masks */
};
struct eval_unrelated {
    struct eval_pairs bands[EVAL_BANDS];
    uint64_t false_opens_by_distance[EVAL_DISTANCES];
    unsigned nearest; /* distance; EVAL_DISTANCES when there is no pair */
};

struct eval_counts {
    struct eval_copies *edits; /* one an edit; owned */
    struct eval_unrelated originals, copies;
    struct eval_unrelated small[EVAL_SMALL_MASKS]; /* both, with smaller masks */
    uint64_t disagreements; /* copies of which the private match says another thing */
};

struct eval_report {
    const struct eval_options *options;
    const char *const *edit_names;
    size_t edit_count;
    bool is_crypto;
    uint64_t pictures;        /* originals that were read */
    uint64_t left_out;        /* files of other parts */
    uint64_t not_pictures;    /* files that are none */
    uint64_t unreadable;      /* pictures that could not be hashed */
    uint64_t small;           /* pictures left out because both policies treat them alike */
    uint64_t low_quality;     /* pictures not listed for it */
    uint64_t same_hash;       /* pictures that have a listed hash already */
    uint64_t listed;          /* different hashes */
    uint64_t near_duplicates; /* pairs of listed hashes within HASHVEIL_PDQ_MATCH_BITS */
    uint64_t alike_pairs;     /* further ones within EVAL_ALIKE_BITS */
    struct eval_alike alike[EVAL_MOST_ALIKE]; /* the nearest of both, the nearest first */
    size_t alike_count;
    struct eval_counts counts;
    struct eval_cost cost;
};

/* Sums over all edits. */
struct eval_copies eval_report_total(const struct eval_report *report);

/* Of the copies at most so far from their original: how many there are, how many opened. */
struct eval_found {
    uint64_t copies, opened;
};
struct eval_found eval_found_within(const struct eval_copies *copies, unsigned max_distance_bits);

/* The sum over the bands from first on. */
struct eval_pairs eval_pairs_from(const struct eval_unrelated *unrelated, size_t first);

/* The chance that one unrelated listed hash opens, seen in four ways. */
struct eval_prediction {
    double ideal;       /* were all tokens equally likely */
    double observed;    /* at the rate of hits that was observed */
    double upper;       /* at the 95 % upper bound of that rate */
    double by_distance; /* by the opens counted with the smallest masks and their distances;
                         * negative where those masks are not smaller */
    double far;         /* the same, of pairs of EVAL_FAR_BAND and beyond alone */
};
struct eval_prediction eval_report_predict(const struct eval_report *report);

/* Each returns false after a message. */
bool eval_print_text(const struct eval_report *report);
bool eval_print_json(const struct eval_report *report);
/* A line for each of the reports, which are of the same copies. */
bool eval_print_frontier(const struct eval_report *reports, size_t count);
bool eval_write_html(const struct eval_report *report, const char *path);

#endif
