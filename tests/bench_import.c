/* SPDX-License-Identifier: Apache-2.0 */
/* Importing a text list of random hashes into a fresh workspace, and again, beside reading its
 * lines alone and beside SQLite's bare insertion of as many rows, in order, into the same two
 * tables. */
#include <hashveil/workspace.h>

#include "base/hex.h"
#include "base/memory.h"
#include "hashdb/lists/list_format.h"
#include "stopwatch.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 3, LINES = 500000, HASH_BYTES = 32, ROWS_A_BATCH = 1 << 17 };

static void demand(hashveil_status status)
{
    if (status != HASHVEIL_OK) {
        fprintf(stderr, "bench_import: %s\n", hashveil_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void demand_sqlite(int result)
{
    demand(result == SQLITE_OK || result == SQLITE_DONE ? HASHVEIL_OK : HASHVEIL_ERR_IO);
}

static void write_list(const char *path, uint8_t (*hashes)[HASH_BYTES])
{
    FILE *file = fopen(path, "w");
    demand(file ? HASHVEIL_OK : HASHVEIL_ERR_IO);
    for (size_t i = 0; i < LINES; i++) {
        char hex[2 * HASH_BYTES + 1];
        hv_hex_encode(hashes[i], HASH_BYTES, hex);
        fprintf(file, "%s\n", hex);
    }
    demand(fclose(file) == 0 ? HASHVEIL_OK : HASHVEIL_ERR_IO);
}

static double import_ms(const char *workspace_path, const char *list_path)
{
    const hashveil_import_options options = {.source = "bench", .label = "bench"};
    hashveil_import_counts counts;
    hashveil_workspace *workspace;
    const double start = now_ms();
    demand(hashveil_workspace_open(workspace_path, HASHVEIL_WORKSPACE_WRITE, &workspace));
    demand(hashveil_workspace_import(workspace, list_path, &options, &counts));
    hashveil_workspace_close(workspace);
    demand(counts.added + counts.known == LINES ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT);
    return now_ms() - start;
}

static hashveil_status take(void *context, const struct hv_list_item *item)
{
    size_t *count = context;
    *count += item->has_hash;
    return HASHVEIL_OK;
}

static hashveil_status refuse(void *context, uint64_t line, hashveil_status problem)
{
    (void)context;
    (void)line;
    return problem;
}

static void ignore(void *context, uint64_t lines)
{
    (void)context;
    (void)lines;
}

static double read_ms(const char *list_path)
{
    size_t count = 0;
    const struct hv_list_sink sink = {take, refuse, ignore, &count};
    const double start = now_ms();
    demand(hv_list_read(list_path, NULL, &sink));
    demand(count == LINES ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT);
    return now_ms() - start;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, HASH_BYTES);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    demand_sqlite(sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
    return statement;
}

static void insert(sqlite3_stmt *statement, const uint8_t *hash)
{
    sqlite3_bind_blob(statement, 1, hash, HASH_BYTES, SQLITE_STATIC);
    demand_sqlite(sqlite3_step(statement));
    sqlite3_reset(statement);
}

/* The columns that a workspace has, with the same settings for safety, and no more work. */
static double insert_ms(const char *path, uint8_t (*hashes)[HASH_BYTES])
{
    sqlite3 *db;
    const double start = now_ms();
    demand_sqlite(sqlite3_open(path, &db));
    demand_sqlite(sqlite3_exec(
        db,
        "PRAGMA synchronous = EXTRA;"
        "CREATE TABLE entry (kind INTEGER, value BLOB, record BLOB, PRIMARY KEY (kind, value))"
        " WITHOUT ROWID;"
        "CREATE TABLE claim (kind INTEGER, value BLOB, source INTEGER, added INTEGER,"
        " removed INTEGER, label TEXT, item TEXT, PRIMARY KEY (kind, value, source, added))"
        " WITHOUT ROWID; BEGIN",
        NULL, NULL, NULL));
    sqlite3_stmt *entry = prepare(db, "INSERT INTO entry VALUES (0, ?, zeroblob(16))");
    sqlite3_stmt *claim = prepare(db, "INSERT INTO claim VALUES (0, ?, 0, 1, NULL, 'bench', '')");
    for (size_t first = 0; first < LINES; first += ROWS_A_BATCH) {
        const size_t count = LINES - first < ROWS_A_BATCH ? LINES - first : ROWS_A_BATCH;
        qsort(hashes + first, count, HASH_BYTES, compare);
        for (size_t i = first; i < first + count; i++) {
            insert(entry, hashes[i]);
            insert(claim, hashes[i]);
        }
    }
    demand_sqlite(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    sqlite3_finalize(entry);
    sqlite3_finalize(claim);
    sqlite3_close(db);
    return now_ms() - start;
}

int main(void)
{
    char folder[] = "/tmp/hashveil-bench-XXXXXX";
    char list_path[sizeof folder + 8];
    char workspace_path[sizeof folder + 8];
    char bare_path[sizeof folder + 8];
    double first_ms[RUNS];
    double again_ms[RUNS];
    double lines_ms[RUNS];
    double bare_ms[RUNS];
    uint8_t(*hashes)[HASH_BYTES] = hv_alloc_array(LINES, HASH_BYTES);
    if (!hashes || !mkdtemp(folder) || sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    snprintf(list_path, sizeof list_path, "%s/list", folder);
    snprintf(workspace_path, sizeof workspace_path, "%s/work", folder);
    snprintf(bare_path, sizeof bare_path, "%s/bare", folder);
    for (size_t run = 0; run < RUNS; run++) {
        randombytes_buf(hashes, (size_t)LINES * HASH_BYTES);
        write_list(list_path, hashes);
        first_ms[run] = import_ms(workspace_path, list_path);
        again_ms[run] = import_ms(workspace_path, list_path);
        lines_ms[run] = read_ms(list_path);
        bare_ms[run] = insert_ms(bare_path, hashes);
        unlink(workspace_path);
        unlink(bare_path);
    }
    unlink(list_path);
    rmdir(folder);
    free(hashes);
    const double first = median(first_ms, RUNS);
    const double bare = median(bare_ms, RUNS);
    const double lines = median(lines_ms, RUNS);
    printf(
        "import of %d random hashes: %.0f lines/s, of which reading lines takes %.3f and SQLite's "
        "bare insertion of the rows %.3f\n",
        LINES, LINES / first * 1e3, lines / first, bare / first);
    printf("the same again: %.0f lines/s; reading lines alone: %.0f/s\n",
           LINES / median(again_ms, RUNS) * 1e3, LINES / lines * 1e3);
    return EXIT_SUCCESS;
}
