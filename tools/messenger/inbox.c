/* SPDX-License-Identifier: Apache-2.0 */
#include "inbox.h"

#include "hex.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* A picture on its way, as the store has it: in this machine's own bytes. */
struct expected {
    char from[WIRE_NAME_MAX_LEN + 1];
    struct attachment_key key;
};

static void subscribe_to(struct messenger *messenger, const char *topic)
{
    const hashveil_status status = broker_subscribe(messenger->broker, topic);
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, topic, status);
    }
}

void inbox_subscribe(struct messenger *messenger)
{
    char topic[TOPIC_BYTES];
    char *name = NULL;
    snprintf(topic, sizeof topic, TOPIC_INBOX "%s", messenger->options.name);
    subscribe_to(messenger, topic);
    hashveil_status status = store_next_name(messenger->store, STORE_EXPECTED, "", &name);
    while (status == HASHVEIL_OK && name) {
        char *after = name;
        name = NULL;
        subscribe_to(messenger, after);
        status = store_next_name(messenger->store, STORE_EXPECTED, after, &name);
        free(after);
    }
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, messenger->options.store_path, status);
    }
}

/* Keys that change later are of no use to a session that has begun. */
static void take_keys(struct messenger *messenger, const char *topic, const char *bytes, size_t len)
{
    const char *contact = topic + strlen(TOPIC_KEYS);
    struct wire_bundle bundle;
    hashveil_status status = wire_bundle_parse(bytes, len, &bundle);
    if (status == HASHVEIL_OK) {
        status = ratchet_begin(messenger->ratchet, contact, &bundle);
    }
    if (status == HASHVEIL_OK) {
        status = broker_unsubscribe(messenger->broker, topic);
    }
    if (status != HASHVEIL_OK) {
        messenger_tell_trouble(messenger, contact, status);
    } else {
        messenger_tell_contact(messenger, contact);
    }
}

/* Notes what a message says. topic_out: of the picture that it announces, else "". */
static hashveil_status note_content(struct messenger *messenger, const char *from,
                                    const struct wire_content *content, char topic_out[TOPIC_BYTES])
{
    topic_out[0] = '\0';
    if (content->text) {
        return store_note(messenger->store, from, false, content->text);
    }
    char id[2 * ATTACHMENT_ID_BYTES + 1];
    struct expected expected = {.key = content->picture};
    snprintf(expected.from, sizeof expected.from, "%s", from);
    hex_write(content->picture.id, ATTACHMENT_ID_BYTES, id);
    snprintf(topic_out, TOPIC_BYTES, TOPIC_PICTURES "%s", id);
    const hashveil_status status = store_put(messenger->store, STORE_EXPECTED, topic_out,
                                             (const uint8_t *)&expected, sizeof expected);
    OPENSSL_cleanse(&expected, sizeof expected);
    return status;
}

/* Opens and notes in one transaction: a message is never lost between the ratchet and the store. */
static hashveil_status open_envelope(struct messenger *messenger,
                                     const struct wire_envelope *envelope,
                                     struct wire_content *content, char topic_out[TOPIC_BYTES])
{
    struct blob plain = {0};
    hashveil_status status = store_begin(messenger->store);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = ratchet_decrypt(messenger->ratchet, envelope, &plain);
    if (status == HASHVEIL_OK) {
        status = wire_content_parse((const char *)plain.bytes, plain.len, content);
    }
    if (status == HASHVEIL_OK) {
        status = note_content(messenger, envelope->from, content, topic_out);
    }
    if (status == HASHVEIL_OK) {
        status = store_commit(messenger->store);
    }
    if (status != HASHVEIL_OK) {
        store_roll_back(messenger->store);
    }
    blob_clear(&plain);
    return status;
}

static void tell_message(struct messenger *messenger, const char *from,
                         const struct wire_content *content, const char *topic)
{
    if (content->text) {
        const struct messenger_event event = {.kind = MESSENGER_TEXT,
                                              .contact = from,
                                              .text = content->text,
                                              .is_verified =
                                                  ratchet_is_verified(messenger->ratchet, from)};
        messenger_tell(messenger, &event);
    } else {
        subscribe_to(messenger, topic);
    }
}

