/* SPDX-License-Identifier: Apache-2.0 */
/* Where accounts are kept: in a SQLite file, or in a PostgreSQL database that several evaluators
 * share. Used by one thread at a time. */
#ifndef HASHVEIL_TOOLS_ACCOUNT_STORE_H
#define HASHVEIL_TOOLS_ACCOUNT_STORE_H

#include "account.h"

#include <argp.h>
#include <stdbool.h>

#include <hashveil/status.h>

struct account_store;

#define ACCOUNT_STORE_HELP                                                                         \
    "STORE is sqlite:FILE, or a postgresql:// URI with the table of accounts.sql.\n\n"

/* Returns what --accounts says, when that is where a store can be; else ends the process. */
const char *account_store_option(const struct argp_state *state, const char *text);

/* may_make: whether a SQLite file is made when it does not exist. Returns NULL after a message. */
struct account_store *account_store_open(const char *address, bool may_make);

/* Accepts NULL. */
void account_store_close(struct account_store *store);

/* Errors: ERR_EXISTS (the name or the credential), and those below. */
HASHVEIL_MUST_USE hashveil_status account_store_add(struct account_store *store,
                                                    const struct account *account);

/* Errors: ERR_NOT_FOUND, and those below. */
HASHVEIL_MUST_USE hashveil_status account_store_remove(struct account_store *store,
                                                       const char *name);

typedef void account_fn(void *context, const struct account *account);

/* Gives all accounts, by name. */
HASHVEIL_MUST_USE hashveil_status account_store_each(struct account_store *store, account_fn *fn,
                                                     void *context);

/* Reads the account of a credential and keeps others from changing it until account_store_save or
 * account_store_cancel.
 *
 * Errors: ERR_NOT_FOUND, ERR_OVERLOADED (others keep it, or the database is out of reach), ERR_IO,
 * ERR_FORMAT; nothing is kept then. */
HASHVEIL_MUST_USE hashveil_status
account_store_lock(struct account_store *store, const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                   struct account *out);

/* Keeps the level of the account that was locked; it is on the disk with OK. Errors: as above. */
HASHVEIL_MUST_USE hashveil_status account_store_save(struct account_store *store,
                                                     const struct account *account);

void account_store_cancel(struct account_store *store);

#endif
