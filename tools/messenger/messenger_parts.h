/* SPDX-License-Identifier: Apache-2.0 */
/* What messenger.c and inbox.c share. */
#ifndef MESSENGER_MESSENGER_PARTS_H
#define MESSENGER_MESSENGER_PARTS_H

#include "broker.h"
#include "messenger.h"
#include "store.h"

enum { TOPIC_BYTES = 96 };

#define TOPIC_INBOX "hashveil/inbox/"
#define TOPIC_KEYS "hashveil/keys/"
#define TOPIC_PICTURES "hashveil/pictures/"

struct messenger {
    struct messenger_options options;
    struct screening *screening; /* borrowed */
    struct store *store;
    struct ratchet *ratchet;
    struct broker *broker;
    struct messenger_facts facts;
    int64_t published;     /* the outgoing message that the broker was last given; 0 for none */
    int published_id;      /* the broker's number for it */
    bool waits_to_publish; /* something is outgoing */
};

void messenger_tell(const struct messenger *messenger, const struct messenger_event *event);
void messenger_tell_trouble(const struct messenger *messenger, const char *text,
                            hashveil_status status);

/* A session with a contact is there: tells of it. */
void messenger_tell_contact(const struct messenger *messenger, const char *contact);

/* Publishes the oldest of what is outgoing, unless that is under way. */
void messenger_publish_next(struct messenger *messenger);

/* Publishes our public keys, with new prekeys in the place of those used up. */
HASHVEIL_MUST_USE hashveil_status messenger_publish_keys(struct messenger *messenger);

#endif
