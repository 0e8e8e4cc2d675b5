/* SPDX-License-Identifier: Apache-2.0 */
/* What a client keeps between runs: a SQLite file for its owner alone. Used by one thread. */
#ifndef MESSENGER_STORE_H
#define MESSENGER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "attachment.h"

/* What an item is; the numbers stand in the file. */
enum store_kind {
    STORE_IDENTITY = 0, /* "": our key pair */
    STORE_REGISTRATION, /* "": four bytes */
    STORE_PREKEY,       /* number */
    STORE_SIGNED_PREKEY,
    STORE_SESSION,  /* contact's name */
    STORE_CONTACT,  /* likewise: the identity key first seen */
    STORE_VERIFIED, /* likewise: the identity key that the user compared */
    STORE_EXPECTED  /* topic of a picture on its way: who sent it, and its key */
};

struct store;

/* A message to be published until the broker has it. Starts as {0}. */
struct outgoing {
    int64_t sequence; /* rises */
    char *topic;      /* owned */
    struct blob payload;
    bool is_retained;
};

/* Errors of all calls beside those named: ERR_IO, ERR_NO_MEMORY. */

/* Made where it does not exist. Errors: ERR_BUSY (another client uses it), ERR_UNSUPPORTED. */
HASHVEIL_MUST_USE hashveil_status store_open(const char *path, struct store **out);

/* What is changed between begin and commit is on disk as a whole, or not at all. */
HASHVEIL_MUST_USE hashveil_status store_begin(struct store *store);
HASHVEIL_MUST_USE hashveil_status store_commit(struct store *store);
void store_roll_back(struct store *store);

HASHVEIL_MUST_USE hashveil_status store_put(struct store *store, enum store_kind kind,
                                            const char *name, const uint8_t *bytes, size_t len);
/* Errors: ERR_NOT_FOUND. */
HASHVEIL_MUST_USE hashveil_status store_get(struct store *store, enum store_kind kind,
                                            const char *name, struct blob *out);
HASHVEIL_MUST_USE hashveil_status store_remove(struct store *store, enum store_kind kind,
                                               const char *name);
/* Gives the name that follows in byte order; "" comes first. name_out: to free(), NULL behind the
 * last. */
HASHVEIL_MUST_USE hashveil_status store_next_name(struct store *store, enum store_kind kind,
                                                  const char *after, char **name_out);

/* One line of a conversation, for the user. */
HASHVEIL_MUST_USE hashveil_status store_note(struct store *store, const char *contact, bool is_own,
                                             const char *text);

HASHVEIL_MUST_USE hashveil_status store_queue(struct store *store, const char *topic,
                                              const uint8_t *bytes, size_t len, bool is_retained);
/* The first behind a sequence number; topic NULL when there is none. */
HASHVEIL_MUST_USE hashveil_status store_next_outgoing(struct store *store, int64_t after,
                                                      struct outgoing *out);
HASHVEIL_MUST_USE hashveil_status store_dequeue(struct store *store, int64_t sequence);
void outgoing_clear(struct outgoing *outgoing);

/* Accepts NULL. */
void store_close(struct store *store);

#endif
