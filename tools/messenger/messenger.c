/* SPDX-License-Identifier: Apache-2.0 */
#include "messenger.h"

#include "hex.h"
#include "inbox.h"
#include "messenger_parts.h"
#include "wire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

enum { WAIT_MS = 1000, LAST_WORDS_S = 10 };

const char *messenger_event_text(enum messenger_event_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) [MESSENGER_##name] = (text),
        MESSENGER_EVENT_TABLE(X)
#undef X
    };
    return texts[kind];
}

void messenger_tell(const struct messenger *messenger, const struct messenger_event *event)
{
    messenger->options.on_event(messenger->options.context, event);
}

void messenger_tell_trouble(const struct messenger *messenger, const char *text,
                            hashveil_status status)
{
    messenger_tell(messenger, &(struct messenger_event){
                                  .kind = MESSENGER_TROUBLE, .text = text, .status = status});
}

void messenger_tell_contact(const struct messenger *messenger, const char *contact)
{
    char fingerprint[RATCHET_FINGERPRINT_CHARS];
    const hashveil_status status = ratchet_fingerprint(messenger->ratchet, contact, fingerprint);
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, contact, status);
        return;
    }
    const struct messenger_event event = {
        .kind = MESSENGER_CONTACT,
        .contact = contact ? contact : messenger->options.name,
        .text = fingerprint,
        .is_verified = !contact || ratchet_is_verified(messenger->ratchet, contact)};
    messenger_tell(messenger, &event);
}

void messenger_publish_next(struct messenger *messenger)
{
    struct outgoing next;
    if (!messenger->facts.is_connected || messenger->published > 0) {
        return;
    }
    const hashveil_status status = store_next_outgoing(messenger->store, 0, &next);
    messenger->waits_to_publish = next.topic != NULL;
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, messenger->options.store_path, status);
    } else if (next.topic &&
               broker_publish(messenger->broker, next.topic, next.payload.bytes, next.payload.len,
                              next.is_retained, &messenger->published_id) == HASHVEIL_OK) {
        messenger->published = next.sequence;
    } /* else when there is a connection again */
    outgoing_clear(&next);
}

static void on_published(void *context, int id)
{
    struct messenger *messenger = context;
    if (messenger->published == 0 || id != messenger->published_id) {
        return;
    }
    const hashveil_status status = store_dequeue(messenger->store, messenger->published);
    messenger->published = 0;
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, messenger->options.store_path, status);
        return;
    }
    messenger_publish_next(messenger);
    if (!messenger->waits_to_publish) {
        messenger_tell(messenger, &(struct messenger_event){.kind = MESSENGER_PUBLISHED});
    }
}

hashveil_status messenger_publish_keys(struct messenger *messenger)
{
    char topic[TOPIC_BYTES];
    struct wire_bundle bundle;
    hashveil_status status = ratchet_bundle(messenger->ratchet, &bundle);
    char *text = status == HASHVEIL_OK ? wire_bundle_text(&bundle) : NULL;
    if (status == HASHVEIL_OK && !text) {
        status = HASHVEIL_ERR_NO_MEMORY;
    }
    if (status == HASHVEIL_OK) {
        snprintf(topic, sizeof topic, TOPIC_KEYS "%s", messenger->options.name);
        status = store_queue(messenger->store, topic, (const uint8_t *)text, strlen(text), true);
    }
    free(text);
    messenger->waits_to_publish = true;
    messenger_publish_next(messenger);
    return status;
}

static void on_connected(void *context, bool is_connected)
{
    struct messenger *messenger = context;
    if (messenger->facts.is_connected == is_connected) {
        return;
    }
    messenger->facts.is_connected = is_connected;
    messenger->published = 0; /* what was not acknowledged is published again */
    if (is_connected) {
        inbox_subscribe(messenger);
        messenger_publish_next(messenger);
    }
    messenger_tell(messenger,
                   &(struct messenger_event){.kind = is_connected ? MESSENGER_CONNECTED
                                                                  : MESSENGER_DISCONNECTED});
}

