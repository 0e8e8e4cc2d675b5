/* SPDX-License-Identifier: Apache-2.0 */
/* The way to an MQTT broker, by libmosquitto. Used by one thread. */
#ifndef MESSENGER_BROKER_H
#define MESSENGER_BROKER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

struct broker;

/* Called from broker_step alone. */
struct broker_events {
    void (*on_connected)(void *context, bool is_connected);
    void (*on_message)(void *context, const char *topic, const uint8_t *bytes, size_t len);
    void (*on_published)(void *context, int id); /* the broker has it */
    void *context;
};

/* The broker keeps for the client what is published while it is away.
 *
 * address  "unix:PATH" or "HOST:PORT"; borrowed until close
 * ca_path  PEM, of who vouches for the broker, for TLS; NULL without
 *
 * Errors: ERR_ARGUMENT (another kind of address), ERR_CERTIFICATE, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status broker_open(const char *address, const char *ca_path,
                                              const char *client,
                                              const struct broker_events *events,
                                              struct broker **out);

/* What to wait for; fd -1 while there is no connection. */
struct pollfd broker_poll(const struct broker *broker);

/* Does what the wait has shown; connects again where the connection is lost. */
void broker_step(struct broker *broker, short shown);

/* Errors: ERR_UNREACHABLE (no connection). */
HASHVEIL_MUST_USE hashveil_status broker_subscribe(struct broker *broker, const char *topic);
HASHVEIL_MUST_USE hashveil_status broker_unsubscribe(struct broker *broker, const char *topic);
/* id_out: told to on_published when the broker has it (QoS 1). */
HASHVEIL_MUST_USE hashveil_status broker_publish(struct broker *broker, const char *topic,
                                                 const uint8_t *bytes, size_t len, bool is_retained,
                                                 int *id_out);

/* Accepts NULL. */
void broker_close(struct broker *broker);

#endif
