/* SPDX-License-Identifier: Apache-2.0 */
/* The bits of a hash, row by row of the transform that they come from. */
#include "page.h"

enum { SIDE = 16, CELL = 18, INSET = 5 };

static bool bit_of(const hashveil_pdq *hash, unsigned bit)
{
    return hash->word[bit / 64] >> (bit % 64) & 1;
}

/* Color alone does not tell what differs: a cross does. */
static void write_cell(FILE *out, unsigned bit, bool value, bool differs)
{
    const unsigned x = bit % SIDE * CELL;
    const unsigned y = bit / SIDE * CELL;
    fprintf(out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\"></rect>\n",
            differs ? "other"
            : value ? "bit1"
                    : "bit0",
            x, y, CELL - 1, CELL - 1);
    if (differs) {
        fprintf(out, "<path class=\"cross\" d=\"M%u %uL%u %uM%u %uL%u %u\"></path>\n", x + INSET,
                y + INSET, x + CELL - 1 - INSET, y + CELL - 1 - INSET, x + CELL - 1 - INSET,
                y + INSET, x + INSET, y + CELL - 1 - INSET);
    }
}

void page_write_grid(FILE *out, const hashveil_pdq *hash, const hashveil_pdq *listed)
{
    unsigned differing = 0;
    for (unsigned bit = 0; listed && bit < HASHVEIL_PDQ_BITS; bit++) {
        differing += bit_of(hash, bit) != bit_of(listed, bit);
    }
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" ", SIDE * CELL,
            SIDE * CELL, SIDE * CELL, SIDE * CELL);
    if (listed) {
        fprintf(out, "aria-label=\"%u of %d bits differ\">\n", differing, HASHVEIL_PDQ_BITS);
    } else {
        fprintf(out, "aria-label=\"the %d bits of the hash\">\n", HASHVEIL_PDQ_BITS);
    }
    for (unsigned bit = 0; bit < HASHVEIL_PDQ_BITS; bit++) {
        const bool value = bit_of(hash, bit);
        write_cell(out, bit, value, listed && value != bit_of(listed, bit));
    }
    fputs("</svg>\n<p>Light: 0. Dark: 1.", out);
    if (listed) {
        fprintf(out, " Crossed: the %u bits that differ from the nearest listed hash.", differing);
    }
    fputs("</p>\n", out);
}
