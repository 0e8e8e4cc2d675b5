/* SPDX-License-Identifier: Apache-2.0 */
/* The nth allocation fails, for every n until none does: each public call then says so, leaves
 * nothing behind, and works the next time. Linked with --wrap=calloc. */
#include <hashveil/hashveil.h>

#include "base/files.h"
#include "draw.h"
#include "image/rows.h"
#include "picture.h"
#include "run_suite.h"
#include "scan_folder.h"

#include <png.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum {
    SECONDS = 120,
    NEVER = -1,
    MAX_ALLOCATIONS = 10000,
    SIDE_PX = 96,
    LARGE_SIDE_PX = 520,
    SHORT_MS = 1000
};

/* How many allocations still succeed before the one that fails. */
static atomic_long left = NEVER;

static bool is_to_fail(void)
{
    long now = atomic_load(&left);
    while (now >= 0 && !atomic_compare_exchange_weak(&left, &now, now - 1)) {
    }
    return now == 0;
}

void *__real_calloc(size_t count, size_t element_bytes);
void *__wrap_calloc(size_t count, size_t element_bytes);

/* All of the library's memory comes by calloc; that of other libraries does not come this way. */
void *__wrap_calloc(size_t count, size_t element_bytes)
{
    return is_to_fail() ? NULL : __real_calloc(count, element_bytes);
}

static const struct scan_folder *folder;
static char workspace_path[80];
static char list_path[80];
static struct {
    uint8_t *bytes;
    size_t len;
} jpeg, progressive_jpeg, png, database;
static hashveil_image picture, large_picture;
static hashveil_fingerprint fingerprint;
static hashveil_entries entries;
static hashveil_key curator;

static void put_list(void)
{
    FILE *file = fopen(list_path, "w");
    ck_assert_ptr_nonnull(file);
    for (uint64_t i = 0; i < 50; i++) {
        char hex[HASHVEIL_PDQ_HEX_LEN + 1];
        const hashveil_fingerprint drawn = draw_fingerprint(i);
        hashveil_pdq_to_hex(&drawn.hash, hex);
        fprintf(file, "%s,100\n", hex);
    }
    ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
    const struct picture_jpeg jpeg_kind = {.quality = 90, .orientation = 6};
    const struct picture_jpeg progressive_kind = {.quality = 90, .is_progressive = true};
    const struct picture_png png_kind = {
        .colour_type = PNG_COLOR_TYPE_RGB_ALPHA, .bit_depth = 16, .is_interlaced = true};
    folder = make_scan_folder();
    snprintf(workspace_path, sizeof workspace_path, "%s/workspace", folder->path);
    snprintf(list_path, sizeof list_path, "%s/list", folder->path);
    picture_draw(&picture, SIDE_PX, SIDE_PX, 3, 7);
    picture_draw(&large_picture, LARGE_SIDE_PX, SIDE_PX, 3, 7);
    picture_to_jpeg(&picture, &jpeg_kind, &jpeg.bytes, &jpeg.len);
    picture_to_jpeg(&picture, &progressive_kind, &progressive_jpeg.bytes, &progressive_jpeg.len);
    picture_to_png(&picture, &png_kind, &png.bytes, &png.len);
    fingerprint = scan_picture_fingerprint(0);
    entries = draw_entries(20);
    ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_CURATOR, &curator), HASHVEIL_OK);
    ck_assert_int_eq(hv_read_file(folder->database_path, 1 << 24, &database.bytes, &database.len),
                     HASHVEIL_OK);
    put_list();
    put_scan_picture("a", 0);
    put_scan_picture("b", LISTED);
}

static void tear_down(void)
{
    free(jpeg.bytes);
    free(progressive_jpeg.bytes);
    free(png.bytes);
    free(database.bytes);
    hashveil_image_clear(&picture);
    hashveil_image_clear(&large_picture);
    hashveil_entries_clear(&entries);
    hashveil_key_clear(&curator);
    remove_scan_folder();
}

static hashveil_status create_evaluator(void)
{
    hashveil_evaluator *evaluator;
    const hashveil_status status = hashveil_evaluator_create(&folder->evaluator_key, &evaluator);
    ck_assert((status == HASHVEIL_OK) == (evaluator != NULL));
    hashveil_evaluator_destroy(evaluator);
    return status;
}

