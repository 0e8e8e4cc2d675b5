/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes (ISO/IEC 14496-12, 4.2), and references from a picture to those that it is made from: a
 * grid's tiles, for the most part (23008-12, 6.4.7). libheif 1.15 follows them wherever they lead,
 * round in circles too. */
#include "image/heif_boxes.h"

#include "base/bytes.h"

/* A picture of 200 MP has 800 tiles of the usual size; beside the grid of the picture there may be
 * those of its depth and of its brightness. */
enum { DERIVED_MAX = 64, SOURCES_MAX = 4096, KIND_BYTES = 4, VERSION_BYTES = 4 };

struct box {
    const uint8_t *kind; /* borrowed */
    struct hv_reader content;
};

/* Fails when there is no further box, or not all of it. */
static struct box read_box(struct hv_reader *in)
{
    const uint64_t size = hv_read_be(in, 4);
    const uint8_t *kind = hv_read_bytes(in, KIND_BYTES);
    const uint64_t whole = size == 1 ? hv_read_be(in, 8) - 8 : size;
    /* 0: to the end. One that is smaller than its header is far larger than what is left. */
    const size_t len = size == 0 ? in->left : whole - 8;
    const uint8_t *content = hv_read_bytes(in, len);
    return (struct box){kind, hv_reader_of(content, content ? len : 0)};
}

/* Goes on behind the next box of the kind. Returns false when there is none. */
static bool find_box(struct hv_reader *in, const char *wanted, struct hv_reader *content_out)
{
    struct box box;
    do {
        box = read_box(in);
    } while (!in->failed && memcmp(box.kind, wanted, KIND_BYTES) != 0);
    *content_out = box.content;
    return !in->failed;
}

bool hv_heif_is_cut(const uint8_t *bytes, size_t len)
{
    struct hv_reader file = hv_reader_of(bytes, len);
    while (!file.failed && file.left > 0) {
        read_box(&file);
    }
    return file.failed;
}

struct derivations {
    uint64_t derived[DERIVED_MAX]; /* identities of pictures made from others */
    size_t derived_count;
    uint64_t source_count;
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
    struct hv_reader derivation;
    while (find_box(&references, "dimg", &derivation)) {
        if (all->derived_count == DERIVED_MAX) {
            return HASHVEIL_ERR_LIMIT;
        }
        all->derived[all->derived_count++] = hv_read_be(&derivation, identity_bytes);
        all->source_count += hv_read_be(&derivation, 2);
    }
    return all->source_count <= SOURCES_MAX ? HASHVEIL_OK : HASHVEIL_ERR_LIMIT;
}

static hashveil_status check_sources(struct hv_reader references, unsigned identity_bytes,
                                     const struct derivations *all)
{
    struct hv_reader derivation;
    while (find_box(&references, "dimg", &derivation)) {
        hv_read_be(&derivation, identity_bytes);
        for (uint64_t left = hv_read_be(&derivation, 2); left > 0; left--) {
            if (is_derived(all, hv_read_be(&derivation, identity_bytes))) {
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

hashveil_status hv_heif_check_derivations(const uint8_t *bytes, size_t len)
{
    struct hv_reader file = hv_reader_of(bytes, len);
    struct hv_reader meta;
    struct hv_reader references;
    hashveil_status status = HASHVEIL_OK;
    while (status == HASHVEIL_OK && find_box(&file, "meta", &meta)) {
        hv_read_bytes(&meta, VERSION_BYTES);
        while (status == HASHVEIL_OK && find_box(&meta, "iref", &references)) {
            status = check_references(references);
        }
    }
    return status;
}
