/* SPDX-License-Identifier: Apache-2.0 */
#include "interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* A signal handler has no other way to the command's flag. Set once, before the handler. */
static hashveil_atomic_bool *cancel_flag;

static void on_signal(int number)
{
    (void)number;
    atomic_store(cancel_flag, true);
}

void interrupt_sets(hashveil_atomic_bool *is_cancelled)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    cancel_flag = is_cancelled;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, NULL);
    }
}
