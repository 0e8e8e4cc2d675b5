/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: reports that open only together. The reporter reads none of an account's reports before
 * as many different listed records have matched as its threshold says (Shamir, "How to Share a
 * Secret", 1979, over GF(2^128)).
 *
 * All comes from the account's key by BLAKE2b, keyed with it (32 bytes), over
 * "hashveil/v1/account", the reporter's public key, the threshold (u16), a purpose (u8) and what
 * follows:
 *
 *     purpose  what follows                 16 bytes of
 *           0  nothing                      the account's name: another one for every reporter
 *           1  j (u32), below the threshold coefficient j of the polynomial; the first is the
 * secret 2  the record's id              the point of its share; 1 in place of 0
 *
 * The share is the polynomial's value there. One record gives one share, however often it matches.
 * The key for contents is BLAKE2b of "hashveil/v1/content", the account's name and the secret. */
#include "report/report.h"

#include "base/bytes.h"
#include "base/gf128.h"
#include "base/memory.h"

#include <sodium.h>

enum purpose { NAME, COEFFICIENT, POINT };

struct derivation {
    const hashveil_account *account;
    const hashveil_key *reporter;
};

static void derive(const struct derivation *from, enum purpose purpose, const uint8_t *bytes,
                   size_t len, uint8_t out[HV_GF128_BYTES])
{
    static const char domain[] = "hashveil/v1/account";
    crypto_generichash_state state;
    uint8_t numbers[3];
    hv_store_le(numbers, from->account->threshold, 2);
    numbers[2] = (uint8_t)purpose;
    crypto_generichash_init(&state, from->account->key, sizeof from->account->key, HV_GF128_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain - 1);
    crypto_generichash_update(&state, from->reporter->public_bytes, HASHVEIL_KEY_BYTES);
    crypto_generichash_update(&state, numbers, sizeof numbers);
    crypto_generichash_update(&state, bytes, len);
    crypto_generichash_final(&state, out, HV_GF128_BYTES);
    hv_wipe(&state, sizeof state);
}

static struct hv_gf128 coefficient(const struct derivation *from, unsigned j)
{
    uint8_t number[4];
    uint8_t bytes[HV_GF128_BYTES];
    hv_store_le(number, j, sizeof number);
    derive(from, COEFFICIENT, number, sizeof number, bytes);
    const struct hv_gf128 out = hv_gf128_load(bytes);
    hv_wipe(bytes, sizeof bytes);
    return out;
}

/* Horner's rule, from the highest coefficient down. */
static struct hv_gf128 value_at(const struct derivation *from, struct hv_gf128 point)
{
    struct hv_gf128 value = {0, 0};
    for (unsigned j = from->account->threshold; j-- > 0;) {
        value = hv_gf128_add(hv_gf128_multiply(value, point), coefficient(from, j));
    }
    return value;
}

void hv_account_content_key(const uint8_t account[HASHVEIL_ACCOUNT_ID_BYTES],
                            const uint8_t secret[HASHVEIL_SHARE_BYTES],
                            uint8_t out[HV_CONTENT_KEY_BYTES])
{
    static const char domain[] = "hashveil/v1/content";
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, HV_CONTENT_KEY_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain - 1);
    crypto_generichash_update(&state, account, HASHVEIL_ACCOUNT_ID_BYTES);
    crypto_generichash_update(&state, secret, HASHVEIL_SHARE_BYTES);
    crypto_generichash_final(&state, out, HV_CONTENT_KEY_BYTES);
    hv_wipe(&state, sizeof state);
}

void hv_account_share(const hashveil_account *account, const hashveil_key *reporter,
                      const uint8_t record_id[HASHVEIL_RECORD_ID_BYTES],
                      hashveil_envelope *envelope, uint8_t key_out[HV_CONTENT_KEY_BYTES])
{
    const struct derivation from = {.account = account, .reporter = reporter};
    uint8_t secret[HV_GF128_BYTES];
    derive(&from, NAME, NULL, 0, envelope->account);
    derive(&from, POINT, record_id, HASHVEIL_RECORD_ID_BYTES, envelope->point);
    if (sodium_is_zero(envelope->point, sizeof envelope->point)) {
        envelope->point[0] = 1;
    }
    hv_gf128_store(value_at(&from, hv_gf128_load(envelope->point)), envelope->share);
    hv_gf128_store(coefficient(&from, 0), secret);
    hv_account_content_key(envelope->account, secret, key_out);
    hv_wipe(secret, sizeof secret);
}

/* What share i counts for at 0, by Lagrange: the product of x_j / (x_j - x_i) over all others.
 * Returns false when two points are the same. */
static bool weight(const hashveil_envelope *const *shares, size_t count, size_t i,
                   struct hv_gf128 *out)
{
    const struct hv_gf128 own = hv_gf128_load(shares[i]->point);
    struct hv_gf128 above = {1, 0};
    struct hv_gf128 below = {1, 0};
    for (size_t j = 0; j < count; j++) {
        const struct hv_gf128 other = hv_gf128_load(shares[j]->point);
        if (j != i) {
            above = hv_gf128_multiply(above, other);
            below = hv_gf128_multiply(below, hv_gf128_add(other, own));
        }
    }
    *out = hv_gf128_multiply(above, hv_gf128_invert(below));
    return (below.low | below.high) != 0;
}

hashveil_status hashveil_account_recover(const hashveil_envelope *const *shares, size_t count,
                                         uint8_t secret_out[HASHVEIL_SHARE_BYTES])
{
    struct hv_gf128 sum = {0, 0};
    if (count == 0 || count != shares[0]->threshold) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < count; i++) {
        struct hv_gf128 weight_of_i;
        if (memcmp(shares[i]->account, shares[0]->account, HASHVEIL_ACCOUNT_ID_BYTES) != 0 ||
            !weight(shares, count, i, &weight_of_i)) {
            return HASHVEIL_ERR_ARGUMENT;
        }
        sum = hv_gf128_add(sum, hv_gf128_multiply(hv_gf128_load(shares[i]->share), weight_of_i));
    }
    hv_gf128_store(sum, secret_out);
    return HASHVEIL_OK;
}

hashveil_status hashveil_account_generate(unsigned threshold, hashveil_account *out)
{
    if (threshold < 1 || threshold > HASHVEIL_MAX_THRESHOLD) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    randombytes_buf(out->key, sizeof out->key);
    out->threshold = threshold;
    return HASHVEIL_OK;
}
