/* SPDX-License-Identifier: Apache-2.0 */
/* The index of plaintext hashes beside a scan of them all: 10 million hashes, radius 31. Half of
 * the queries are copies at 0 to 31 bits. Then the ways of scanning a short list.
 * HASHVEIL_BENCH_HASHES sets another number. */
#include <hashveil/index.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "faiss_peer.h"
#include "hashdb/index/buckets.h"
#include "stopwatch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    DEFAULT_COUNT = 10000000,
    FEWER = 1000000, /* that faiss makes a multi-hash of in half a minute */
    QUERIES = 2000,
    SCANS = 21,
    PEER_QUERIES = 21,
    SHORT = 10000,
    SHORT_ROUNDS = 101,
    RADIUS = 31,
    MANY = 64
};

static void demand(hashveil_status status)
{
    if (status != HASHVEIL_OK) {
        fprintf(stderr, "bench_index: %s\n", hashveil_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void flip(hashveil_pdq *hash, unsigned count)
{
    while (count > 0) {
        const unsigned bit = randombytes_uniform(HASHVEIL_PDQ_BITS);
        hash->word[bit / 64] ^= UINT64_C(1) << (bit % 64);
        count--;
    }
}

/* With bits that go together, as those of pictures do: each is its neighbour's with a chance. */
static void correlate(hashveil_pdq *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t w = 0; w < 4; w++) {
            const uint64_t word = hashes[i].word[w];
            const uint64_t keeps =
                hashes[(i + 1) % count].word[w] & hashes[(i + 2) % count].word[w];
            hashes[i].word[w] = (word & ~keeps) | (word << 1 & keeps);
        }
    }
}

static hashveil_status count_hit(void *context, uint64_t number, unsigned distance)
{
    size_t *count = context;
    (void)number;
    (void)distance;
    ++*count;
    return HASHVEIL_OK;
}

/* Half of them are near one of the hashes. */
static hashveil_pdq draw_query(const hashveil_pdq *hashes, size_t count, size_t number)
{
    hashveil_pdq query;
    randombytes_buf(&query, sizeof query);
    if (number % 2 == 0) {
        query = hashes[randombytes_uniform((uint32_t)count)];
        flip(&query, (unsigned)(number / 2 % (RADIUS + 1)));
    }
    return query;
}

/* The same index as a file, mapped. */
static void bench_mapped(const hashveil_index *index, const hashveil_pdq *hashes, size_t count)
{
    char path[] = "/tmp/hashveil-bench-XXXXXX";
    double query_ms[QUERIES];
    hashveil_index *mapped;
    const char *where;
    const int fd = mkstemp(path);
    demand(fd < 0 ? HASHVEIL_ERR_IO : HASHVEIL_OK);
    close(fd);
    const double start = now_ms();
    demand(hashveil_index_save(index, path));
    const double saved = now_ms();
    demand(hashveil_index_open(path, &mapped, &where));
    const double opened = now_ms();
    for (size_t i = 0; i < QUERIES; i++) {
        const hashveil_pdq query = draw_query(hashes, count, i);
        hashveil_index_hit hits[MANY];
        size_t hit_count = 0;
        const double before = now_ms();
        demand(hashveil_index_within(mapped, &query, RADIUS, hits, MANY, &hit_count));
        query_ms[i] = now_ms() - before;
    }
    printf("  mapped from its file: written in %.1f s, opened and checked in %.2f s; a query %.3f "
           "ms\n",
           (saved - start) / 1e3, (opened - saved) / 1e3, median(query_ms, QUERIES));
    hashveil_index_destroy(mapped);
    unlink(path);
}

static void bench(const char *what, hashveil_pdq *hashes, size_t count)
{
    double query_ms[QUERIES];
    double scan_ms[SCANS];
    size_t found = 0;
    size_t scanned = 0;
    size_t wrong = 0;
    hashveil_index *index;
    const double start = now_ms();
    demand(hashveil_index_create_hashes(hashes, count, &index));
    const double built = now_ms() - start;
    const struct hv_scan_kernel *kernel = hv_scan_kernel_here();
    for (size_t i = 0; i < QUERIES; i++) {
        hashveil_index_hit hits[MANY];
        const hashveil_pdq query = draw_query(hashes, count, i);
        size_t hit_count = 0;
        const double before = now_ms();
        demand(hashveil_index_within(index, &query, RADIUS, hits, MANY, &hit_count));
        query_ms[i] = now_ms() - before;
        found += hit_count;
        if (i < SCANS) {
            size_t same = 0;
            const double before_scan = now_ms();
            const struct hv_scan_query looked_for = {&query, RADIUS, count_hit, &same};
            demand(hv_scan_within(kernel, hashes, count, &looked_for));
            scan_ms[i] = now_ms() - before_scan;
            scanned += same;
            wrong += same != hit_count;
        }
    }
    demand(wrong == 0 && found > 0 && scanned > 0 ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT);
    const double query = median(query_ms, QUERIES);
    const double scan = median(scan_ms, SCANS);
    printf("%zu %s hashes: built in %.1f s; a query %.3f ms, the linear scan (%s) %.2f ms, ratio "
           "1/%.0f; %zu found\n",
           count, what, built / 1e3, query, kernel->name, scan, scan / query, found);
    bench_mapped(index, hashes, count);
    hashveil_index_destroy(index);
}

/* A list that needs no index: a query at a time, and eight with the prefilter. */
static void bench_short(const hashveil_pdq *hashes, size_t count)
{
    const unsigned features = hv_cpu_features();
    for (size_t k = 0; hv_scan_kernels[k]; k++) {
        const struct hv_scan_kernel *kernel = hv_scan_kernels[k];
        double one_us[SHORT_ROUNDS];
        double eight_us[SHORT_ROUNDS];
        for (size_t i = 0; i < SHORT_ROUNDS && (kernel->features & ~features) == 0; i++) {
            hashveil_pdq queries[HV_SCAN_QUERIES];
            struct hv_scan_query looked_for[HV_SCAN_QUERIES];
            size_t found[2] = {0};
            for (size_t q = 0; q < HV_SCAN_QUERIES; q++) {
                queries[q] = draw_query(hashes, count, i + q);
                looked_for[q] = (struct hv_scan_query){&queries[q], RADIUS, count_hit, &found[0]};
            }
            const double start = now_ms();
            for (size_t q = 0; q < HV_SCAN_QUERIES; q++) {
                demand(hv_scan_within(kernel, hashes, count, &looked_for[q]));
                looked_for[q].context = &found[1];
            }
            const double between = now_ms();
            demand(hv_scan_each(kernel, hashes, count, looked_for, HV_SCAN_QUERIES));
            eight_us[i] = (now_ms() - between) * 1e3 / HV_SCAN_QUERIES;
            one_us[i] = (between - start) * 1e3 / HV_SCAN_QUERIES;
            demand(found[0] == found[1] ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT);
        }
        if ((kernel->features & ~features) == 0) {
            const double one = median(one_us, SHORT_ROUNDS);
            const double eight = median(eight_us, SHORT_ROUNDS);
            printf("%zu hashes scanned (%s): a query %.2f us, of eight at a time %.2f us, ratio "
                   "%.2f\n",
                   count, kernel->name, one, eight, eight / one);
        }
    }
}

#ifdef HV_HAS_FAISS
/* Its results must be ours. */
static void bench_faiss(const char *what, enum faiss_kind kind, const hashveil_pdq *hashes,
                        size_t count)
{
    double query_ms[PEER_QUERIES];
    const double start = now_ms();
    void *peer = faiss_peer_make(kind, (const uint8_t *)hashes, count);
    demand(peer ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY);
    const double built = now_ms() - start;
    for (size_t i = 0; i < PEER_QUERIES; i++) {
        hashveil_pdq query = hashes[randombytes_uniform((uint32_t)count)];
        size_t same = 0;
        flip(&query, (unsigned)(i % (RADIUS + 1)));
        const struct hv_scan_query looked_for = {&query, RADIUS, count_hit, &same};
        demand(hv_scan_within(hv_scan_kernel_here(), hashes, count, &looked_for));
        const double before = now_ms();
        const size_t found = faiss_peer_count_within_31(peer, (const uint8_t *)&query);
        query_ms[i] = now_ms() - before;
        demand(found == same ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT);
    }
    printf("%zu hashes, faiss %s: built in %.1f s; a query %.2f ms\n", count, what, built / 1e3,
           median(query_ms, PEER_QUERIES));
    faiss_peer_destroy(peer);
}
#else
static void bench_faiss(const char *what, enum faiss_kind kind, const hashveil_pdq *hashes,
                        size_t count)
{
    (void)kind;
    (void)hashes;
    printf("%zu hashes, faiss %s: not measured, as faiss is not installed\n", count, what);
}
#endif

int main(void)
{
    struct rusage usage;
    const char *asked = getenv("HASHVEIL_BENCH_HASHES");
    const size_t count = asked ? strtoul(asked, NULL, 10) : DEFAULT_COUNT;
    const size_t fewer = count < FEWER ? count : FEWER;
    hashveil_pdq *hashes = hv_alloc_array(count, sizeof *hashes);
    if (!hashes || count == 0 || sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    randombytes_buf(hashes, count * sizeof *hashes);
    bench("random", hashes, count);
    getrusage(RUSAGE_SELF, &usage);
    printf("  peak memory, with the hashes that were given: %ld MiB\n", usage.ru_maxrss / 1024);
    bench_faiss("flat", FAISS_FLAT, hashes, count);
    bench("random", hashes, fewer);
    bench_faiss("multi-hash", FAISS_MULTI_HASH, hashes, fewer);
    correlate(hashes, count);
    bench("correlated", hashes, count);
    bench_short(hashes, count < SHORT ? count : SHORT);
    free(hashes);
    return EXIT_SUCCESS;
}
