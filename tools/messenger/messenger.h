/* SPDX-License-Identifier: Apache-2.0 */
/* The client without a face: commands in, events out. Used by one thread. */
#ifndef MESSENGER_MESSENGER_H
#define MESSENGER_MESSENGER_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "choke_point.h"
#include "ratchet.h"
#include "screening.h"

/* name, text. */
#define MESSENGER_EVENT_TABLE(X)                                                                   \
    X(CONNECTED, "connected")                                                                      \
    X(DISCONNECTED, "disconnected")                                                                \
    X(CONTACT, "contact")     /* a session; text: the fingerprint */                               \
    X(TEXT, "text")           /* came in */                                                        \
    X(PICTURE, "picture")     /* came in; text: where it lies now */                               \
    X(SENT, "sent")           /* is on its way; of a picture with the outcome of its check */      \
    X(HELD_BACK, "held back") /* text: the path; with the outcome */                               \
    X(PUBLISHED, "published") /* the broker has all */                                             \
    X(TROUBLE, "trouble")     /* text: with what; status: why */                                   \
    X(FACTS, "facts")         /* the user asked: messenger_facts */

enum messenger_event_kind {
#define X(name, text) MESSENGER_##name,
    MESSENGER_EVENT_TABLE(X)
#undef X
};

/* Borrowed for the call. */
struct messenger_event {
    enum messenger_event_kind kind;
    const char *contact; /* or NULL */
    const char *text;    /* or NULL */
    bool is_verified;    /* of a contact: the user has compared the fingerprint */
    hashveil_status status;
    const struct screening_outcome *outcome; /* or NULL */
};

typedef void messenger_event_fn(void *context, const struct messenger_event *event);

struct messenger_options {
    const char *name;
    const char *store_path;
    const char *downloads; /* a folder */
    const char *broker;
    const char *broker_ca_path; /* or NULL */
    struct policy policy;
    messenger_event_fn *on_event;
    void *context; /* for it */
};

/* What the user is to know. */
struct messenger_facts {
    const hashveil_sealed_db_info *database;
    struct policy policy;
    uint64_t checked, listed, reported, held_back, unchecked; /* pictures, in this run */
    bool is_connected;
};

struct messenger;

/* Texts of the options and the screening are borrowed until close. what_out: on failure the file or
 * address that is the trouble. */
HASHVEIL_MUST_USE hashveil_status messenger_open(const struct messenger_options *options,
                                                 struct screening *screening,
                                                 struct messenger **out, const char **what_out);

const char *messenger_event_text(enum messenger_event_kind kind);
struct messenger_facts messenger_facts(const struct messenger *messenger);

/* Waits for the broker or the input, at most a second, and does what the broker has brought.
 * Returns whether there is input. input: a file descriptor, -1 for none. */
bool messenger_wait(struct messenger *messenger, int input);

/* Waits a while for what is still to be published. Returns whether the broker has all of it. */
bool messenger_finish(struct messenger *messenger);

/* What goes wrong with these is an event. */
void messenger_add_contact(struct messenger *messenger, const char *contact);
void messenger_send_text(struct messenger *messenger, const char *contact, const char *text);
void messenger_send_picture(struct messenger *messenger, const char *contact, const char *path);
void messenger_show_fingerprint(struct messenger *messenger, const char *contact); /* NULL: own */
void messenger_verify(struct messenger *messenger, const char *contact, const char *fingerprint);

/* Accepts NULL. */
void messenger_close(struct messenger *messenger);

#endif
