/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ: pixels to a 256-bit perceptual hash, its quality, and how sure each bit is.
 *
 * Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook,
 * 2019, https://github.com/facebook/ThreatExchange/blob/main/hashing/hashing.pdf, and its reference
 * implementation. */
#ifndef HASHVEIL_PDQ_H
#define HASHVEIL_PDQ_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HASHVEIL_PDQ_BITS = 256,
    HASHVEIL_PDQ_HEX_LEN = 64,     /**< without the terminating NUL */
    HASHVEIL_PDQ_MIN_QUALITY = 50, /**< below, hashes are unstable and are not matched */
    HASHVEIL_PDQ_MATCH_BITS = 31,  /**< two pictures match at this Hamming distance or less */
    HASHVEIL_PDQ_DIHEDRAL = 8,
    HASHVEIL_PDQ_POLICIES = 2
};

/** A hash. Bit i is (word[i / 64] >> (i % 64)) & 1; bit 16 r + c stands for row frequency r + 1 and
 * column frequency c + 1. */
typedef struct hashveil_pdq {
    uint64_t word[HASHVEIL_PDQ_BITS / 64];
} hashveil_pdq;

/** A hash and what is known about it. A plain value; the margins must stay on the device. */
typedef struct hashveil_fingerprint {
    hashveil_pdq hash;
    unsigned quality; /**< 0 featureless..100 */
    float median;     /**< of the DCT coefficients: what hashveil_pdq_turn needs to know */
    /** DCT coefficient minus their median, in grey levels; bit i is set where margin[i] > 0. The
     * nearer to zero, the likelier an edit flips the bit. */
    float margin[HASHVEIL_PDQ_BITS];
} hashveil_fingerprint;

/** What becomes of pictures with a side above 512 pixels; of others the policies make the same.
 *
 * FULL        Filters the whole picture, however large, as the publishers' Java code and the Python
 *             package do.
 * NEAREST512  First takes 512 x 512 pixels, row floor(i * height / 512) and column floor(j * width
 *             / 512), whatever the aspect, as their C++ program does: for lists made that way. A
 *             side below 512 is stretched.
 *
 * Of 241 such pictures the hashes differ by 9 bits on average and by up to 42, three of them by
 * more than HASHVEIL_PDQ_MATCH_BITS. */
#define HASHVEIL_PDQ_POLICY_TABLE(X)                                                               \
    X(FULL, 0, "full")                                                                             \
    X(NEAREST512, 1, "nearest512")

typedef enum hashveil_pdq_policy {
#define X(name, number, text) HASHVEIL_PDQ_POLICY_##name = number,
    HASHVEIL_PDQ_POLICY_TABLE(X)
#undef X
} hashveil_pdq_policy;

/** Returns the name of a policy: "full"; NULL for a number outside the table. Static. Threads:
 * safe. */
HASHVEIL_API const char *hashveil_pdq_policy_text(hashveil_pdq_policy policy);

/** Finds a policy by its name. Errors: ERR_ARGUMENT (none is called so); out is then untouched.
 * Threads: safe. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_pdq_policy_from_text(const char *text, hashveil_pdq_policy *out);

/** The eight ways to turn and mirror a picture, in the order of hashveil_pdq_dihedral. */
#define HASHVEIL_DIHEDRAL_TABLE(X)                                                                 \
    X(ORIGINAL, 0, "original")                                                                     \
    X(ROTATE_90, 1, "rotate-90")                                                                   \
    X(ROTATE_180, 2, "rotate-180")                                                                 \
    X(ROTATE_270, 3, "rotate-270")                                                                 \
    X(FLIP_X, 4, "flip-x")                                                                         \
    X(FLIP_Y, 5, "flip-y")                                                                         \
    X(FLIP_PLUS_1, 6, "flip-plus-1")                                                               \
    X(FLIP_MINUS_1, 7, "flip-minus-1")

typedef enum hashveil_dihedral {
#define X(name, number, text) HASHVEIL_DIHEDRAL_##name = number,
    HASHVEIL_DIHEDRAL_TABLE(X)
#undef X
} hashveil_dihedral;

/**
 * Fingerprints a picture.
 *
 * A picture with a side below 5 pixels has an all-zero hash and quality 0, as in the reference;
 * under NEAREST512 that is judged after the sampling.
 *
 * image  borrowed for the call
 * out    filled on success
 *
 * Errors: ERR_ARGUMENT (no pixels, channels neither 1 nor 3, or no such policy), ERR_NO_MEMORY.
 * Threads: safe; keeps no state between calls.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_pdq_fingerprint(const hashveil_image *image,
                                                                        hashveil_pdq_policy policy,
                                                                        hashveil_fingerprint *out);

/**
 * Fingerprints a picture and its seven turned and mirrored forms from one transform.
 *
 * out  HASHVEIL_PDQ_DIHEDRAL fingerprints, in the order of HASHVEIL_DIHEDRAL_TABLE; out[0] is what
 *      hashveil_pdq_fingerprint gives
 *
 * Errors, threads: as hashveil_pdq_fingerprint.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_pdq_dihedral(const hashveil_image *image, hashveil_pdq_policy policy,
                      hashveil_fingerprint out[HASHVEIL_PDQ_DIHEDRAL]);

/**
 * Turns a fingerprint without its picture: gives that form of hashveil_pdq_dihedral. Its margins
 * are those but for rounding, and its bits those but for coefficients so near to the median that
 * the rounding, at most 2^-22 of the largest margin, decides.
 *
 * fingerprint  one that this library made
 * out          may be fingerprint
 *
 * Threads: safe.
 */
HASHVEIL_API void hashveil_pdq_turn(const hashveil_fingerprint *fingerprint, hashveil_dihedral form,
                                    hashveil_fingerprint *out);

/** Returns the Hamming distance, 0..256 bits. Threads: safe. */
HASHVEIL_API unsigned hashveil_pdq_distance(const hashveil_pdq *a, const hashveil_pdq *b);

/** Writes 64 lower-case hex digits, bit 255 first, and a NUL. Threads: safe. */
HASHVEIL_API void hashveil_pdq_to_hex(const hashveil_pdq *hash, char out[HASHVEIL_PDQ_HEX_LEN + 1]);

/**
 * Reads 64 hex digits of either case.
 *
 * text  len characters, need not end in NUL; borrowed for the call
 *
 * Errors: ERR_FORMAT (another length or another character); out is then untouched.
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_pdq_from_hex(const char *text, size_t len,
                                                                     hashveil_pdq *out);

#ifdef __cplusplus
}
#endif

#endif
