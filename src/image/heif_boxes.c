/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes (ISO/IEC 14496-12, 4.2), and references from a picture to those that it is made from: a
 * grid's tiles, for the most part (23008-12, 6.4.7). libheif 1.15 follows them wherever they lead,
 * round in circles too. */
#include "image/heif_boxes.h"

#include "base/bytes.h"

/* A picture of 200 MP has 800 tiles of the usual size; beside the grid of the picture there may be
 * those of its depth and of its brightness. */
enum { DERIVED_MAX = 64, SOURCES_MAX = 4096, KIND_BYTES = 4, VERSION_BYTES = 4, UUID_BYTES = 16 };

struct header {
    const uint8_t *kind; /* borrowed; NULL at the end */
    uint64_t len;        /* of what follows; may be more than there is */
};

static struct header read_header(struct hv_reader *in)
{
    const uint64_t size = hv_read_be(in, 4);
    struct header header = {.kind = hv_read_bytes(in, KIND_BYTES)};
    const uint64_t whole = size == 1 ? hv_read_be(in, 8) - 8 : size;
    /* 0: to the end. One that is smaller than its header is far larger than what is left. */
    header.len = size == 0 ? in->left : whole - 8;
    return header;
}

/* Goes on behind the next box of the kind; what is missing of it at the end is passed over, as
 * libheif does. Returns false when there is none. */
static bool find_box(struct hv_reader *in, const char *wanted, struct hv_reader *content_out)
{
    bool is_found = false;
    while (!is_found && in->left > 0 && !in->failed) {
        const struct header header = read_header(in);
        const size_t len = header.len < in->left ? (size_t)header.len : in->left;
        *content_out = hv_reader_of(hv_read_bytes(in, len), len);
        is_found = header.kind && !in->failed && memcmp(header.kind, wanted, KIND_BYTES) == 0;
    }
    return is_found;
}

bool hv_heif_is_cut(const uint8_t *bytes, size_t len)
{
    struct hv_reader file = hv_reader_of(bytes, len);
    while (!file.failed && file.left > 0) {
        const struct header header = read_header(&file);
        hv_read_bytes(&file, header.len);
    }
    return file.failed;
}

/* One entry of the list of references. */
struct reference {
    bool is_derivation;
    uint64_t from;
    struct hv_reader sources; /* identities */
};

/* Its size is passed over, as libheif does: what counts is what is read. */
static struct reference read_reference(struct hv_reader *in, unsigned identity_bytes)
{
    struct reference reference = {0};
    const struct header header = read_header(in);
    if (header.kind && memcmp(header.kind, "uuid", KIND_BYTES) == 0) {
        hv_read_bytes(in, UUID_BYTES);
    }
    reference.is_derivation = header.kind && memcmp(header.kind, "dimg", KIND_BYTES) == 0;
    reference.from = hv_read_be(in, identity_bytes);
    size_t len = (size_t)hv_read_be(in, 2) * identity_bytes;
    len = len < in->left ? len : in->left;
    reference.sources = hv_reader_of(hv_read_bytes(in, len), len);
    return reference;
}

struct derivations {
    uint64_t derived[DERIVED_MAX]; /* identities of pictures made from others */
    size_t derived_count;
    size_t source_count;
};

static bool is_derived(const struct derivations *all, uint64_t identity)
{
    bool is_found = false;
    for (size_t i = 0; i < all->derived_count; i++) {
        is_found |= all->derived[i] == identity;
    }
    return is_found;
}

static hashveil_status count(struct hv_reader references, unsigned identity_bytes,
                             struct derivations *all)
{
    while (!references.failed && references.left > 0) {
        const struct reference reference = read_reference(&references, identity_bytes);
        if (!reference.is_derivation) {
            continue;
        }
        all->source_count += reference.sources.left / identity_bytes;
        if (all->derived_count == DERIVED_MAX || all->source_count > SOURCES_MAX) {
            return HASHVEIL_ERR_LIMIT;
        }
        all->derived[all->derived_count++] = reference.from;
    }
    return HASHVEIL_OK;
}

static hashveil_status check_sources(struct hv_reader references, unsigned identity_bytes,
                                     const struct derivations *all)
{
    while (!references.failed && references.left > 0) {
        struct reference reference = read_reference(&references, identity_bytes);
        while (reference.is_derivation && reference.sources.left >= identity_bytes) {
            if (is_derived(all, hv_read_be(&reference.sources, identity_bytes))) {
                return HASHVEIL_ERR_UNSUPPORTED;
            }
        }
    }
    return HASHVEIL_OK;
}

static hashveil_status check_references(struct hv_reader references)
{
    struct derivations all = {.derived_count = 0};
    const uint64_t version = hv_read_be(&references, VERSION_BYTES) >> 24;
    const unsigned identity_bytes = version == 0 ? 2 : 4;
    const hashveil_status status = count(references, identity_bytes, &all);
    return status == HASHVEIL_OK ? check_sources(references, identity_bytes, &all) : status;
}

/* Kinds of derived pictures that are rare, and at which libheif 1.15 trusts the file. Wherever the
 * name stands, so that no other reading of the list finds one. */
static hashveil_status check_kinds(struct hv_reader items)
{
    static const char refused[][KIND_BYTES + 1] = {"iden", "iovl"};
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (items.next && memmem(items.next, items.left, refused[i], KIND_BYTES)) {
            status = HASHVEIL_ERR_UNSUPPORTED;
        }
    }
    return status;
}

static hashveil_status check_meta(struct hv_reader meta)
{
    hashveil_status status = HASHVEIL_OK;
    hv_read_bytes(&meta, VERSION_BYTES);
    struct hv_reader boxes = meta;
    struct hv_reader content;
    while (status == HASHVEIL_OK && find_box(&boxes, "iinf", &content)) {
        status = check_kinds(content);
    }
    boxes = meta;
    while (status == HASHVEIL_OK && find_box(&boxes, "iref", &content)) {
        status = check_references(content);
    }
    return status;
}

hashveil_status hv_heif_check_derivations(const uint8_t *bytes, size_t len)
{
    struct hv_reader file = hv_reader_of(bytes, len);
    struct hv_reader meta;
    hashveil_status status = HASHVEIL_OK;
    while (status == HASHVEIL_OK && find_box(&file, "meta", &meta)) {
        status = check_meta(meta);
    }
    return status;
}
