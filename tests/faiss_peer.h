/* SPDX-License-Identifier: Apache-2.0 */
/* faiss's two exact binary indexes (Johnson, Douze, Jegou), as a peer for the benchmark of ours. */
#ifndef HV_TESTS_FAISS_PEER_H
#define HV_TESTS_FAISS_PEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum faiss_kind { FAISS_FLAT, FAISS_MULTI_HASH };

/* On one thread. hashes: count x 32 bytes. Returns NULL without memory. */
void *faiss_peer_make(enum faiss_kind kind, const uint8_t *hashes, size_t count);

/* Returns how many hashes are at most 31 bits away. */
size_t faiss_peer_count_within_31(void *peer, const uint8_t *query);

void faiss_peer_destroy(void *peer);

#ifdef __cplusplus
}
#endif

#endif