static void on_message(void *context, const char *topic, const uint8_t *bytes, size_t len)
{
    inbox_take(context, topic, bytes, len);
}

hashveil_status messenger_open(const struct messenger_options *options, struct screening *screening,
                               struct messenger **out, const char **what_out)
{
    struct messenger *messenger = calloc(1, sizeof *messenger);
    *out = NULL;
    *what_out = options->store_path;
    if (!messenger) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    messenger->options = *options;
    messenger->screening = screening;
    messenger->facts = (struct messenger_facts){.database = screening_database(screening),
                                                .policy = options->policy};
    const struct broker_events events = {.on_connected = on_connected,
                                         .on_message = on_message,
                                         .on_published = on_published,
                                         .context = messenger};
    hashveil_status status = store_open(options->store_path, &messenger->store);
    if (status == HASHVEIL_OK) {
        status = ratchet_open(messenger->store, &messenger->ratchet);
    }
    if (status == HASHVEIL_OK) {
        *what_out = options->broker;
        status = broker_open(options->broker, options->broker_ca_path, options->name, &events,
                             &messenger->broker);
    }
    if (status == HASHVEIL_OK) {
        *what_out = options->store_path;
        status = messenger_publish_keys(messenger);
    }
    if (status != HASHVEIL_OK) {
        messenger_close(messenger);
        return status;
    }
    broker_step(messenger->broker, 0); /* connects */
    *out = messenger;
    return HASHVEIL_OK;
}

struct messenger_facts messenger_facts(const struct messenger *messenger)
{
    return messenger->facts;
}

bool messenger_wait(struct messenger *messenger, int input)
{
    struct pollfd waits[] = {broker_poll(messenger->broker), {.fd = input, .events = POLLIN}};
    const int ready = poll(waits, 2, WAIT_MS);
    broker_step(messenger->broker, waits[0].revents);
    return ready > 0 && waits[1].revents != 0;
}

bool messenger_finish(struct messenger *messenger)
{
    const time_t end_s = time(NULL) + LAST_WORDS_S;
    while (messenger->waits_to_publish && time(NULL) < end_s) {
        messenger_wait(messenger, -1);
    }
    return !messenger->waits_to_publish;
}

void messenger_add_contact(struct messenger *messenger, const char *contact)
{
    char topic[TOPIC_BYTES];
    snprintf(topic, sizeof topic, TOPIC_KEYS "%s", contact);
    const hashveil_status status =
        wire_is_name(contact) ? broker_subscribe(messenger->broker, topic) : HASHVEIL_ERR_ARGUMENT;
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, contact, status);
    }
}

/* Encrypts a message and queues it, behind the picture that it is about, if there is one. */
static hashveil_status queue(struct messenger *messenger, const char *contact, const char *content,
                             const struct passage *picture)
{
    char topic[TOPIC_BYTES];
    char id[2 * ATTACHMENT_ID_BYTES + 1];
    struct wire_envelope envelope = {0};
    char *text = NULL;
    hashveil_status status = ratchet_encrypt(messenger->ratchet, contact, content, &envelope);
    if (status == HASHVEIL_OK && picture) {
        hex_write(picture->key.id, ATTACHMENT_ID_BYTES, id);
        snprintf(topic, sizeof topic, TOPIC_PICTURES "%s", id);
        status = store_queue(messenger->store, topic, picture->blob.bytes, picture->blob.len, true);
    }
    if (status == HASHVEIL_OK) {
        snprintf(envelope.from, sizeof envelope.from, "%s", messenger->options.name);
        text = wire_envelope_text(&envelope);
        status = text ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    }
    if (status == HASHVEIL_OK) {
        snprintf(topic, sizeof topic, TOPIC_INBOX "%s", contact);
        status = store_queue(messenger->store, topic, (const uint8_t *)text, strlen(text), false);
    }
    free(text);
    wire_envelope_clear(&envelope);
    return status;
}

