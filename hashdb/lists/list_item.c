/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/list_item.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/text.h"

/* The digests of an empty file, as md5sum, sha1sum and sha256sum print them. */
static const char *const digests_of_nothing[HASHVEIL_DIGEST_KINDS] = {
    [HASHVEIL_DIGEST_MD5] = "d41d8cd98f00b204e9800998ecf8427e",
    [HASHVEIL_DIGEST_SHA1] = "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    [HASHVEIL_DIGEST_SHA256] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
};

enum { ANY_HASH = -1 };

/* What lists call the kinds of values. */
static const struct {
    const char *text;
    int kind; /* ANY_HASH or a hashveil_digest_kind */
} kind_names[] = {
    {"pdq", ANY_HASH},
    {"md5", HASHVEIL_DIGEST_MD5},
    {"sha1", HASHVEIL_DIGEST_SHA1},
    {"sha-1", HASHVEIL_DIGEST_SHA1},
    {"sha256", HASHVEIL_DIGEST_SHA256},
    {"sha-256", HASHVEIL_DIGEST_SHA256},
};

static uint8_t *place_of(hashveil_digests *digests, hashveil_digest_kind kind)
{
    uint8_t *const places[HASHVEIL_DIGEST_KINDS] = {
        [HASHVEIL_DIGEST_MD5] = digests->md5,
        [HASHVEIL_DIGEST_SHA1] = digests->sha1,
        [HASHVEIL_DIGEST_SHA256] = digests->sha256,
    };
    return places[kind];
}

hashveil_status hv_list_item_add_hash(struct hv_list_item *item, const char *hex, size_t len)
{
    if (item->has_hash || hashveil_pdq_from_hex(hex, len, &item->hash) != HASHVEIL_OK) {
        return HASHVEIL_ERR_FORMAT;
    }
    item->has_hash = true;
    item->quality = HV_LIST_MAX_QUALITY; /* a list without qualities vouches for its hashes */
    return HASHVEIL_OK;
}

hashveil_status hv_list_item_add_digest(struct hv_list_item *item, hashveil_digest_kind kind,
                                        const char *hex, size_t len)
{
    const size_t digest_len = hashveil_digest_len(kind);
    if (item->has_digest[kind] || len != 2 * digest_len ||
        !hv_hex_decode(hex, place_of(&item->digests, kind), digest_len)) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (strncasecmp(hex, digests_of_nothing[kind], len) == 0) {
        return HASHVEIL_ERR_EMPTY;
    }
    item->has_digest[kind] = true;
    return HASHVEIL_OK;
}

hashveil_status hv_list_item_add_value(struct hv_list_item *item, const char *kind, size_t kind_len,
                                       const char *hex, size_t len)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++) {
        const char *text = kind_names[i].text;
        if (kind_len == strlen(text) && strncasecmp(kind, text, kind_len) == 0) {
            return kind_names[i].kind == ANY_HASH
                       ? hv_list_item_add_hash(item, hex, len)
                       : hv_list_item_add_digest(item, (hashveil_digest_kind)kind_names[i].kind,
                                                 hex, len);
        }
    }
    return HASHVEIL_ERR_UNSUPPORTED;
}

bool hv_list_item_has_value(const struct hv_list_item *item)
{
    bool has_value = item->has_hash;
    for (size_t kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        has_value = has_value || item->has_digest[kind];
    }
    return has_value;
}

void hv_list_item_digest_hex(const struct hv_list_item *item, hashveil_digest_kind kind,
                             char out[HV_LIST_HEX_ROOM])
{
    const hashveil_digest digest = hashveil_digests_get(&item->digests, kind);
    hv_hex_encode(digest.bytes, item->has_digest[kind] ? hashveil_digest_len(kind) : 0, out);
}

const char *hv_list_item_name(const struct hv_list_item *item)
{
    return item->id[0] != '\0' ? item->id : "unnamed";
}

hashveil_status hv_list_text_copy(const char *text, size_t len, char *out, size_t room)
{
    if (len >= room) {
        return HASHVEIL_ERR_LIMIT;
    }
    if (!hv_text_is_plain(text, len)) {
        return HASHVEIL_ERR_FORMAT;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return HASHVEIL_OK;
}
