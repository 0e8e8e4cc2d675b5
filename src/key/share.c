/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluator's key as two shares: scalars that add up to it, and so do their public halves. */
#include "key/key.h"

#include "base/memory.h"

#include <sodium.h>

hashveil_status hashveil_key_join(const hashveil_key shares[HASHVEIL_KEY_SHARES], hashveil_key *out)
{
    hashveil_key key = {.kind = HASHVEIL_KEY_EVALUATOR};
    *out = key;
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    for (unsigned i = 0; i < HASHVEIL_KEY_SHARES; i++) {
        if (shares[i].kind != HASHVEIL_KEY_EVALUATOR || !hv_key_is_sound(&shares[i])) {
            return HASHVEIL_ERR_KEY;
        }
    }
    if (crypto_core_ristretto255_add(key.public_bytes, shares[0].public_bytes,
                                     shares[1].public_bytes) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    /* Shares that cancel each other out are no key: that is what soundness says of the sum. */
    if (hv_key_is_sound(&key)) {
        *out = key;
        return HASHVEIL_OK;
    }
    return HASHVEIL_ERR_KEY;
}

hashveil_status hashveil_key_split(const hashveil_key *key, hashveil_key out[HASHVEIL_KEY_SHARES])
{
    hashveil_key second = {.kind = HASHVEIL_KEY_EVALUATOR, .has_secret = true};
    out[0] = out[1] = (hashveil_key){0};
    if (key->kind != HASHVEIL_KEY_EVALUATOR || !key->has_secret || !hv_key_is_sound(key)) {
        return HASHVEIL_ERR_KEY;
    }
    hashveil_status status = hashveil_key_generate(HASHVEIL_KEY_EVALUATOR, &out[0]);
    if (status == HASHVEIL_OK) {
        crypto_core_ristretto255_scalar_sub(second.secret_bytes, key->secret_bytes,
                                            out[0].secret_bytes);
        /* Zero when the first share is the whole key, which never happens by chance. */
        status = crypto_scalarmult_ristretto255_base(second.public_bytes, second.secret_bytes) == 0
                     ? HASHVEIL_OK
                     : HASHVEIL_ERR_IO;
    }
    if (status == HASHVEIL_OK) {
        out[1] = second;
    } else {
        hashveil_key_clear(&out[0]);
    }
    hashveil_key_clear(&second);
    return status;
}
