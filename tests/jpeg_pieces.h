/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG files taken apart and put together in other ways than an encoder would. */
#ifndef HV_TESTS_JPEG_PIECES_H
#define HV_TESTS_JPEG_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>

struct jpeg_bytes {
    uint8_t *bytes; /* owned; released with free */
    size_t len;
};

enum { JPEG_SCANS_MAX = 32 };

/* Pieces are borrowed from the file. */
struct jpeg_pieces {
    const uint8_t *head; /* all before the first Huffman table */
    size_t head_len;
    unsigned scans; /* each with the tables before it */
    const uint8_t *scan[JPEG_SCANS_MAX];
    size_t scan_len[JPEG_SCANS_MAX];
    const uint8_t *whole;
    size_t whole_len;
};

/* The way of coding. */
struct jpeg_coding {
    /* Sampling factors, width and height of each component; 0: one grey component. */
    uint8_t sampling[6];
    /* Each scan: components, as digits; first and last coefficient; high and low bit. NULL: one
     * scan of all. "012:0-0:0,1 0:1-63:0,0" */
    const char *scans;
    bool is_arithmetic;
    int restart_rows; /* 0 for none */
};

/* Encodes a picture whose samples are its own blocks' means, with a little texture in each block;
 * both the same for the same arguments. Unlike encoders proper it knows every sampling factor.
 * Ends the program where libjpeg refuses. */
struct jpeg_bytes jpeg_encode(uint32_t width_px, uint32_t height_px, uint64_t seed,
                              const struct jpeg_coding *coding);

/* The file ends with its end marker. */
struct jpeg_pieces jpeg_take_apart(const struct jpeg_bytes *file);

/* Letters are scans, of one file a, b, c... and of the other A, B, C...; a full stop is the end
 * marker; what else there is, see the table. */
struct jpeg_bytes jpeg_put_together(const struct jpeg_pieces *one, const struct jpeg_pieces *other,
                                    const char *recipe);

#endif
