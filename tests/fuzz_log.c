/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of transparency logs, and proofs of the hashes that are in the bytes. */
#include "fuzz.h"
#include "hashdb/log/head.h"
#include "hashdb/log/merkle.h"

#include <stdlib.h>
#include <string.h>

static void check_head(const uint8_t *bytes, size_t len)
{
    hashveil_log_head head;
    uint8_t again[HASHVEIL_LOG_HEAD_BYTES];
    if (hv_log_head_parse(bytes, len, &head) != HASHVEIL_OK) {
        return;
    }
    hv_log_head_write(&head, again);
    if (len != sizeof again || memcmp(again, bytes, sizeof again) != 0) {
        abort();
    }
}

/* Two sizes, then a root, then a path: whatever they are, it is not proved that this leaf of zeros
 * is in a tree with this root, unless it is. */
static void check_proofs(const uint8_t *bytes, size_t len)
{
    enum { HEAD = 2 + HV_MERKLE_BYTES };
    static const uint8_t leaf[HV_MERKLE_BYTES];
    struct hv_merkle_path path = {.count = 0};
    if (len < HEAD) {
        return;
    }
    while (path.count < HV_MERKLE_MAX_PATH && len >= HEAD + (path.count + 1) * HV_MERKLE_BYTES) {
        memcpy(path.hashes[path.count], bytes + HEAD + path.count * HV_MERKLE_BYTES,
               HV_MERKLE_BYTES);
        path.count++;
    }
    if (hv_merkle_verify_inclusion(leaf, bytes[0], bytes[1], &path, bytes + 2) &&
        (bytes[0] >= bytes[1] || path.count > 8)) {
        abort();
    }
    if (hv_merkle_verify_consistency(bytes[0], bytes + 2, bytes[1], bytes + 2, &path) &&
        bytes[0] != bytes[1]) {
        abort(); /* two sizes with one root would be a collision */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    check_head(bytes, len);
    check_proofs(bytes, len);
    return 0;
}