static hashveil_status decode(const uint8_t *bytes, size_t len)
{
    hashveil_image_options options = HASHVEIL_IMAGE_OPTIONS_DEFAULT;
    hashveil_image image = {0};
    options.applies_orientation = true;
    const hashveil_status status = hashveil_image_decode(bytes, len, &options, &image);
    ck_assert((status == HASHVEIL_OK) == (image.pixels != NULL));
    hashveil_image_clear(&image);
    return status;
}

static hashveil_status decode_jpeg(void)
{
    return decode(jpeg.bytes, jpeg.len);
}

static hashveil_status begin_rows(void *context, const struct hv_row_shape *shape)
{
    *(bool *)context = shape->block_px > 1;
    return HASHVEIL_OK;
}

static hashveil_status pass_row_over(void *context, const uint8_t *samples)
{
    (void)context;
    (void)samples;
    return HASHVEIL_OK;
}

static hashveil_status decode_first_scans(void)
{
    const struct hv_row_options options = {.limits = HASHVEIL_IMAGE_LIMITS_DEFAULT,
                                           .min_blocks = 1};
    bool has_blocks = false;
    const struct hv_row_sink sink = {&has_blocks, begin_rows, pass_row_over};
    const hashveil_status status =
        hv_image_decode_rows(progressive_jpeg.bytes, progressive_jpeg.len, &options, &sink);
    ck_assert(has_blocks || status != HASHVEIL_OK);
    return status;
}

static hashveil_status decode_png(void)
{
    return decode(png.bytes, png.len);
}

static hashveil_status take_fingerprint(void)
{
    hashveil_fingerprint out;
    return hashveil_pdq_fingerprint(&picture, HASHVEIL_PDQ_POLICY_FULL, &out);
}

static hashveil_status take_nearest(void)
{
    hashveil_fingerprint out;
    return hashveil_pdq_fingerprint(&large_picture, HASHVEIL_PDQ_POLICY_NEAREST512, &out);
}

static hashveil_status take_dihedral(void)
{
    hashveil_fingerprint out[HASHVEIL_PDQ_DIHEDRAL];
    return hashveil_pdq_dihedral(&picture, HASHVEIL_PDQ_POLICY_FULL, out);
}

static hashveil_status create_index(void)
{
    hashveil_index *index;
    const hashveil_status status = hashveil_index_create(&entries, &index);
    ck_assert((status == HASHVEIL_OK) == (index != NULL));
    hashveil_index_destroy(index);
    return status;
}

static hashveil_status choose_probes(void)
{
    const hashveil_mask_params params = HASHVEIL_MASK_PARAMS_DEFAULT;
    const uint8_t seed[HASHVEIL_MASK_SEED_BYTES] = {1};
    hashveil_token probes[HASHVEIL_PROBES];
    hashveil_masks *masks;
    hashveil_status status = hashveil_masks_create(&params, seed, &masks);
    ck_assert((status == HASHVEIL_OK) == (masks != NULL));
    if (status == HASHVEIL_OK) {
        status = hashveil_masks_probes(masks, &fingerprint, HASHVEIL_PROBES, probes);
    }
    hashveil_masks_destroy(masks);
    return status;
}

static hashveil_status open_workspace(void)
{
    hashveil_workspace *workspace;
    const hashveil_status status =
        hashveil_workspace_open(workspace_path, HASHVEIL_WORKSPACE_WRITE, &workspace);
    ck_assert((status == HASHVEIL_OK) == (workspace != NULL));
    hashveil_workspace_close(workspace);
    return status;
}

/* A file that cannot be hashed for want of memory is a problem, and the import goes on. */
static void note_problem(void *context, const char *path, uint64_t line, hashveil_status status)
{
    hashveil_status *problem = context;
    (void)path;
    (void)line;
    *problem = status;
}

static hashveil_status import(const char *path)
{
    hashveil_import_counts counts;
    hashveil_workspace *workspace;
    hashveil_status problem = HASHVEIL_OK;
    const hashveil_import_options options = {.source = "source",
                                             .label = "label",
                                             .workers = 2,
                                             .on_problem = note_problem,
                                             .context = &problem};
    hashveil_status status =
        hashveil_workspace_open(workspace_path, HASHVEIL_WORKSPACE_WRITE, &workspace);
    if (status == HASHVEIL_OK) {
        status = hashveil_workspace_import(workspace, path, &options, &counts);
    }
    hashveil_workspace_close(workspace);
    return status == HASHVEIL_OK ? problem : status;
}

static hashveil_status import_list(void)
{
    return import(list_path);
}

static hashveil_status import_folder(void)
{
    return import(folder->pictures_path);
}

