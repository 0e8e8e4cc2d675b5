/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluator's account: who may ask, and how many elements. Its budget is a token bucket, which
 * fills by per_day a day up to burst, so that no 24 hours cost more than per_day + burst. */
#ifndef HASHVEIL_TOOLS_ACCOUNT_H
#define HASHVEIL_TOOLS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ACCOUNT_NAME_BYTES = 65, /* 1..64 and a NUL */
    ACCOUNT_CREDENTIAL_BYTES = 32,
    ACCOUNT_TOKEN_BYTES = 68 /* "hv_", 64 digits and a NUL */
};

/* 10^12 elements: a thousand processors' work. */
#define ACCOUNT_MAX_BUDGET UINT64_C(1000000000000)

#define ACCOUNT_CREDENTIAL_TABLE(X)                                                                \
    X(TOKEN, "token")             /* the SHA-256 of a bearer token (RFC 6750) */                   \
    X(CERTIFICATE, "certificate") /* the SHA-256 of a client's certificate */

enum account_credential {
#define X(name, text) ACCOUNT_##name,
    ACCOUNT_CREDENTIAL_TABLE(X)
#undef X
        ACCOUNT_CREDENTIALS
};

struct account {
    char name[ACCOUNT_NAME_BYTES];
    enum account_credential kind;
    uint8_t credential[ACCOUNT_CREDENTIAL_BYTES];
    uint64_t per_day, burst; /* elements; 1..ACCOUNT_MAX_BUDGET, burst at most per_day */
    uint64_t level;          /* what may be taken, in 86400ths of an element, as of updated_s */
    uint64_t updated_s;      /* since 1970 */
    uint64_t added_s;        /* since 1970 */
};

const char *account_credential_text(enum account_credential kind);

/* 1..64 printable characters of ASCII, so that they may stand in any terminal. */
bool account_name_is_valid(const char *name);

/* The credential that a bearer token stands for. */
void account_of_token(const char *token, uint8_t out[ACCOUNT_CREDENTIAL_BYTES]);

/* Makes a token of random numbers. Returns false without them. */
bool account_make_token(char out[ACCOUNT_TOKEN_BYTES]);

/* Fills the bucket up to now. A clock that went back fills nothing. */
void account_refill(struct account *account, uint64_t now_s);

/* Whole elements that may be taken. */
uint64_t account_available(const struct account *account);

/* Takes elements, at least one. Returns false, with nothing taken, when there are too few;
 * retry_after_s_out: when there will be enough, a day when there never will. */
bool account_take(struct account *account, uint64_t elements, uint64_t *retry_after_s_out);

/* Gives elements back that were taken. */
void account_give_back(struct account *account, uint64_t elements);

#endif
