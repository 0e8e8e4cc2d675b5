/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for the files of every picture format, for Check programs to call on theirs. All end
 * the test where it does not hold. */
#ifndef HV_TESTS_PICTURE_CONTRACT_H
#define HV_TESTS_PICTURE_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>

struct picture_bytes {
    uint8_t *bytes; /* released with free */
    size_t len;
};

/* Decodes a copy that ends where the data ends, so that a sanitizer sees one byte too many, and
 * checks what holds whatever the bytes are: a sound picture, or a documented status and nothing
 * left behind. out: cleared on failure. */
hashveil_status contract_decode(const uint8_t *bytes, size_t len,
                                const hashveil_image_options *options, hashveil_image *out);
/* The same without the picture. */
hashveil_status contract_status(const uint8_t *bytes, size_t len,
                                const hashveil_image_options *options);

/* Returns the largest difference of a sample between what was decoded and the picture, both of
 * three channels, that it is to show from this place on; around the picture, from white. */
int contract_difference(const hashveil_image *decoded, const hashveil_image *picture,
                        uint32_t left_px, uint32_t top_px);

/* Checks that the file is refused by nothing but a limit that is too small by one, of bytes,
 * pixels and sides, and before any pixel of it. */
void contract_check_limits(const struct picture_bytes *file, uint32_t width_px, uint32_t height_px);

/* Checks every length below that of the file, from that on at which it is recognised: it is
 * truncated, or the same picture. Returns how many lengths were refused. */
size_t contract_check_cuts(const struct picture_bytes *file, size_t recognised_len);

/* Checks the file with each of its bytes in turn made another. */
void contract_check_damage(const struct picture_bytes *file);

/* Checks that the file has the fingerprint, to its last margin, that a PNG of the picture has, the
 * exact way and the short one. */
void contract_check_fingerprint(const struct picture_bytes *file, const hashveil_image *picture);

#endif
