// SPDX-License-Identifier: Apache-2.0
#include "faiss_peer.h"

#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHash.h>
#include <faiss/impl/AuxIndexStructures.h>

#include <memory>
#include <new>

#include <omp.h>

namespace
{

enum { BITS = 256, PARTS = 11, PART_BITS = 23, FLIPS = 2 };

std::unique_ptr<faiss::IndexBinary> make_empty(faiss_kind kind)
{
    if (kind == FAISS_FLAT) {
        return std::make_unique<faiss::IndexBinaryFlat>(BITS);
    }
    // By the pigeonhole principle two flips in each of eleven parts find all at 31 bits.
    auto index = std::make_unique<faiss::IndexBinaryMultiHash>(BITS, PARTS, PART_BITS);
    index->nflip = FLIPS;
    return index;
}

} // namespace

void *faiss_peer_make(faiss_kind kind, const uint8_t *hashes, size_t count)
{
    try {
        omp_set_num_threads(1);
        auto index = make_empty(kind);
        index->add(static_cast<faiss::IndexBinary::idx_t>(count), hashes);
        return index.release();
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

size_t faiss_peer_count_within_31(void *peer, const uint8_t *query)
{
    faiss::RangeSearchResult found(1);
    // Its radius is the first distance that is too far.
    static_cast<faiss::IndexBinary *>(peer)->range_search(1, query, 32, &found);
    return found.lims[1];
}

void faiss_peer_destroy(void *peer)
{
    delete static_cast<faiss::IndexBinary *>(peer);
}
