/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs as JSON: what is read as one can be checked, and nobody has signed it. */
#include "tools/hashveil/log_proof.h"

#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const hashveil_key key = {.kind = HASHVEIL_KEY_CURATOR, .public_bytes = {1}};
    static const uint8_t digest[HASHVEIL_DIGEST_BYTES];
    static const uint8_t root[HASHVEIL_LOG_HASH_BYTES];
    hashveil_log_proof proof;
    if (log_proof_parse((const char *)bytes, len, &proof)) {
        return 0;
    }
    if (proof.inclusion.count > HASHVEIL_LOG_MAX_PATH ||
        proof.consistency.count > HASHVEIL_LOG_MAX_PATH ||
        hashveil_log_verify(&proof, &key, digest, root) == HASHVEIL_OK) {
        abort();
    }
    return 0;
}
