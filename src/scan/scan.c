/* SPDX-License-Identifier: Apache-2.0 */
/* Files to results in order, by several workers; matches to the spool, and from there on. */
#include <hashveil/scan.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/line.h"
#include "scan/check.h"

/* What the workers share: they only read options and scanner, and one at a time tells. */
struct scan {
    const hashveil_scan_options *options;
    hashveil_scanner *scanner;
    bool is_peer_trouble_told;
    hashveil_spool *spool;    /* NULL when matches are not reported */
    hashveil_account account; /* of the spool */
    hashveil_scan_summary summary;
};

struct item {
    struct hv_walked walked;
    hashveil_file_result result;
    uint64_t bytes;
    struct hv_peer_failure failure;
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
    const hashveil_subject subject = {.forms = &result->fingerprint,
                                      .form_count = result->is_decoded,
                                      .digests = &result->digests};
    const hashveil_sealed_db_info *info =
        hashveil_sealed_db_describe_part(options->database, result->verdict.part);
    hashveil_status status = hashveil_report_fill(info, &result->verdict, &subject, &report);
    if (status == HASHVEIL_OK) {
        status = hashveil_report_seal(&report, &scan->account, options->reporter_key, sealed);
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

static hashveil_status begin(void *context, void **worker_out)
{
    const struct scan *scan = context;
    struct hv_checker *checker = hv_alloc_array(1, sizeof *checker);
    *worker_out = checker;
    return checker ? hv_checker_init(scan->options, scan->scanner, checker)
                   : HASHVEIL_ERR_NO_MEMORY;
}

static void end(void *worker)
{
    struct hv_checker *checker = worker;
    if (checker) {
        hv_checker_clear(checker);
    }
    free(checker);
}

static void work(void *context, void *worker, void *item)
{
    struct item *own = item;
    (void)context;
    own->result.path = own->walked.path;
    hv_checker_run(worker, &own->result, &own->bytes, &own->failure);
}

static void tell(void *context, void *item)
{
    struct scan *scan = context;
    struct item *own = item;
    hashveil_file_result *result = &own->result;
    if (own->walked.problem != HASHVEIL_OK) {
        *result = (hashveil_file_result){.path = own->walked.path,
                                         .file_class = HASHVEIL_FILE_UNREADABLE,
                                         .status = own->walked.problem};
    }
    if (own->failure.status != HASHVEIL_OK && !scan->is_peer_trouble_told) {
        scan->is_peer_trouble_told = true;
        tell_trouble(scan, scan->options->evaluators[own->failure.evaluator].address,
                     own->failure.status);
    }
    if (result->file_class == HASHVEIL_FILE_MATCH && scan->spool) {
        spool_report(scan, result);
    }
    scan->summary.files++;
    scan->summary.by_class[result->file_class]++;
    scan->summary.bytes += own->bytes;
    scan->options->on_result(scan->options->context, result);
}

static hashveil_status open_spool(struct scan *scan)
{
    const unsigned threshold = scan->options->threshold > 0 ? scan->options->threshold : 1;
    const hashveil_status status = hashveil_spool_open(scan->options->spool_path, &scan->spool);
    return status == HASHVEIL_OK ? hashveil_spool_account(scan->spool, threshold, &scan->account)
                                 : status;
}

/* What waits in the spool, from this scan and from earlier ones, goes to the reporter. */
static void deliver(struct scan *scan)
{
    const hashveil_peer *peer = &scan->options->reporter;
    hashveil_connection *reporter = NULL;
    if (!scan->spool || !peer->address) {
        return;
    }
    hashveil_status status = hashveil_connection_open(peer, &reporter);
    if (status == HASHVEIL_OK) {
        const hashveil_patience patience = {.most_ms = scan->options->delivery_patience_ms,
                                            .is_cancelled = scan->options->is_cancelled};
        status = hashveil_spool_deliver(scan->spool, reporter, &patience,
                                        &scan->summary.reports_delivered);
    }
    if (status != HASHVEIL_OK) {
        note_report_failure(scan, peer->address, status);
    }
    hashveil_connection_close(reporter);
}

static hashveil_status check_options(const hashveil_scan_options *options)
{
    const bool is_complete =
        options->database && options->evaluators[0].address && options->on_result;
    const bool can_report = !options->reporter_key || options->spool_path;
    const bool has_key = options->reporter_key || !options->reporter.address;
    return is_complete && can_report && has_key ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT;
}

static unsigned evaluator_count(const hashveil_scan_options *options)
{
    return options->evaluators[1].address ? HASHVEIL_KEY_SHARES : 1;
}

static hashveil_status scan_paths(struct scan *scan, const char *const *paths, size_t count)
{
    const hashveil_scan_options *options = scan->options;
    struct hv_path_list list = {.paths = paths, .count = count};
    const struct hv_line line = {
        .workers = options->workers,
        .item_bytes = sizeof(struct item),
        .is_cancelled = options->is_cancelled,
        .next_path = hv_next_of_list,
        .path_context = &list,
        .context = scan,
        .begin = begin,
        .work = work,
        .tell = tell,
        .end = end,
    };
    return hv_line_run(&line, &scan->summary.is_complete);
}

hashveil_status hashveil_scan(const char *const *paths, size_t count,
                              const hashveil_scan_options *options, hashveil_scan_summary *out)
{
    struct scan scan = {.options = options};
    hashveil_status status = check_options(options);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hashveil_scanner_create(options->database, options->scanner_options, &scan.scanner);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (hashveil_scanner_evaluators(scan.scanner) != evaluator_count(options)) {
        hashveil_scanner_destroy(scan.scanner);
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (options->reporter_key) {
        status = open_spool(&scan);
        if (status != HASHVEIL_OK) {
            goto done;
        }
    }
    status = scan_paths(&scan, paths, count);
    deliver(&scan);
    *out = scan.summary;
done:
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
