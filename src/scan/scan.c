/* SPDX-License-Identifier: Apache-2.0 */
/* Files to results in order, by several workers; matches to the spool, and from there on. */
#include <hashveil/scan.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"
#include "base/walk.h"
#include "scan/check.h"

/* What the workers share; all but options and scanner under the lock. */
struct scan {
    const hashveil_scan_options *options;
    hashveil_scanner *scanner;
    pthread_mutex_t lock;
    pthread_cond_t turn_changed;
    struct hv_walk *walk;
    uint64_t next_number; /* of the next file that a worker takes */
    uint64_t turn;        /* number of the file whose result is told next */
    bool is_peer_trouble_told;
    hashveil_spool *spool; /* NULL when matches are not reported */
    hashveil_scan_summary summary;
    hashveil_status failure; /* of the walk */
};

static void tell_trouble(struct scan *scan, const char *peer, hashveil_status status)
{
    if (scan->options->on_trouble) {
        scan->options->on_trouble(scan->options->context, peer, status);
    }
}

static void note_report_failure(struct scan *scan, const char *peer, hashveil_status status)
{
    if (scan->summary.report_status == HASHVEIL_OK) {
        scan->summary.report_status = status;
        tell_trouble(scan, peer, status);
    }
}

/* Seals a match's report and puts it on disk. */
static void spool_report(struct scan *scan, hashveil_file_result *result)
{
    const hashveil_scan_options *options = scan->options;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    hashveil_report report;
    hashveil_status status =
        hashveil_report_fill(hashveil_sealed_db_describe(options->database),
                             &result->verdict.record, &result->fingerprint, &report);
    if (status == HASHVEIL_OK) {
        status = hashveil_report_seal(&report, options->reporter_key, sealed);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_spool_add(scan->spool, sealed);
    }
    if (status != HASHVEIL_OK) {
        note_report_failure(scan, options->spool_path, status);
        return;
    }
    result->is_reported = true;
    memcpy(result->report_id, report.id, sizeof result->report_id);
    scan->summary.reports_spooled++;
}

/* Takes the next file. path_out is NULL when there is none; else owned. */
static void take(struct scan *scan, char **path_out, uint64_t *number_out,
                 hashveil_status *problem_out)
{
    const atomic_bool *is_cancelled = scan->options->is_cancelled;
    *path_out = NULL;
    *problem_out = HASHVEIL_OK;
    pthread_mutex_lock(&scan->lock);
    if (is_cancelled && atomic_load(is_cancelled)) {
        scan->summary.is_complete = false;
    } else if (scan->failure == HASHVEIL_OK) {
        scan->failure = hv_walk_next(scan->walk, path_out, problem_out);
    }
    if (*path_out) {
        *number_out = scan->next_number++;
    }
    pthread_mutex_unlock(&scan->lock);
}

/* Waits until all files before this one are told, so that output keeps the walk's order and no
 * worker runs ahead by more than the one file it has done. */
static void tell(struct scan *scan, uint64_t number, hashveil_file_result *result, uint64_t bytes,
                 hashveil_status peer_status)
{
    const hashveil_scan_options *options = scan->options;
    pthread_mutex_lock(&scan->lock);
    while (scan->turn != number) {
        pthread_cond_wait(&scan->turn_changed, &scan->lock);
    }
    if (peer_status != HASHVEIL_OK && !scan->is_peer_trouble_told) {
        scan->is_peer_trouble_told = true;
        tell_trouble(scan, options->evaluator_address, peer_status);
    }
    if (result->file_class == HASHVEIL_FILE_MATCH && scan->spool) {
        spool_report(scan, result);
    }
    scan->summary.files++;
    scan->summary.by_class[result->file_class]++;
    scan->summary.bytes += bytes;
    options->on_result(options->context, result);
    scan->turn++;
    pthread_cond_broadcast(&scan->turn_changed);
    pthread_mutex_unlock(&scan->lock);
}

/* One worker: takes files until none is left. */
static hashveil_status work(void *context, size_t index, unsigned worker)
{
    struct scan *scan = context;
    struct hv_checker *checker = hv_alloc_array(1, sizeof *checker);
    (void)index;
    (void)worker;
    if (!checker) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = hv_checker_init(scan->options, scan->scanner, checker);
    for (; status == HASHVEIL_OK;) {
        char *path;
        uint64_t number = 0;
        uint64_t bytes = 0;
        hashveil_status problem;
        hashveil_status peer_status = HASHVEIL_OK;
        take(scan, &path, &number, &problem);
        if (!path) {
            break;
        }
        hashveil_file_result result = {
            .path = path, .file_class = HASHVEIL_FILE_UNREADABLE, .status = problem};
        if (problem == HASHVEIL_OK) {
            hv_checker_run(checker, &result, &bytes, &peer_status);
        }
        tell(scan, number, &result, bytes, peer_status);
        free(path);
    }
    hv_checker_clear(checker);
    free(checker);
    return status;
}

/* What waits in the spool, from this scan and from earlier ones, goes to the reporter. */
static void deliver(struct scan *scan)
{
    const char *address = scan->options->reporter_address;
    const uint32_t timeout_ms = scan->options->timeout_ms;
    hashveil_connection *reporter = NULL;
    if (!scan->spool || !address) {
        return;
    }
    hashveil_status status = hashveil_connection_open(
        address, timeout_ms ? timeout_ms : HV_DEFAULT_TIMEOUT_MS, &reporter);
    if (status == HASHVEIL_OK) {
        status = hashveil_spool_deliver(scan->spool, reporter, &scan->summary.reports_delivered);
    }
    if (status != HASHVEIL_OK) {
        note_report_failure(scan, address, status);
    }
    hashveil_connection_close(reporter);
}

static hashveil_status check_options(const hashveil_scan_options *options)
{
    const bool is_complete = options->database && options->evaluator_address && options->on_result;
    const bool can_report = !options->reporter_key || options->spool_path;
    const bool has_key = options->reporter_key || !options->reporter_address;
    return is_complete && can_report && has_key ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT;
}

hashveil_status hashveil_scan(const char *const *paths, size_t count,
                              const hashveil_scan_options *options, hashveil_scan_summary *out)
{
    struct scan scan = {.options = options,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .turn_changed = PTHREAD_COND_INITIALIZER,
                        .summary = {.is_complete = true}};
    const unsigned workers = options->workers ? options->workers : hv_processor_count();
    hashveil_status status = check_options(options);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hashveil_scanner_create(options->database, &scan.scanner);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (options->reporter_key) {
        status = hashveil_spool_open(options->spool_path, &scan.spool);
        if (status != HASHVEIL_OK) {
            goto done;
        }
    }
    status = hv_walk_open(paths, count, &scan.walk);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = hv_parallel(workers, workers, work, &scan);
    if (status == HASHVEIL_OK) {
        status = scan.failure;
    }
    deliver(&scan);
    *out = scan.summary;
done:
    hv_walk_close(scan.walk);
    hashveil_spool_close(scan.spool);
    hashveil_scanner_destroy(scan.scanner);
    return status;
}

static const struct {
    const char *text;
    bool is_trouble;
} classes[HASHVEIL_FILE_CLASSES] = {
#define X(name, number, meaning, trouble) [HASHVEIL_FILE_##name] = {meaning, trouble},
    HASHVEIL_FILE_CLASS_TABLE(X)
#undef X
};

const char *hashveil_file_class_text(hashveil_file_class file_class)
{
    return classes[file_class].text;
}

bool hashveil_file_class_is_trouble(hashveil_file_class file_class)
{
    return classes[file_class].is_trouble;
}
