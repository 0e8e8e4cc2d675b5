/* SPDX-License-Identifier: Apache-2.0 */
#include "account_engine.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>

struct account_store {
    const struct account_engine *engine;
    void *handle;
};

static const struct account_engine *engine_of(const char *address)
{
    static const struct account_engine *const engines[] = {&account_engine_sqlite,
                                                           &account_engine_postgresql, NULL};
    for (const struct account_engine *const *engine = engines; *engine; engine++) {
        const size_t len = strlen((*engine)->scheme);
        if (strncmp(address, (*engine)->scheme, len) == 0 && address[len]) {
            return *engine;
        }
    }
    return NULL;
}

const char *account_store_option(const struct argp_state *state, const char *text)
{
    if (!engine_of(text)) {
        argp_error(state, "--accounts takes sqlite:FILE or postgresql://..., not '%s'", text);
    }
    return text;
}

struct account_store *account_store_open(const char *address, bool may_make)
{
    struct account_store *store = calloc(1, sizeof *store);
    if (!store) {
        complain_status(address, HASHVEIL_ERR_NO_MEMORY);
        return NULL;
    }
    store->engine = engine_of(address);
    store->handle = store->engine->open(address, may_make);
    if (!store->handle) {
        free(store);
        return NULL;
    }
    return store;
}

void account_store_close(struct account_store *store)
{
    if (store) {
        store->engine->close(store->handle);
        free(store);
    }
}

hashveil_status account_store_add(struct account_store *store, const struct account *account)
{
    return store->engine->add(store->handle, account);
}

hashveil_status account_store_remove(struct account_store *store, const char *name)
{
    return store->engine->remove(store->handle, name);
}

hashveil_status account_store_each(struct account_store *store, account_fn *fn, void *context)
{
    return store->engine->each(store->handle, fn, context);
}

hashveil_status account_store_lock(struct account_store *store,
                                   const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                                   struct account *out)
{
    return store->engine->lock(store->handle, credential, out);
}

hashveil_status account_store_save(struct account_store *store, const struct account *account)
{
    return store->engine->save(store->handle, account);
}

void account_store_cancel(struct account_store *store)
{
    store->engine->cancel(store->handle);
}

bool account_engine_row_is_valid(const struct account *account)
{
    return account_name_is_valid(account->name) &&
           (unsigned)account->kind < (unsigned)ACCOUNT_CREDENTIALS && account->burst > 0 &&
           account->burst <= account->per_day && account->per_day <= ACCOUNT_MAX_BUDGET &&
           account_available(account) <= account->burst;
}