static hashveil_status read_entries(void)
{
    hashveil_entries out = {0};
    hashveil_workspace *workspace;
    hashveil_status status =
        hashveil_workspace_open(workspace_path, HASHVEIL_WORKSPACE_WRITE, &workspace);
    if (status == HASHVEIL_OK) {
        status = hashveil_workspace_entries(workspace, &out);
        ck_assert((status == HASHVEIL_OK) == (out.entries != NULL));
    }
    hashveil_entries_clear(&out);
    hashveil_workspace_close(workspace);
    return status;
}

static hashveil_status open_spool(void)
{
    hashveil_spool *spool;
    uint64_t count;
    hashveil_status status = hashveil_spool_open(folder->spool_path, &spool);
    ck_assert((status == HASHVEIL_OK) == (spool != NULL));
    if (status == HASHVEIL_OK) {
        status = hashveil_spool_count(spool, &count);
    }
    hashveil_spool_close(spool);
    return status;
}

static hashveil_status open_connection(void)
{
    const hashveil_peer peer = {.address = folder->evaluator_address, .timeout_ms = SHORT_MS};
    hashveil_connection *connection;
    const hashveil_status status = hashveil_connection_open(&peer, &connection);
    ck_assert((status == HASHVEIL_OK) == (connection != NULL));
    hashveil_connection_close(connection);
    return status;
}

static hashveil_status build_database(void)
{
    const hashveil_seal_options options = {
        .evaluator_key = &folder->evaluator_key,
        .curator_keys = &curator,
        .curator_count = 1,
        .epoch = 8,
        .mask_params = {.masks = 4, .bits = 28, .pool_bits = 160},
        .is_resumable = true,
        .workers = 2};
    char path[80];
    snprintf(path, sizeof path, "%s/new.hvdb", folder->path);
    return hashveil_sealed_db_build(path, &entries, &options, NULL);
}

static hashveil_status open_database(void)
{
    const char *where;
    hashveil_sealed_db *db;
    const hashveil_status status = hashveil_sealed_db_open(folder->database_path, &db, &where);
    ck_assert((status == HASHVEIL_OK) == (db != NULL));
    hashveil_sealed_db_close(db);
    return status;
}

static hashveil_status open_database_bytes(void)
{
    const char *where;
    hashveil_sealed_db *db;
    const hashveil_status status =
        hashveil_sealed_db_open_bytes(database.bytes, database.len, &db, &where);
    ck_assert((status == HASHVEIL_OK) == (db != NULL));
    hashveil_sealed_db_close(db);
    return status;
}

/* Both ends of the private match. */
static hashveil_status match(void)
{
    static const hashveil_scanner_options verify_all = {.verified_percent = 100};
    const hashveil_subject subject = {.forms = &fingerprint, .form_count = 1};
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    hashveil_verdict verdict;
    hashveil_evaluator *evaluator = NULL;
    hashveil_scanner *scanner = NULL;
    hashveil_query *query = NULL;
    hashveil_status status = hashveil_evaluator_create(&folder->evaluator_key, &evaluator);
    if (status == HASHVEIL_OK) {
        status = hashveil_scanner_create(folder->database, &verify_all, &scanner);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_scanner_begin(scanner, &subject, &query);
    }
    if (status == HASHVEIL_OK) {
        const uint8_t *request = hashveil_query_request(query, 0, &len);
        status = hashveil_evaluator_respond(evaluator, request, len, response, &len);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_scanner_finish(query, 0, response, len, &verdict);
    }
    ck_assert(status != HASHVEIL_OK || verdict.kind == HASHVEIL_VERDICT_MATCH);
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
    hashveil_evaluator_destroy(evaluator);
    return status;
}

static void note_result(void *context, const hashveil_file_result *result)
{
    hashveil_status *status = context;
    if (result->status != HASHVEIL_ERR_UNREACHABLE) { /* there is no evaluator */
        *status = result->status;
    }
}

static hashveil_status scan(void)
{
    hashveil_status of_file = HASHVEIL_OK;
    hashveil_scan_summary summary;
    const hashveil_scan_options options = {.database = folder->database,
                                           .evaluators = {{.address = folder->evaluator_address}},
                                           .workers = 2,
                                           .fingerprint_options =
                                               HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT,
                                           .on_result = note_result,
                                           .context = &of_file};
    const char *path = folder->pictures_path;
    const hashveil_status status = hashveil_scan(&path, 1, &options, &summary);
    return status == HASHVEIL_OK ? of_file : status;
}

