/* SPDX-License-Identifier: Apache-2.0 */
/* Markers of JPEG, and the segments that tell what the scans of a progressive file send: ITU-T
 * T.81, B. */
#ifndef HV_IMAGE_JPEG_SEGMENTS_H
#define HV_IMAGE_JPEG_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum hv_jpeg_marker {
    HV_JPEG_FRAME = 0xC2, /* progressive, Huffman-coded */
    HV_JPEG_CODES = 0xC4,
    HV_JPEG_RESTART_FIRST = 0xD0,
    HV_JPEG_RESTART_LAST = 0xD7,
    HV_JPEG_START = 0xD8,
    HV_JPEG_END = 0xD9,
    HV_JPEG_SCAN = 0xDA,
    HV_JPEG_QUANTISATION = 0xDB,
    HV_JPEG_RESTART_INTERVAL = 0xDD,
    HV_JPEG_APPLICATION_FIRST = 0xE0,
    HV_JPEG_APPLICATION_1 = 0xE1,
    HV_JPEG_APPLICATION_LAST = 0xEF,
    HV_JPEG_COMMENT = 0xFE,
    HV_JPEG_LEAD = 0xFF, /* before each of them */
};

enum {
    HV_JPEG_COMPONENTS_MAX = 4,
    HV_JPEG_BLOCK_PX = 8,
    HV_JPEG_TABLES = 4,
    HV_JPEG_CODE_BITS_MAX = 16,
    HV_JPEG_MEAN_BITS_MAX = 15, /* of the difference of two means */
};

struct hv_jpeg_component {
    uint8_t id;
    uint8_t width, height; /* sampling factors: blocks in a unit of an interleaved scan, 1..4 */
};

struct hv_jpeg_frame {
    uint32_t width_px, height_px; /* at least 1 */
    unsigned count;
    struct hv_jpeg_component components[HV_JPEG_COMPONENTS_MAX];
    uint8_t max_width, max_height; /* of the sampling factors */
};

/* Huffman codes as the file holds them: 16 counts of codes by length, then the symbols, at most 256
 * and of a mean's at most HV_JPEG_MEAN_BITS_MAX. Pointers into the file; NULL: not defined. */
struct hv_jpeg_codes {
    const uint8_t *means[HV_JPEG_TABLES];
    const uint8_t *others[HV_JPEG_TABLES];
};

struct hv_jpeg_scan {
    unsigned count;
    uint8_t components[HV_JPEG_COMPONENTS_MAX]; /* indices in the frame */
    /* Those of each component; NULL where none are needed. */
    const uint8_t *codes[HV_JPEG_COMPONENTS_MAX];
    uint8_t first, last;       /* coefficients; 0, 0 are the means */
    uint8_t high_bit;          /* one above the bit that is sent; 0: all bits from low_bit up */
    uint8_t low_bit;           /* of the coefficients */
    uint32_t restart_interval; /* units; 0 for none */
    const uint8_t *data;       /* into the file: data_len bytes, restart markers among them */
    size_t data_len;
};

/* Returns 0 where there is none. */
uint8_t hv_jpeg_read_marker(struct hv_reader *in);

/* Each takes a segment's content and returns false when there is anything wrong with it. */
bool hv_jpeg_read_frame(struct hv_reader segment, struct hv_jpeg_frame *out);
bool hv_jpeg_read_codes(struct hv_reader segment, struct hv_jpeg_codes *codes);
/* Fills all but the restart interval and the data. */
bool hv_jpeg_read_scan(struct hv_reader segment, const struct hv_jpeg_frame *frame,
                       const struct hv_jpeg_codes *codes, struct hv_jpeg_scan *out);

#endif
