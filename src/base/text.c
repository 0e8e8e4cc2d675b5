/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/bytes.h"

enum { SURROGATES_BEGIN = 0xD800, SURROGATES_END = 0xE000, CODE_POINTS_END = 0x110000 };

/* Rows of RFC 3629 section 3: how the first byte begins, how many follow, the least code point that
 * needs that many. */
static const struct {
    uint8_t mask, value;
    unsigned following;
    uint32_t least;
} forms[] = {
    {0x80, 0x00, 0, 0},
    {0xE0, 0xC0, 1, 0x80},
    {0xF0, 0xE0, 2, 0x800},
    {0xF8, 0xF0, 3, 0x10000},
};

static uint32_t read_following(struct hv_reader *in, uint32_t code_point, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const uint8_t byte = hv_read_u8(in);
        if ((byte & 0xC0) != 0x80) {
            in->failed = true;
        }
        code_point = code_point << 6 | (byte & 0x3F);
    }
    return code_point;
}

/* Fails at anything that is not one code point in its shortest form. */
static uint32_t read_code_point(struct hv_reader *in)
{
    const uint8_t first = hv_read_u8(in);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if ((first & forms[i].mask) != forms[i].value) {
            continue;
        }
        const uint32_t code_point =
            read_following(in, first & (uint8_t)~forms[i].mask, forms[i].following);
        const bool is_surrogate = code_point >= SURROGATES_BEGIN && code_point < SURROGATES_END;
        if (code_point < forms[i].least || code_point >= CODE_POINTS_END || is_surrogate) {
            in->failed = true;
        }
        return code_point;
    }
    in->failed = true;
    return 0;
}

/* C0, DEL and C1: a terminal would obey them. */
static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

bool hv_text_is_plain(const char *text, size_t len)
{
    struct hv_reader in = hv_reader_of((const uint8_t *)text, len);
    while (in.left > 0 && !in.failed) {
        in.failed |= is_control(read_code_point(&in));
    }
    return !in.failed;
}
