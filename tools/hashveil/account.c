/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include "output.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_A_DAY UINT64_C(86400)

static const char token_start[] = "hv_";

const char *account_credential_text(enum account_credential kind)
{
    static const char *const texts[ACCOUNT_CREDENTIALS] = {
#define X(name, text) text,
        ACCOUNT_CREDENTIAL_TABLE(X)
#undef X
    };
    return texts[kind];
}

bool account_name_is_valid(const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if (name[i] < ' ' || name[i] > '~') {
            return false;
        }
    }
    return len > 0 && len < ACCOUNT_NAME_BYTES;
}

void account_of_token(const char *token, uint8_t out[ACCOUNT_CREDENTIAL_BYTES])
{
    EVP_Q_digest(NULL, "SHA256", NULL, token, strlen(token), out, NULL);
}

bool account_make_token(char out[ACCOUNT_TOKEN_BYTES])
{
    uint8_t bytes[ACCOUNT_CREDENTIAL_BYTES];
    const bool is_made = RAND_bytes(bytes, sizeof bytes) == 1;
    if (is_made) {
        memcpy(out, token_start, sizeof token_start);
        format_hex(bytes, sizeof bytes, out + sizeof token_start - 1);
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return is_made;
}

/* burst is at most per_day, so that a day fills any bucket. */
void account_refill(struct account *account, uint64_t now_s)
{
    const uint64_t full = account->burst * SECONDS_A_DAY;
    const uint64_t passed_s = now_s > account->updated_s ? now_s - account->updated_s : 0;
    const uint64_t seconds = passed_s < SECONDS_A_DAY ? passed_s : SECONDS_A_DAY;
    account->level += seconds * account->per_day;
    account->level = account->level < full ? account->level : full;
    account->updated_s = now_s;
}

uint64_t account_available(const struct account *account)
{
    return account->level / SECONDS_A_DAY;
}

bool account_take(struct account *account, uint64_t elements, uint64_t *retry_after_s_out)
{
    const uint64_t wanted = elements * SECONDS_A_DAY;
    if (elements > account->burst) {
        *retry_after_s_out = SECONDS_A_DAY;
        return false;
    }
    if (wanted > account->level) {
        *retry_after_s_out = (wanted - account->level + account->per_day - 1) / account->per_day;
        return false;
    }
    account->level -= wanted;
    return true;
}

void account_give_back(struct account *account, uint64_t elements)
{
    const uint64_t full = account->burst * SECONDS_A_DAY;
    account->level += elements * SECONDS_A_DAY;
    account->level = account->level < full ? account->level : full;
}
