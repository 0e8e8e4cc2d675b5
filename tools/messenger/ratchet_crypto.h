/* SPDX-License-Identifier: Apache-2.0 */
/* What libomemo-c asks of a crypto library, by OpenSSL. */
#ifndef MESSENGER_RATCHET_CRYPTO_H
#define MESSENGER_RATCHET_CRYPTO_H

#include <signal_protocol.h>

extern const signal_crypto_provider ratchet_crypto;

#endif
