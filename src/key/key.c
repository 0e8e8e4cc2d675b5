/* SPDX-License-Identifier: Apache-2.0 */
/* What the three kinds of key have in common, and where they differ: one row a kind. */
#include "key/key.h"

#include "base/memory.h"

#include <sodium.h>
#include <unistd.h>

static void scalar_of_seed(const uint8_t *seed, uint8_t *secret)
{
    crypto_core_ristretto255_scalar_reduce(secret, seed);
}

static void first_half_of_seed(const uint8_t *seed, uint8_t *secret)
{
    memcpy(secret, seed, HASHVEIL_KEY_BYTES);
}

static bool is_canonical_scalar(const uint8_t *scalar)
{
    uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES] = {0};
    uint8_t reduced[crypto_core_ristretto255_SCALARBYTES];
    memcpy(wide, scalar, sizeof reduced);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    const bool is_canonical = hv_equal_secret(reduced, scalar, sizeof reduced);
    hv_wipe(wide, sizeof wide);
    hv_wipe(reduced, sizeof reduced);
    return is_canonical;
}

/* libsodium drops the highest bit of a scalar, so the range is checked here; it refuses zero. */
static bool evaluator_public(const uint8_t *secret, uint8_t *out)
{
    return is_canonical_scalar(secret) && crypto_scalarmult_ristretto255_base(out, secret) == 0;
}

/* The identity is a valid encoding, but no key: whoever sealed with it sealed with k = 0. */
static bool is_ristretto_point(const uint8_t *bytes)
{
    return crypto_core_ristretto255_is_valid_point(bytes) == 1 &&
           !sodium_is_zero(bytes, HASHVEIL_KEY_BYTES);
}

static bool reporter_public(const uint8_t *secret, uint8_t *out)
{
    return crypto_scalarmult_base(out, secret) == 0;
}

/* Any 32 bytes name a point; libsodium refuses a product of zero, which only a point of small order
 * gives. The scalar is clamped, so that its value does not matter. */
static bool is_x25519_point(const uint8_t *bytes)
{
    static const uint8_t scalar[crypto_scalarmult_SCALARBYTES] = {0};
    uint8_t product[crypto_scalarmult_BYTES];
    return crypto_scalarmult(product, scalar, bytes) == 0;
}

static bool curator_public(const uint8_t *secret, uint8_t *out)
{
    uint8_t expanded[crypto_sign_SECRETKEYBYTES];
    const bool is_done = crypto_sign_seed_keypair(out, expanded, secret) == 0;
    hv_wipe(expanded, sizeof expanded);
    return is_done;
}

static bool is_ed25519_point(const uint8_t *bytes)
{
    return crypto_core_ed25519_is_valid_point(bytes) == 1;
}

static const struct {
    void (*secret_of_seed)(const uint8_t *seed, uint8_t *secret);
    bool (*public_of_secret)(const uint8_t *secret, uint8_t *out);
    bool (*is_valid_public)(const uint8_t *bytes);
} kinds[HV_KEY_KINDS] = {
    [HASHVEIL_KEY_EVALUATOR] = {scalar_of_seed, evaluator_public, is_ristretto_point},
    [HASHVEIL_KEY_REPORTER] = {first_half_of_seed, reporter_public, is_x25519_point},
    [HASHVEIL_KEY_CURATOR] = {first_half_of_seed, curator_public, is_ed25519_point},
};

static const char *const kind_texts[HV_KEY_KINDS] = {
#define X(name, number, text) [number] = text,
    HASHVEIL_KEY_KIND_TABLE(X)
#undef X
};

static bool is_kind(hashveil_key_kind kind)
{
    return (unsigned)kind < HV_KEY_KINDS;
}

const char *hashveil_key_kind_text(hashveil_key_kind kind)
{
    return is_kind(kind) ? kind_texts[kind] : "unknown kind";
}

bool hv_key_is_sound(const hashveil_key *key)
{
    uint8_t computed[HASHVEIL_KEY_BYTES];
    if (!is_kind(key->kind)) {
        return false;
    }
    if (!key->has_secret) {
        return kinds[key->kind].is_valid_public(key->public_bytes);
    }
    return kinds[key->kind].public_of_secret(key->secret_bytes, computed) &&
           memcmp(computed, key->public_bytes, sizeof computed) == 0;
}

hashveil_status hv_key_from_seed(hashveil_key_kind kind, const uint8_t seed[HV_KEY_SEED_BYTES],
                                 hashveil_key *out)
{
    if (!is_kind(kind)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_key key = {.kind = kind, .has_secret = true};
    kinds[kind].secret_of_seed(seed, key.secret_bytes);
    const bool is_key = kinds[kind].public_of_secret(key.secret_bytes, key.public_bytes);
    if (is_key) {
        *out = key;
    }
    hashveil_key_clear(&key);
    return is_key ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
}

hashveil_status hashveil_key_generate(hashveil_key_kind kind, hashveil_key *out)
{
    uint8_t seed[HV_KEY_SEED_BYTES];
    if (sodium_init() < 0 || getentropy(seed, sizeof seed) != 0) {
        return HASHVEIL_ERR_IO;
    }
    const hashveil_status status = hv_key_from_seed(kind, seed, out);
    hv_wipe(seed, sizeof seed);
    /* Zero is as likely as any other scalar: random numbers that give it are not random. */
    return status == HASHVEIL_ERR_KEY ? HASHVEIL_ERR_IO : status;
}

void hashveil_key_clear(hashveil_key *key)
{
    hv_wipe(key, sizeof *key);
}
