/* SPDX-License-Identifier: Apache-2.0 */
#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>

enum { KEEPALIVE_S = 30, QOS = 1, HOST_BYTES = 256 };

struct broker {
    struct mosquitto *client;
    struct broker_events events;
    char host[HOST_BYTES]; /* of a Unix socket its path */
    int port;              /* 0 for a Unix socket */
    time_t tried_s;        /* when it last tried to connect */
};

static void on_connect(struct mosquitto *client, void *context, int code)
{
    (void)client;
    const struct broker *broker = context;
    broker->events.on_connected(broker->events.context, code == 0);
}

static void on_disconnect(struct mosquitto *client, void *context, int code)
{
    (void)client;
    (void)code;
    const struct broker *broker = context;
    broker->events.on_connected(broker->events.context, false);
}

static void on_message(struct mosquitto *client, void *context,
                       const struct mosquitto_message *message)
{
    (void)client;
    const struct broker *broker = context;
    broker->events.on_message(broker->events.context, message->topic, message->payload,
                              (size_t)message->payloadlen);
}

static void on_publish(struct mosquitto *client, void *context, int id)
{
    (void)client;
    const struct broker *broker = context;
    broker->events.on_published(broker->events.context, id);
}

static bool read_address(const char *address, struct broker *out)
{
    static const char unix_kind[] = "unix:";
    if (strncmp(address, unix_kind, strlen(unix_kind)) == 0) {
        return snprintf(out->host, HOST_BYTES, "%s", address + strlen(unix_kind)) < HOST_BYTES;
    }
    const char *colon = strrchr(address, ':');
    char *end = NULL;
    const long port = colon ? strtol(colon + 1, &end, 10) : 0;
    if (port < 1 || port > UINT16_MAX || *end || colon - address >= HOST_BYTES) {
        return false;
    }
    memcpy(out->host, address, (size_t)(colon - address));
    out->port = (int)port;
    return true;
}

hashveil_status broker_open(const char *address, const char *ca_path, const char *client,
                            const struct broker_events *events, struct broker **out)
{
    struct broker *broker = calloc(1, sizeof *broker);
    *out = NULL;
    if (!broker || mosquitto_lib_init() != MOSQ_ERR_SUCCESS) {
        free(broker);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    broker->events = *events;
    broker->client = mosquitto_new(client, false, broker);
    hashveil_status status = broker->client ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    if (status == HASHVEIL_OK && !read_address(address, broker)) {
        status = HASHVEIL_ERR_ARGUMENT;
    }
    if (status == HASHVEIL_OK && ca_path &&
        mosquitto_tls_set(broker->client, ca_path, NULL, NULL, NULL, NULL) != MOSQ_ERR_SUCCESS) {
        status = HASHVEIL_ERR_CERTIFICATE;
    }
    if (status != HASHVEIL_OK) {
        broker_close(broker);
        return status;
    }
    mosquitto_connect_callback_set(broker->client, on_connect);
    mosquitto_disconnect_callback_set(broker->client, on_disconnect);
    mosquitto_message_callback_set(broker->client, on_message);
    mosquitto_publish_callback_set(broker->client, on_publish);
    *out = broker;
    return HASHVEIL_OK;
}

struct pollfd broker_poll(const struct broker *broker)
{
    const short events = mosquitto_want_write(broker->client) ? POLLIN | POLLOUT : POLLIN;
    return (struct pollfd){.fd = mosquitto_socket(broker->client), .events = events};
}

/* Once a second; what fails is tried again. */
static void connect_again(struct broker *broker)
{
    const time_t now_s = time(NULL);
    if (now_s != broker->tried_s) {
        broker->tried_s = now_s;
        (void)mosquitto_connect(broker->client, broker->host, broker->port, KEEPALIVE_S);
    }
}

void broker_step(struct broker *broker, short shown)
{
    if (mosquitto_socket(broker->client) < 0) {
        connect_again(broker);
        return;
    }
    /* A failure closes the socket, which the next step sees. */
    if (shown & (POLLIN | POLLHUP | POLLERR)) {
        (void)mosquitto_loop_read(broker->client, 1);
    }
    if (shown & POLLOUT) {
        (void)mosquitto_loop_write(broker->client, 1);
    }
    (void)mosquitto_loop_misc(broker->client);
}

static hashveil_status status_of(int code)
{
    return code == MOSQ_ERR_SUCCESS ? HASHVEIL_OK
           : code == MOSQ_ERR_NOMEM ? HASHVEIL_ERR_NO_MEMORY
                                    : HASHVEIL_ERR_UNREACHABLE;
}

hashveil_status broker_subscribe(struct broker *broker, const char *topic)
{
    return status_of(mosquitto_subscribe(broker->client, NULL, topic, QOS));
}

hashveil_status broker_unsubscribe(struct broker *broker, const char *topic)
{
    return status_of(mosquitto_unsubscribe(broker->client, NULL, topic));
}

hashveil_status broker_publish(struct broker *broker, const char *topic, const uint8_t *bytes,
                               size_t len, bool is_retained, int *id_out)
{
    return status_of(
        mosquitto_publish(broker->client, id_out, topic, (int)len, bytes, QOS, is_retained));
}

void broker_close(struct broker *broker)
{
    if (broker) {
        mosquitto_disconnect(broker->client);
        mosquitto_destroy(broker->client);
        mosquitto_lib_cleanup();
        free(broker);
    }
}
