/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ as published, one step after the other over planes of the picture's size: slow, and easy to
 * compare with the text. In double precision it tells whether ours is right; compiled with
 * ORACLE_NUMBER float it is what a plain implementation costs. Allocation failure ends the program.
 *
 * Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook,
 * 2019. */
#ifndef HV_TESTS_PDQ_ORACLE_H
#define HV_TESTS_PDQ_ORACLE_H

#include <stddef.h>

#include <hashveil/pdq.h>

#ifndef ORACLE_NUMBER
#define ORACLE_NUMBER double
#endif

typedef ORACLE_NUMBER oracle_number;

enum { ORACLE_SIDE = 64, ORACLE_PLANE = ORACLE_SIDE * ORACLE_SIDE, ORACLE_FREQUENCIES = 16 };

/* What does not depend on the picture's content. */
struct oracle_room {
    oracle_number *plane, *other_plane; /* owned; of the picture's size */
    oracle_number dct[ORACLE_FREQUENCIES][ORACLE_SIDE];
};

struct oracle {
    oracle_number plane[ORACLE_PLANE];             /* 64 x 64 luma */
    oracle_number coefficients[HASHVEIL_PDQ_BITS]; /* 16 x 16 */
    oracle_number margin[HASHVEIL_PDQ_BITS];
    unsigned quality;
    hashveil_pdq hash;
};

void oracle_room_init(size_t pixels, struct oracle_room *out);
void oracle_room_clear(struct oracle_room *room);

/* The step that comes first under the policy nearest512: a picture of 512 x 512 pixels where a side
 * is above, else a copy. Its pixels are released with free. */
hashveil_image oracle_nearest512(const hashveil_image *image);

/* All other steps, for a picture with no side below 5. */
void oracle_run(const hashveil_image *image, struct oracle_room *room, struct oracle *out);

/* The same with room of its own. */
void oracle_image(const hashveil_image *image, struct oracle *out);

/* All that follows from out->plane. */
void oracle_finish(const struct oracle_room *room, struct oracle *out);

/* Both box passes and the decimation along one axis. scratch: side numbers; in is overwritten. */
void oracle_axis(oracle_number *in, oracle_number *scratch, size_t side,
                 oracle_number out[ORACLE_SIDE]);

/* What the form makes of a picture of these sides: returns the pixel of the original that comes to
 * (row, column) of the turned one, as row * width + column. */
size_t oracle_turned_from(hashveil_dihedral form, size_t width, size_t height, size_t row,
                          size_t column);
/* Whether the form exchanges width and height. */
bool oracle_is_transposed(hashveil_dihedral form);

/* Fills with noise, the same for the same seed. */
void oracle_noise(uint32_t seed, uint8_t *bytes, size_t len);
/* A picture of noise; its pixels are released with free. */
hashveil_image oracle_noise_image(uint32_t seed, uint32_t width_px, uint32_t height_px,
                                  uint32_t channels);

#endif
