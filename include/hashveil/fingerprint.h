/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a picture file straight to its fingerprint: only what the hash needs is decoded, row by
 * row, so that memory grows with a row and not with the picture. */
#ifndef HASHVEIL_FINGERPRINT_H
#define HASHVEIL_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>
#include <hashveil/pdq.h>
#include <hashveil/sandbox.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hashveil_fingerprint_options {
    hashveil_image_options image;
    /** NEAREST512 takes single pixels, so that every one of them is decoded, in colour. */
    hashveil_pdq_policy policy;
    /** Decode every pixel in colour, for the very bits that hashveil_image_decode and
     * hashveil_pdq_fingerprint give. Off, a large JPEG is decoded to luma alone, at 1/2, 1/4 or 1/8
     * of its size, while the smaller side keeps 368 samples: most photos' hashes are the same, the
     * others differ in 1 to 4 of their 256 bits. */
    bool is_exact_decode;
    /** Where pictures are decoded: NULL for this process, which is for whoever has a sandbox of
     * their own or trusts the file. Borrowed. */
    hashveil_sandbox *sandbox;
} hashveil_fingerprint_options;

#define HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT                                                       \
    {                                                                                              \
        .image = HASHVEIL_IMAGE_OPTIONS_DEFAULT, .policy = HASHVEIL_PDQ_POLICY_FULL,               \
        .is_exact_decode = false, .sandbox = NULL                                                  \
    }

/**
 * Fingerprints a file that hashveil_image_decode reads, held in memory, told apart by content.
 *
 * WebP, HEIF, interlaced PNG and GIF, pictures that are turned and most JPEG files of several scans
 * take memory for all of the picture, within the limits; all others for a few rows.
 *
 * bytes    len bytes, any content; borrowed for the call
 * options  borrowed
 * out      filled on success
 *
 * Errors: as hashveil_image_decode; ERR_ARGUMENT (no such policy). With a sandbox also ERR_CRASHED,
 * ERR_FORBIDDEN, ERR_TOO_SLOW and, where a process has to be replaced, those of
 * hashveil_sandbox_open; ERR_LIMIT then stands for its limits too.
 * Threads: safe; keeps no state between calls.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_fingerprint_file(const uint8_t *bytes, size_t len,
                          const hashveil_fingerprint_options *options, hashveil_fingerprint *out);

/**
 * Fingerprints such a file under both policies, from one decoding: for lists made under either.
 *
 * Where the options' policy is full and a large JPEG is decoded at a fraction of its size, the
 * other fingerprint is of that: near the published one, but not bit for bit. is_exact_decode makes
 * it so.
 *
 * out  out[0] is what hashveil_fingerprint_file gives, out[1] that of the other policy: the same
 * where no side is above 512 pixels
 *
 * Errors, threads: as hashveil_fingerprint_file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_fingerprint_file_policies(
    const uint8_t *bytes, size_t len, const hashveil_fingerprint_options *options,
    hashveil_fingerprint out[HASHVEIL_PDQ_POLICIES]);

/**
 * Fingerprints such a file and its seven turned and mirrored forms.
 *
 * out  HASHVEIL_PDQ_DIHEDRAL fingerprints, in the order of HASHVEIL_DIHEDRAL_TABLE; out[0] is what
 *      hashveil_fingerprint_file gives
 *
 * Errors, threads: as hashveil_fingerprint_file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_fingerprint_file_dihedral(
    const uint8_t *bytes, size_t len, const hashveil_fingerprint_options *options,
    hashveil_fingerprint out[HASHVEIL_PDQ_DIHEDRAL]);

#ifdef __cplusplus
}
#endif

#endif
