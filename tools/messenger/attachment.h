/* SPDX-License-Identifier: Apache-2.0 */
/* A file on its way out: read once into memory that nobody can change any more, so that what is
 * checked is what is encrypted. */
#ifndef MESSENGER_ATTACHMENT_H
#define MESSENGER_ATTACHMENT_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

enum {
    ATTACHMENT_MAX_BYTES = 64 << 20,
    ATTACHMENT_ID_BYTES = 16,
    ATTACHMENT_KEY_BYTES = 32,
    ATTACHMENT_NONCE_BYTES = 12,
    ATTACHMENT_TAG_BYTES = 16,
    ATTACHMENT_DIGEST_BYTES = 32
};

/* Starts as {.fd = -1}. */
struct attachment {
    int fd;               /* a memfd with all seals */
    const uint8_t *bytes; /* its content, mapped */
    size_t len;
};

/* What a recipient needs to fetch and open a published file. A secret. */
struct attachment_key {
    uint8_t id[ATTACHMENT_ID_BYTES]; /* names the topic; random */
    uint8_t key[ATTACHMENT_KEY_BYTES];
    uint8_t nonce[ATTACHMENT_NONCE_BYTES];
    uint8_t digest[ATTACHMENT_DIGEST_BYTES]; /* SHA-256 of what is published */
};

/* Bytes of our own. Starts as {0}. */
struct blob {
    uint8_t *bytes; /* owned; released by blob_clear */
    size_t len;
};

void blob_clear(struct blob *blob);

/* Reads a file once. Errors: ERR_NOT_FOUND, ERR_ACCESS, ERR_NOT_A_FILE, ERR_EMPTY, ERR_LIMIT,
 * ERR_NO_MEMORY, ERR_IO. */
HASHVEIL_MUST_USE hashveil_status attachment_read(const char *path, struct attachment *out);

/* Encrypts under a fresh key: AES-256-GCM, the tag behind the ciphertext.
 *
 * key_out, out: cleared on failure. Errors: ERR_IO (no random numbers), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status attachment_encrypt(const struct attachment *attachment,
                                                     struct attachment_key *key_out,
                                                     struct blob *out);

/* Opens what was published. Errors: ERR_DIGEST (not those bytes), ERR_PROTOCOL (not made with this
 * key), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status attachment_decrypt(const struct attachment_key *key,
                                                     const uint8_t *bytes, size_t len,
                                                     struct blob *out);

/* Accepts a cleared one. */
void attachment_clear(struct attachment *attachment);

#endif
