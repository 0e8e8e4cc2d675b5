/* SPDX-License-Identifier: Apache-2.0 */
/* What clients publish, as JSON: docs/MESSENGER.md has the fields. All of it is foreign when it
 * comes in. */
#ifndef MESSENGER_WIRE_H
#define MESSENGER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "attachment.h"

enum {
    WIRE_NAME_MAX_LEN = 32,
    WIRE_KEY_BYTES = 33, /* a Curve25519 key and its kind, as OMEMO 0.3 writes it */
    WIRE_SIGNATURE_BYTES = 64,
    WIRE_PREKEYS = 100,
    WIRE_TEXT_MAX_BYTES = 64 << 10
};

/* The public keys by which others begin to write to somebody (X3DH). */
struct wire_bundle {
    uint32_t registration_id;
    uint8_t identity[WIRE_KEY_BYTES];
    uint32_t signed_id;
    uint8_t signed_key[WIRE_KEY_BYTES];
    uint8_t signature[WIRE_SIGNATURE_BYTES];
    size_t prekey_count; /* 1..WIRE_PREKEYS */
    uint32_t prekey_ids[WIRE_PREKEYS];
    uint8_t prekeys[WIRE_PREKEYS][WIRE_KEY_BYTES];
};

/* One message of the ratchet, and who says to have sent it. Starts as {0}. */
struct wire_envelope {
    char from[WIRE_NAME_MAX_LEN + 1];
    bool is_first;    /* carries the key agreement */
    struct blob body; /* ciphertext; owned */
};

/* What a message says, once it is opened. Starts as {0}. */
struct wire_content {
    char *text; /* owned; NULL of a picture */
    struct attachment_key picture;
};

/* Whether it can stand in a topic: 1..32 of a-z, 0-9, '-' and '_'. */
bool wire_is_name(const char *name);

/* Each gives a text to free(), or NULL without memory. */
char *wire_bundle_text(const struct wire_bundle *bundle);
char *wire_envelope_text(const struct wire_envelope *envelope);
char *wire_content_text(const struct wire_content *content);

/* Errors of each: ERR_PROTOCOL, ERR_NO_MEMORY; out is cleared then. */
HASHVEIL_MUST_USE hashveil_status wire_bundle_parse(const char *bytes, size_t len,
                                                    struct wire_bundle *out);
HASHVEIL_MUST_USE hashveil_status wire_envelope_parse(const char *bytes, size_t len,
                                                      struct wire_envelope *out);
HASHVEIL_MUST_USE hashveil_status wire_content_parse(const char *bytes, size_t len,
                                                     struct wire_content *out);

/* Wipes and releases what the struct holds. */
void wire_envelope_clear(struct wire_envelope *envelope);
void wire_content_clear(struct wire_content *content);

#endif
