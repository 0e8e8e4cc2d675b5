/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in for a client: all foreign, whatever topic it comes by. */
#ifndef MESSENGER_INBOX_H
#define MESSENGER_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "messenger_parts.h"

/* Subscribes to all that this client waits for. */
void inbox_subscribe(struct messenger *messenger);

void inbox_take(struct messenger *messenger, const char *topic, const uint8_t *bytes, size_t len);

#endif