/* note: the line of the conversation. */
static hashveil_status send_content(struct messenger *messenger, const char *contact,
                                    const struct wire_content *content, const char *note,
                                    const struct passage *picture)
{
    char *text = wire_content_text(content);
    hashveil_status status = text ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    if (status == HASHVEIL_OK) {
        status = store_begin(messenger->store);
    }
    if (status == HASHVEIL_OK) {
        status = queue(messenger, contact, text, picture);
        if (status == HASHVEIL_OK) {
            status = store_note(messenger->store, contact, true, note);
        }
        if (status == HASHVEIL_OK) {
            status = store_commit(messenger->store);
        }
        if (status != HASHVEIL_OK) {
            store_roll_back(messenger->store);
        }
    }
    if (text) {
        OPENSSL_cleanse(text, strlen(text));
        free(text);
    }
    if (status == HASHVEIL_OK) {
        messenger->waits_to_publish = true;
    }
    return status;
}

void messenger_send_text(struct messenger *messenger, const char *contact, const char *text)
{
    struct wire_content content = {.text = strdup(text)};
    const hashveil_status status = !content.text ? HASHVEIL_ERR_NO_MEMORY
                                   : strlen(text) > WIRE_TEXT_MAX_BYTES
                                       ? HASHVEIL_ERR_LIMIT
                                       : send_content(messenger, contact, &content, text, NULL);
    wire_content_clear(&content);
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, contact, status);
        return;
    }
    messenger_tell(messenger, &(struct messenger_event){
                                  .kind = MESSENGER_SENT, .contact = contact, .text = text});
    messenger_publish_next(messenger);
}

static void count(struct messenger_facts *facts, const struct passage *passage)
{
    facts->checked += passage->outcome.kind != SCREENING_UNCHECKED;
    facts->unchecked += passage->outcome.kind == SCREENING_UNCHECKED;
    facts->listed += passage->outcome.kind == SCREENING_LISTED;
    facts->reported += passage->outcome.is_reported;
    facts->held_back += !passage->is_passed;
}

void messenger_send_picture(struct messenger *messenger, const char *contact, const char *path)
{
    struct passage passage;
    char known[RATCHET_FINGERPRINT_CHARS];
    hashveil_status status = ratchet_fingerprint(messenger->ratchet, contact, known);
    if (status != HASHVEIL_OK) { /* nobody to send it to: nothing is asked about it */
        messenger_tell_trouble(messenger, contact, status);
        return;
    }
    status = choke_point_pass(messenger->screening, &messenger->options.policy, path, &passage);
    if (status == HASHVEIL_OK) {
        count(&messenger->facts, &passage);
    }
    if (status == HASHVEIL_OK && passage.is_passed) {
        const struct wire_content content = {.picture = passage.key};
        status = send_content(messenger, contact, &content, path, &passage);
    }
    if (status == HASHVEIL_OK) {
        const struct messenger_event event = {.kind = passage.is_passed ? MESSENGER_SENT
                                                                        : MESSENGER_HELD_BACK,
                                              .contact = contact,
                                              .text = path,
                                              .outcome = &passage.outcome};
        messenger_tell(messenger, &event);
        messenger_publish_next(messenger);
    } else {
        messenger_tell_trouble(messenger, path, status);
    }
    passage_clear(&passage);
}

void messenger_show_fingerprint(struct messenger *messenger, const char *contact)
{
    messenger_tell_contact(messenger, contact);
}

void messenger_verify(struct messenger *messenger, const char *contact, const char *fingerprint)
{
    const hashveil_status status = ratchet_verify(messenger->ratchet, contact, fingerprint);
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, contact, status);
    } else {
        messenger_tell_contact(messenger, contact);
    }
}

void messenger_close(struct messenger *messenger)
{
    if (messenger) {
        broker_close(messenger->broker);
        ratchet_close(messenger->ratchet);
        store_close(messenger->store);
        free(messenger);
    }
}