static const struct {
    const char *what;
    hashveil_status (*run)(void);
} calls[] = {
    {"creating an evaluator", create_evaluator},
    {"decoding a JPEG", decode_jpeg},
    {"decoding a JPEG's first scans", decode_first_scans},
    {"decoding a PNG", decode_png},
    {"a fingerprint", take_fingerprint},
    {"a fingerprint of the nearest pixels", take_nearest},
    {"eight fingerprints", take_dihedral},
    {"creating an index", create_index},
    {"choosing probes", choose_probes},
    {"opening a workspace", open_workspace},
    {"importing a list", import_list},
    {"importing a folder", import_folder},
    {"reading entries", read_entries},
    {"opening a spool", open_spool},
    {"opening a connection", open_connection},
    {"building a database", build_database},
    {"opening a database", open_database},
    {"opening a database in memory", open_database_bytes},
    {"matching", match},
    {"scanning", scan},
};

START_TEST(a_call_without_memory_says_so_and_works_the_next_time)
{
    long n = 0;
    bool has_failed = true;
    for (; has_failed && n < MAX_ALLOCATIONS; n++) {
        atomic_store(&left, n);
        const hashveil_status status = calls[_i].run();
        has_failed = atomic_exchange(&left, NEVER) < 0;
        ck_assert_msg(status == (has_failed ? HASHVEIL_ERR_NO_MEMORY : HASHVEIL_OK),
                      "%s: allocation %ld: %s", calls[_i].what, n, hashveil_status_text(status));
    }
    ck_assert_msg(n > 1, "%s: nothing was allocated", calls[_i].what);
    ck_assert(!has_failed);
}
END_TEST

static sqlite3_mem_methods sqlite_methods;

static void *sqlite_malloc(int len)
{
    return is_to_fail() ? NULL : sqlite_methods.xMalloc(len);
}

static void *sqlite_realloc(void *block, int len)
{
    return is_to_fail() ? NULL : sqlite_methods.xRealloc(block, len);
}

/* While SQLite is shut down. */
static void watch_sqlite(void)
{
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_methods), SQLITE_OK);
    sqlite3_mem_methods watched = sqlite_methods;
    watched.xMalloc = sqlite_malloc;
    watched.xRealloc = sqlite_realloc;
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &watched), SQLITE_OK);
    /* Else most of what it allocates comes from a block of its own. */
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
}

static void leave_sqlite(void)
{
    sqlite3_shutdown();
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &sqlite_methods), SQLITE_OK);
}

static const struct {
    const char *what;
    hashveil_status (*run)(void);
} sqlite_calls[] = {
    {"opening a workspace", open_workspace},
    {"importing a list", import_list},
    {"reading entries", read_entries},
    {"opening a spool", open_spool},
};

START_TEST(sqlite_without_memory_harms_nothing)
{
    long n = 0;
    bool has_failed = true;
    sqlite3_shutdown();
    watch_sqlite();
    for (; has_failed && n < MAX_ALLOCATIONS; n++) {
        atomic_store(&left, n);
        const hashveil_status status = sqlite_calls[_i].run();
        has_failed = atomic_exchange(&left, NEVER) < 0;
        /* It goes on without memory where it can. */
        ck_assert_msg(status == HASHVEIL_OK || (has_failed && status == HASHVEIL_ERR_NO_MEMORY),
                      "%s: allocation %ld: %s", sqlite_calls[_i].what, n,
                      hashveil_status_text(status));
    }
    ck_assert_int_gt(n, 1);
    ck_assert(!has_failed);
    ck_assert_int_eq(import_list(), HASHVEIL_OK);
    ck_assert_int_eq(read_entries(), HASHVEIL_OK);
    leave_sqlite();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc_fail");
    TCase *library = tcase_create("library");
    TCase *sqlite = tcase_create("sqlite");

    tcase_add_checked_fixture(library, set_up, tear_down);
    tcase_set_timeout(library, SECONDS);
    tcase_add_loop_test(library, a_call_without_memory_says_so_and_works_the_next_time, 0,
                        COUNT(calls));
    suite_add_tcase(suite, library);

    tcase_add_checked_fixture(sqlite, set_up, tear_down);
    tcase_set_timeout(sqlite, SECONDS);
    tcase_add_loop_test(sqlite, sqlite_without_memory_harms_nothing, 0, COUNT(sqlite_calls));
    suite_add_tcase(suite, sqlite);
    return run_suite(suite);
}
