/* SPDX-License-Identifier: Apache-2.0 */
#include "metering.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BURST_PARTS = 16 }; /* so much of its burst an account is charged ahead */

struct advance {
    uint8_t credential[ACCOUNT_CREDENTIAL_BYTES];
    uint64_t elements; /* taken from the store, not used yet */
    uint64_t until_s;  /* of the clock that no one sets */
};

struct metering {
    struct account_store *store;
    pthread_mutex_t lock; /* of all here */
    void *advances;       /* tsearch(3): struct advance by credential */
};

static int compare(const void *a, const void *b)
{
    const struct advance *left = a;
    const struct advance *right = b;
    return memcmp(left->credential, right->credential, sizeof left->credential);
}

static uint64_t clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec;
}

struct metering *metering_start(struct account_store *store)
{
    struct metering *metering = calloc(1, sizeof *metering);
    if (metering) {
        *metering = (struct metering){.store = store, .lock = PTHREAD_MUTEX_INITIALIZER};
    }
    return metering;
}

/* Returns the advance of a credential, made when there is none; NULL without memory. */
static struct advance *find(struct metering *metering,
                            const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES])
{
    struct advance key;
    memcpy(key.credential, credential, sizeof key.credential);
    struct advance *const *found = tfind(&key, &metering->advances, compare);
    if (found) {
        return *found;
    }
    struct advance *made = calloc(1, sizeof *made);
    if (made) {
        *made = key;
        made->elements = 0;
        made->until_s = 0;
        if (!tsearch(made, &metering->advances, compare)) {
            free(made);
            made = NULL;
        }
    }
    return made;
}

static void drop(struct metering *metering, struct advance *advance)
{
    tdelete(advance, &metering->advances, compare);
    free(advance);
}

/* Takes elements and an advance from an account that is locked. */
static hashveil_status take(struct account *account, uint64_t elements, struct advance *advance,
                            uint64_t *retry_after_s_out)
{
    uint64_t ignored;
    account_refill(account, clock_s(CLOCK_REALTIME));
    account_give_back(account, advance->elements);
    advance->elements = 0;
    if (!account_take(account, elements, retry_after_s_out)) {
        return HASHVEIL_ERR_BUDGET;
    }
    const uint64_t available = account_available(account);
    const uint64_t wish = account->burst / BURST_PARTS;
    const uint64_t more = wish < available ? wish : available;
    if (more > 0 && account_take(account, more, &ignored)) {
        advance->elements = more;
    }
    advance->until_s = clock_s(CLOCK_MONOTONIC) + METERING_HOLD_S;
    return HASHVEIL_OK;
}

/* Charges through the store. advance: freed where the account is nobody's. */
static hashveil_status charge_store(struct metering *metering, struct advance *advance,
                                    uint64_t elements, uint64_t *retry_after_s_out)
{
    struct account account;
    hashveil_status status = account_store_lock(metering->store, advance->credential, &account);
    if (status == HASHVEIL_ERR_NOT_FOUND) {
        drop(metering, advance);
        return HASHVEIL_ERR_ACCOUNT;
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    const hashveil_status taken = take(&account, elements, advance, retry_after_s_out);
    status = account_store_save(metering->store, &account);
    if (status != HASHVEIL_OK) {
        advance->elements = 0; /* whether the store has it or not */
        return status;
    }
    return taken;
}

hashveil_status metering_charge(struct metering *metering,
                                const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                                uint64_t elements, uint64_t *retry_after_s_out)
{
    hashveil_status status = HASHVEIL_OK;
    pthread_mutex_lock(&metering->lock);
    struct advance *advance = find(metering, credential);
    if (!advance) {
        status = HASHVEIL_ERR_NO_MEMORY;
    } else if (advance->elements >= elements && clock_s(CLOCK_MONOTONIC) < advance->until_s) {
        advance->elements -= elements;
    } else {
        status = charge_store(metering, advance, elements, retry_after_s_out);
    }
    pthread_mutex_unlock(&metering->lock);
    return status;
}

/* What cannot be given back is lost to the account, as after a kill. */
static void give_back(struct metering *metering, const struct advance *advance)
{
    struct account account;
    if (advance->elements == 0 ||
        account_store_lock(metering->store, advance->credential, &account) != HASHVEIL_OK) {
        return;
    }
    account_refill(&account, clock_s(CLOCK_REALTIME));
    account_give_back(&account, advance->elements);
    const hashveil_status status = account_store_save(metering->store, &account);
    (void)status;
}

static void settle(struct metering *metering)
{
    while (metering->advances) {
        struct advance *first = *(struct advance *const *)metering->advances;
        give_back(metering, first);
        drop(metering, first);
    }
}

void metering_settle(struct metering *metering)
{
    pthread_mutex_lock(&metering->lock);
    settle(metering);
    pthread_mutex_unlock(&metering->lock);
}

void metering_stop(struct metering *metering)
{
    if (metering) {
        settle(metering);
        account_store_close(metering->store);
        free(metering);
    }
}
