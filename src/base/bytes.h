/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign bytes in, our bytes out. The only place that knows byte order and alignment: numbers of
 * ours are little-endian. Failure sticks, so a parser lists its fields in order and checks once. */
#ifndef HV_BASE_BYTES_H
#define HV_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hv_reader {
    const uint8_t *next; /* borrowed */
    size_t left;
    bool failed;
};

static inline struct hv_reader hv_reader_of(const uint8_t *bytes, size_t len)
{
    return (struct hv_reader){.next = bytes, .left = len};
}

/* Returns len bytes to be borrowed, or NULL when fewer are left. */
static inline const uint8_t *hv_read_bytes(struct hv_reader *in, size_t len)
{
    if (in->failed || len > in->left) {
        in->failed = true;
        return NULL;
    }
    const uint8_t *bytes = in->next;
    in->next += len;
    in->left -= len;
    return bytes;
}

/* Fills out with zeros on failure, so that it never holds what was there before. */
static inline void hv_read_copy(struct hv_reader *in, uint8_t *out, size_t len)
{
    const uint8_t *bytes = hv_read_bytes(in, len);
    if (bytes) {
        memcpy(out, bytes, len);
    } else {
        memset(out, 0, len);
    }
}

static inline uint64_t hv_load_le(const uint8_t *bytes, unsigned len)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < len; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static inline uint64_t hv_load_be(const uint8_t *bytes, unsigned len)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < len; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static inline void hv_store_le(uint8_t *bytes, uint64_t value, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline uint64_t hv_read_le(struct hv_reader *in, unsigned len)
{
    const uint8_t *bytes = hv_read_bytes(in, len);
    return bytes ? hv_load_le(bytes, len) : 0;
}

static inline uint64_t hv_read_be(struct hv_reader *in, unsigned len)
{
    const uint8_t *bytes = hv_read_bytes(in, len);
    return bytes ? hv_load_be(bytes, len) : 0;
}

static inline uint8_t hv_read_u8(struct hv_reader *in)
{
    return (uint8_t)hv_read_le(in, 1);
}

static inline uint16_t hv_read_u16le(struct hv_reader *in)
{
    return (uint16_t)hv_read_le(in, 2);
}

static inline uint32_t hv_read_u32le(struct hv_reader *in)
{
    return (uint32_t)hv_read_le(in, 4);
}

static inline uint64_t hv_read_u64le(struct hv_reader *in)
{
    return hv_read_le(in, 8);
}

struct hv_writer {
    uint8_t *bytes; /* borrowed, capacity bytes */
    size_t len, capacity;
    bool failed;
};

static inline struct hv_writer hv_writer_of(uint8_t *bytes, size_t capacity)
{
    return (struct hv_writer){.bytes = bytes, .capacity = capacity};
}

/* Returns room for len bytes, or NULL when there is too little. */
static inline uint8_t *hv_write_space(struct hv_writer *out, size_t len)
{
    if (out->failed || len > out->capacity - out->len) {
        out->failed = true;
        return NULL;
    }
    uint8_t *space = out->bytes + out->len;
    out->len += len;
    return space;
}

static inline void hv_write_bytes(struct hv_writer *out, const uint8_t *bytes, size_t len)
{
    uint8_t *space = hv_write_space(out, len);
    if (space && len) {
        memcpy(space, bytes, len);
    }
}

static inline void hv_write_le(struct hv_writer *out, uint64_t value, unsigned len)
{
    uint8_t *space = hv_write_space(out, len);
    if (space) {
        hv_store_le(space, value, len);
    }
}

static inline void hv_write_u8(struct hv_writer *out, uint8_t value)
{
    hv_write_le(out, value, 1);
}

static inline void hv_write_u16le(struct hv_writer *out, uint16_t value)
{
    hv_write_le(out, value, 2);
}

static inline void hv_write_u32le(struct hv_writer *out, uint32_t value)
{
    hv_write_le(out, value, 4);
}

static inline void hv_write_u64le(struct hv_writer *out, uint64_t value)
{
    hv_write_le(out, value, 8);
}

#endif
