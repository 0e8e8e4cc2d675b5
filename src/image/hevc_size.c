/* SPDX-License-Identifier: Apache-2.0 */
/* ITU-T H.265, 7.3.1 to 7.3.3: the beginning of a sequence parameter set. */
#include "image/hevc_size.h"

enum {
    UNIT_HEADER_BYTES = 2,
    SEQUENCE_PARAMETER_SET = 33,
    PROFILE_BITS = 88,
    LEVEL_BITS = 8,
    LAYERS_MAX = 8,
    PLANES_APART = 3, /* chroma_format_idc */
};

/* Bits of a unit's payload, highest first. Failure sticks. */
struct bit_reader {
    const uint8_t *next; /* borrowed */
    size_t left;         /* bytes */
    unsigned used_bits;  /* of the next byte */
    unsigned zeros;      /* bytes of 0 before it */
    bool failed;
};

/* A 3 behind two bytes of 0 is not part of the payload (7.4.2). */
static void skip_escape(struct bit_reader *in)
{
    if (in->left > 0 && in->zeros >= 2 && *in->next == 3) {
        in->next++;
        in->left--;
        in->zeros = 0;
    }
}

static unsigned read_bit(struct bit_reader *in)
{
    if (in->used_bits == 0) {
        skip_escape(in);
    }
    if (in->left == 0) {
        in->failed = true;
        return 0;
    }
    const unsigned bit = *in->next >> (7 - in->used_bits) & 1;
    if (++in->used_bits == 8) {
        in->used_bits = 0;
        in->zeros = *in->next == 0 ? in->zeros + 1 : 0;
        in->next++;
        in->left--;
    }
    return bit;
}

static uint32_t read_bits(struct bit_reader *in, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value = value << 1 | read_bit(in);
    }
    return value;
}

/* ue(v), 9.2: as many zeros as there are bits behind the one. */
static uint32_t read_number(struct bit_reader *in)
{
    unsigned zeros = 0;
    while (!in->failed && zeros < 32 && read_bit(in) == 0) {
        zeros++;
    }
    if (zeros >= 32) {
        in->failed = true;
        return 0;
    }
    return (UINT32_C(1) << zeros) - 1 + read_bits(in, zeros);
}

static void skip_layers(struct bit_reader *in, unsigned layers)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < layers; i++) {
        bits += read_bit(in) ? PROFILE_BITS : 0;
        bits += read_bit(in) ? LEVEL_BITS : 0;
    }
    bits += layers > 0 ? 2 * (LAYERS_MAX - layers) : 0;
    read_bits(in, bits);
}

bool hv_hevc_has_size(const uint8_t *unit, size_t len)
{
    return len >= UNIT_HEADER_BYTES && (unit[0] >> 1 & 0x3F) == SEQUENCE_PARAMETER_SET;
}

bool hv_hevc_read_size(const uint8_t *unit, size_t len, uint32_t *width_px_out,
                       uint32_t *height_px_out)
{
    struct bit_reader in = {.next = unit + UNIT_HEADER_BYTES, .left = len - UNIT_HEADER_BYTES};
    read_bits(&in, 4); /* the video parameter set's number */
    const unsigned layers = read_bits(&in, 3);
    read_bits(&in, 1 + PROFILE_BITS + LEVEL_BITS);
    skip_layers(&in, layers);
    read_number(&in); /* its own number */
    if (read_number(&in) == PLANES_APART) {
        read_bit(&in);
    }
    *width_px_out = read_number(&in);
    *height_px_out = read_number(&in);
    return !in.failed;
}
