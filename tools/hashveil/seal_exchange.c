/* SPDX-License-Identifier: Apache-2.0 */
#include "seal_exchange.h"

#include <time.h>

#include <hashveil/scanner.h>

enum { FIRST_PAUSE_MS = 50, LONGEST_PAUSE_MS = 5 * 1000 };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void pause_ms(uint64_t ms)
{
    const struct timespec pause = {.tv_sec = (time_t)(ms / 1000),
                                   .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

/* What may be better in a while: it is being started again, or has too much to do. */
static bool may_pass(hashveil_status status)
{
    return status == HASHVEIL_ERR_UNREACHABLE || status == HASHVEIL_ERR_TIMEOUT ||
           status == HASHVEIL_ERR_OVERLOADED || status == HASHVEIL_ERR_BUDGET;
}

static hashveil_status ask_until_answered(const struct seal_exchange *exchange,
                                          hashveil_connection *connection,
                                          const hashveil_seal_request *request, uint8_t *response,
                                          size_t *len_out)
{
    const uint64_t end_ms = now_ms() + exchange->retry_s * 1000;
    for (uint64_t wait_ms = FIRST_PAUSE_MS;; wait_ms *= 2) {
        const hashveil_status status = hashveil_connection_exchange(
            connection, HASHVEIL_PATH_EVALUATE, request->bytes, request->len, response,
            HASHVEIL_RESPONSE_MAX_BYTES, len_out);
        if (!may_pass(status) || now_ms() >= end_ms) {
            return status;
        }
        wait_ms = wait_ms < LONGEST_PAUSE_MS ? wait_ms : LONGEST_PAUSE_MS;
        pause_ms(wait_ms);
    }
}

hashveil_status seal_exchange_ask(void *context, const hashveil_seal_request *request,
                                  uint8_t *response, size_t *len_out)
{
    struct seal_exchange *exchange = context;
    hashveil_connection **connection = &exchange->connections[request->worker][request->evaluator];
    hashveil_status status = HASHVEIL_OK;
    if (!*connection) {
        status = hashveil_connection_open(&exchange->peers[request->evaluator], connection);
    }
    if (status == HASHVEIL_OK) {
        status = ask_until_answered(exchange, *connection, request, response, len_out);
    }
    if (status != HASHVEIL_OK) {
        atomic_store(&exchange->has_failed[request->evaluator], true);
    }
    return status;
}

void seal_exchange_clear(struct seal_exchange *exchange)
{
    for (size_t i = 0; i < MAX_WORKERS; i++) {
        for (size_t evaluator = 0; evaluator < HASHVEIL_KEY_SHARES; evaluator++) {
            hashveil_connection_close(exchange->connections[i][evaluator]);
            exchange->connections[i][evaluator] = NULL;
        }
    }
}
