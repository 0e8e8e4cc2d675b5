/* SPDX-License-Identifier: Apache-2.0 */
/* A database that keeps accounts; account_store.h says what each function promises. */
#ifndef HASHVEIL_TOOLS_ACCOUNT_ENGINE_H
#define HASHVEIL_TOOLS_ACCOUNT_ENGINE_H

#include "account_store.h"

struct account_engine {
    const char *scheme; /* that its addresses begin with */
    /* Returns a handle for the other functions, or NULL after a message. */
    void *(*open)(const char *address, bool may_make);
    void (*close)(void *handle);
    hashveil_status (*add)(void *handle, const struct account *account);
    hashveil_status (*remove)(void *handle, const char *name);
    hashveil_status (*each)(void *handle, account_fn *fn, void *context);
    hashveil_status (*lock)(void *handle, const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                            struct account *out);
    hashveil_status (*save)(void *handle, const struct account *account);
    void (*cancel)(void *handle);
};

extern const struct account_engine account_engine_sqlite;
extern const struct account_engine account_engine_postgresql;

/* Returns whether the numbers of a stored account are ones that account.h allows. */
bool account_engine_row_is_valid(const struct account *account);

#endif
