/* SPDX-License-Identifier: Apache-2.0 */
/* What the OPRF is applied to: a token, which is a mask's number and the bits of one hash that the
 * mask shows, or the digest of a file. */
#ifndef HV_PSI_TOKEN_H
#define HV_PSI_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>

#include "psi/group.h"

struct hv_token {
    uint64_t bits; /* bit k: the hash's bit at the mask's k-th position */
    uint8_t mask;
};

enum { HV_TOKEN_INPUT_BYTES = 17 + 8 + 1 + 8, HV_INPUT_MAX_BYTES = 17 + 8 + 1 + 32 };

/* The OPRF's input. docs/PROTOCOL.md gives it byte by byte. */
struct hv_token_input {
    uint8_t bytes[HV_INPUT_MAX_BYTES]; /* zeros behind len */
    size_t len;
};

void hv_token_encode(const struct hv_token *token, uint64_t epoch, struct hv_token_input *out);

/* digest: of a kind that exists. */
void hv_token_encode_exact(const hashveil_digest *digest, uint64_t epoch,
                           struct hv_token_input *out);

static inline struct hv_piece hv_token_piece(const struct hv_token_input *input)
{
    return (struct hv_piece){input->bytes, input->len};
}

#endif
