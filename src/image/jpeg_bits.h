/* SPDX-License-Identifier: Apache-2.0 */
/* Entropy-coded data of a JPEG, bit by bit: ITU-T T.81, F.2.2. Beyond its end there are zeros, and
 * failure sticks. */
#ifndef HV_IMAGE_JPEG_BITS_H
#define HV_IMAGE_JPEG_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/jpeg_segments.h"

struct hv_jpeg_bits {
    const uint8_t *next, *end; /* borrowed */
    uint64_t window;           /* the next count bits, uppermost first; zeros below */
    unsigned count;
    uint8_t next_restart; /* 0..7 */
    bool failed;          /* more was read than is there, or no code */
};

enum { HV_JPEG_FAST_BITS = 8 /* most codes are not longer */ };

struct hv_jpeg_decoder {
    const uint8_t *symbols; /* borrowed */
    struct {
        uint8_t len; /* 0: the code is longer */
        uint8_t symbol;
    } fast[1 << HV_JPEG_FAST_BITS]; /* by the next bits */
    /* Of each length: the first value of 16 bits that begins with a code of more bits; what to add
     * to such a code for the index of its symbol. */
    uint32_t limit[HV_JPEG_CODE_BITS_MAX + 1];
    int32_t offset[HV_JPEG_CODE_BITS_MAX + 1];
};

/* len bytes up to the marker that ends the scan; restart markers may be among them. */
struct hv_jpeg_bits hv_jpeg_bits_of(const uint8_t *bytes, size_t len);

/* codes: as a segment holds them, accepted by hv_jpeg_read_codes. */
void hv_jpeg_decoder_init(const uint8_t *codes, struct hv_jpeg_decoder *out);

/* Adds whole bytes to the window until it holds more than 32 bits or the data ends. */
void hv_jpeg_bits_fill(struct hv_jpeg_bits *bits);

/* Goes on behind the next restart marker, which is to follow here. */
bool hv_jpeg_bits_restart(struct hv_jpeg_bits *bits);

/* Returns whether all has been read, but for the rest of the last byte. */
bool hv_jpeg_bits_are_over(struct hv_jpeg_bits *bits);

/* len: at most 16. */
static inline uint32_t hv_jpeg_read_bits(struct hv_jpeg_bits *bits, unsigned len)
{
    if (bits->count < len) {
        hv_jpeg_bits_fill(bits);
    }
    const uint32_t value = (uint32_t)(bits->window >> 1 >> (63 - len));
    if (bits->count < len) {
        bits->failed = true;
        return 0;
    }
    bits->window <<= len;
    bits->count -= len;
    return value;
}

/* A number of len bits, whose first bit is 0 when it is negative. */
static inline int32_t hv_jpeg_read_number(struct hv_jpeg_bits *bits, unsigned len)
{
    const int32_t value = (int32_t)hv_jpeg_read_bits(bits, len);
    return len > 0 && value >> (len - 1) == 0 ? value - (1 << len) + 1 : value;
}

/* Returns 0 on failure too. */
uint8_t hv_jpeg_read_symbol(struct hv_jpeg_bits *bits, const struct hv_jpeg_decoder *decoder);

#endif