static void take_envelope(struct messenger *messenger, const char *bytes, size_t len)
{
    char topic[TOPIC_BYTES];
    struct wire_envelope envelope;
    struct wire_content content = {0};
    hashveil_status status = wire_envelope_parse(bytes, len, &envelope);
    if (status == HASHVEIL_OK) {
        status = open_envelope(messenger, &envelope, &content, topic);
    }
    if (status == HASHVEIL_OK) {
        tell_message(messenger, envelope.from, &content, topic);
    } else if (status != HASHVEIL_ERR_EXISTS) { /* the broker delivers at least once */
        messenger_tell_trouble(messenger, "a message that came in", status);
    }
    if (status == HASHVEIL_OK && envelope.is_first) {
        status = messenger_publish_keys(messenger);
        if (status != HASHVEIL_OK) {
            messenger_tell_trouble(messenger, messenger->options.store_path, status);
        }
    }
    wire_content_clear(&content);
    wire_envelope_clear(&envelope);
}

/* Writes what came in under a name that its sender does not choose. */
static hashveil_status save(const char *path, const struct blob *picture)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t done = 0;
    while (fd >= 0 && done < picture->len) {
        const ssize_t written = write(fd, picture->bytes + done, picture->len - done);
        if (written < 0 && errno != EINTR) {
            break;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    const bool is_whole = fd >= 0 && done == picture->len && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_whole ? HASHVEIL_OK : HASHVEIL_ERR_IO;
}

/* The broker need not keep what has arrived. */
static hashveil_status forget(struct messenger *messenger, const char *topic)
{
    hashveil_status status = store_remove(messenger->store, STORE_EXPECTED, topic);
    if (status == HASHVEIL_OK) {
        status = broker_unsubscribe(messenger->broker, topic);
    }
    if (status == HASHVEIL_OK) {
        status = store_queue(messenger->store, topic, NULL, 0, true);
        messenger->waits_to_publish = true;
    }
    messenger_publish_next(messenger);
    return status;
}

static hashveil_status open_picture(struct messenger *messenger, const struct expected *expected,
                                    const uint8_t *bytes, size_t len, char path[PATH_MAX])
{
    char id[2 * ATTACHMENT_ID_BYTES + 1];
    struct blob picture;
    hashveil_status status = attachment_decrypt(&expected->key, bytes, len, &picture);
    if (status == HASHVEIL_OK) {
        hex_write(expected->key.id, ATTACHMENT_ID_BYTES, id);
        status = snprintf(path, PATH_MAX, "%s/%s", messenger->options.downloads, id) < PATH_MAX
                     ? save(path, &picture)
                     : HASHVEIL_ERR_LIMIT;
    }
    if (status == HASHVEIL_OK) {
        status = store_note(messenger->store, expected->from, false, path);
    }
    blob_clear(&picture);
    return status;
}

static void take_picture(struct messenger *messenger, const char *topic, const uint8_t *bytes,
                         size_t len)
{
    char path[PATH_MAX];
    struct blob found;
    struct expected expected = {0};
    if (len == 0 || store_get(messenger->store, STORE_EXPECTED, topic, &found) != HASHVEIL_OK) {
        return; /* cleared, or not ours */
    }
    hashveil_status status = found.len == sizeof expected ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
    if (status == HASHVEIL_OK) {
        memcpy(&expected, found.bytes, sizeof expected);
        status = open_picture(messenger, &expected, bytes, len, path);
    }
    if (status == HASHVEIL_OK) {
        status = forget(messenger, topic);
    }
    if (status == HASHVEIL_OK) {
        const struct messenger_event event = {
            .kind = MESSENGER_PICTURE,
            .contact = expected.from,
            .text = path,
            .is_verified = ratchet_is_verified(messenger->ratchet, expected.from)};
        messenger_tell(messenger, &event);
    } else {
        messenger_tell_trouble(messenger, topic, status);
    }
    OPENSSL_cleanse(&expected, sizeof expected);
    blob_clear(&found);
}

/* Returns what follows the start of a topic, or NULL for another topic. */
static const char *behind(const char *topic, const char *start)
{
    return strncmp(topic, start, strlen(start)) == 0 ? topic + strlen(start) : NULL;
}

void inbox_take(struct messenger *messenger, const char *topic, const uint8_t *bytes, size_t len)
{
    const char *contact = behind(topic, TOPIC_KEYS);
    if (contact && wire_is_name(contact)) {
        take_keys(messenger, topic, (const char *)bytes, len);
    } else if (behind(topic, TOPIC_INBOX)) {
        take_envelope(messenger, (const char *)bytes, len);
    } else if (behind(topic, TOPIC_PICTURES)) {
        take_picture(messenger, topic, bytes, len);
    }
}
