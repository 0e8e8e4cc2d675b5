/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_bits.h"

enum { RESTARTS = 8, WINDOW_BITS = 64 };

struct hv_jpeg_bits hv_jpeg_bits_of(const uint8_t *bytes, size_t len)
{
    return (struct hv_jpeg_bits){.next = bytes, .end = bytes + len};
}

void hv_jpeg_decoder_init(const uint8_t *codes, struct hv_jpeg_decoder *out)
{
    uint32_t code = 0;
    uint32_t index = 0;
    *out = (struct hv_jpeg_decoder){.symbols = codes + HV_JPEG_CODE_BITS_MAX};
    for (unsigned len = 1; len <= HV_JPEG_CODE_BITS_MAX; len++) {
        out->offset[len] = (int32_t)index - (int32_t)code;
        for (unsigned i = 0; i < codes[len - 1]; i++, code++, index++) {
            if (len > HV_JPEG_FAST_BITS) {
                continue;
            }
            const uint32_t first = code << (HV_JPEG_FAST_BITS - len);
            for (uint32_t k = 0; k < 1U << (HV_JPEG_FAST_BITS - len); k++) {
                out->fast[first + k].len = (uint8_t)len;
                out->fast[first + k].symbol = out->symbols[index];
            }
        }
        out->limit[len] = code << (HV_JPEG_CODE_BITS_MAX - len);
        code <<= 1;
    }
}

void hv_jpeg_bits_fill(struct hv_jpeg_bits *bits)
{
    while (bits->count <= WINDOW_BITS - 8 && bits->next < bits->end) {
        const uint8_t byte = *bits->next;
        if (byte == HV_JPEG_LEAD) {
            if (bits->end - bits->next < 2 || bits->next[1] != 0) {
                return; /* a marker */
            }
            bits->next++;
        }
        bits->next++;
        bits->window |= (uint64_t)byte << (WINDOW_BITS - 8 - bits->count);
        bits->count += 8;
    }
}

uint8_t hv_jpeg_read_symbol(struct hv_jpeg_bits *bits, const struct hv_jpeg_decoder *decoder)
{
    if (bits->count < HV_JPEG_CODE_BITS_MAX) {
        hv_jpeg_bits_fill(bits);
    }
    const uint32_t next = (uint32_t)(bits->window >> (WINDOW_BITS - HV_JPEG_CODE_BITS_MAX));
    const unsigned fast = next >> (HV_JPEG_CODE_BITS_MAX - HV_JPEG_FAST_BITS);
    unsigned len = decoder->fast[fast].len;
    uint8_t symbol = decoder->fast[fast].symbol;
    if (len == 0) {
        len = HV_JPEG_FAST_BITS + 1;
        while (len <= HV_JPEG_CODE_BITS_MAX && next >= decoder->limit[len]) {
            len++;
        }
        if (len > HV_JPEG_CODE_BITS_MAX) {
            bits->failed = true;
            return 0;
        }
        symbol =
            decoder
                ->symbols[(int32_t)(next >> (HV_JPEG_CODE_BITS_MAX - len)) + decoder->offset[len]];
    }
    hv_jpeg_read_bits(bits, len);
    return bits->failed ? 0 : symbol;
}

/* A byte is filled up with anything; a restart begins with the next. */
bool hv_jpeg_bits_restart(struct hv_jpeg_bits *bits)
{
    hv_jpeg_bits_fill(bits);
    if (bits->failed || bits->count >= 8 || bits->end - bits->next < 2 ||
        bits->next[1] != HV_JPEG_RESTART_FIRST + bits->next_restart) {
        return false;
    }
    bits->next += 2;
    bits->next_restart = (uint8_t)((bits->next_restart + 1) % RESTARTS);
    bits->window = 0;
    bits->count = 0;
    return true;
}

bool hv_jpeg_bits_are_over(struct hv_jpeg_bits *bits)
{
    hv_jpeg_bits_fill(bits);
    return !bits->failed && bits->count < 8 && bits->next == bits->end;
}
