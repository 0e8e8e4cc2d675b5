/* SPDX-License-Identifier: Apache-2.0 */
/* Curators' signatures under a manifest: Ed25519 (RFC 8032). */
#ifndef HV_HASHDB_SEALED_SIGNATURES_H
#define HV_HASHDB_SEALED_SIGNATURES_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "base/ed25519.h"
#include "hashdb/sealed/format.h"

enum {
    HV_SIGNATURES_MAX_BYTES = HV_SEALED_SIGNATURES_BYTES +
                              HASHVEIL_MAX_CURATORS * (HASHVEIL_KEY_BYTES + HV_SIGNATURE_BYTES)
};

struct hv_signature {
    uint8_t curator[HASHVEIL_KEY_BYTES]; /* public */
    uint8_t bytes[HV_SIGNATURE_BYTES];
};

/* By rising key, all different. Starts as {0}. */
struct hv_signatures {
    size_t count;
    struct hv_signature list[HASHVEIL_MAX_CURATORS];
};

/* digest: of the manifest. Errors: ERR_KEY (not a curator's secret key), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_signature_make(const hashveil_key *curator,
                                                    const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                                                    struct hv_signature *out);

/* Errors: ERR_KEY (it does not verify), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_signature_verify(const struct hv_signature *signature,
                                                      const uint8_t digest[HASHVEIL_DIGEST_BYTES]);

/* Puts one in its place, that of the same curator away. Errors: ERR_LIMIT. */
HASHVEIL_MUST_USE hashveil_status hv_signatures_add(struct hv_signatures *signatures,
                                                    const struct hv_signature *signature);

static inline size_t hv_signatures_len(const struct hv_signatures *signatures)
{
    return HV_SEALED_SIGNATURES_BYTES +
           signatures->count * (HASHVEIL_KEY_BYTES + HV_SIGNATURE_BYTES);
}

/* out: hv_signatures_len bytes. */
void hv_signatures_write(const struct hv_signatures *signatures, uint8_t *out);

/* Reads and verifies all: what stands there and does not hold is no reason to trust the rest.
 *
 * digest  of the manifest
 *
 * Errors: ERR_FORMAT, ERR_KEY (of somebody whom the manifest does not name, or does not verify),
 * ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_signatures_parse(const uint8_t *bytes, size_t len,
                                                      const struct hv_manifest *manifest,
                                                      const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                                                      struct hv_signatures *out);

#endif
