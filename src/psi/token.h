/* SPDX-License-Identifier: Apache-2.0 */
/* A token: a mask's number and the bits of one hash that the mask shows. What the OPRF is applied
 * to. */
#ifndef HV_PSI_TOKEN_H
#define HV_PSI_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "psi/group.h"

struct hv_token {
    uint64_t bits; /* bit k: the hash's bit at the mask's k-th position */
    uint8_t mask;
};

enum { HV_TOKEN_INPUT_BYTES = 34 };

/* The OPRF's input for a token. docs/PROTOCOL.md gives it byte by byte. */
struct hv_token_input {
    uint8_t bytes[HV_TOKEN_INPUT_BYTES];
};

void hv_token_encode(const struct hv_token *token, uint64_t epoch, struct hv_token_input *out);

static inline struct hv_piece hv_token_piece(const struct hv_token_input *input)
{
    return (struct hv_piece){input->bytes, sizeof input->bytes};
}

#endif
