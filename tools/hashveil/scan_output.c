/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_output.h"

#include "json_line.h"
#include "output.h"
#include "record_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The part of the database that the verdict's record is in. */
static const hashveil_sealed_db_info *part_of(const struct scan_output *output,
                                              const hashveil_file_result *result)
{
    return hashveil_sealed_db_describe_part(output->database, result->verdict.part);
}

/* The values of the JSON keys; json_null() where a key has no meaning. */
typedef json_t *value_fn(const struct scan_output *output, const hashveil_file_result *result);

static json_t *class_value(const struct scan_output *output, const hashveil_file_result *result)
{
    (void)output;
    return json_string(hashveil_file_class_text(result->file_class));
}

static json_t *reason_value(const struct scan_output *output, const hashveil_file_result *result)
{
    (void)output;
    return hashveil_file_class_is_trouble(result->file_class)
               ? json_string(hashveil_status_text(result->status))
               : json_null();
}

static json_t *quality_value(const struct scan_output *output, const hashveil_file_result *result)
{
    (void)output;
    return result->is_decoded ? json_of_u64(result->fingerprint.quality) : json_null();
}

static json_t *labels_value(const struct scan_output *output, const hashveil_file_result *result)
{
    (void)output;
    return json_of_labels(&result->verdict.record);
}

static json_t *record_value(const struct scan_output *output, const hashveil_file_result *result)
{
    (void)output;
    return json_of_hex(result->verdict.record.id, HASHVEIL_RECORD_ID_BYTES);
}

static json_t *lists_value(const struct scan_output *output, const hashveil_file_result *result)
{
    const struct list_names names = list_names_of_database(part_of(output, result));
    return json_of_lists(&names, &result->verdict.record);
}

static json_t *matched_by_value(const struct scan_output *output,
                                const hashveil_file_result *result)
{
    (void)output;
    return json_string(hashveil_signal_text(result->verdict.matched_by));
}

static json_t *masks_value(const struct scan_output *output, const hashveil_file_result *result)
{
    (void)output;
    return json_of_u64(result->verdict.masks_hit);
}

static json_t *report_value(const struct scan_output *output, const hashveil_file_result *result)
{
    (void)output;
    return result->is_reported ? json_of_hex(result->report_id, sizeof result->report_id)
                               : json_null();
}

static const struct {
    const char *key;
    value_fn *value;
    bool is_of_match; /* other classes do not have it */
} fields[] = {
    {"class", class_value, false},          {"reason", reason_value, false},
    {"quality", quality_value, false},      {"labels", labels_value, true},
    {"record", record_value, true},         {"lists", lists_value, true},
    {"matched_by", matched_by_value, true}, {"masks", masks_value, true},
    {"report", report_value, true},
};

static void print_json(struct scan_output *output, const hashveil_file_result *result)
{
    struct json_line line = {0};
    json_line_set_text(&line, "path", result->path);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!fields[i].is_of_match || result->file_class == HASHVEIL_FILE_MATCH) {
            json_line_set(&line, fields[i].key, fields[i].value(output, result));
        }
    }
    output->failed |= !json_line_print(&line);
}

/* "holiday (record HEX, lists A,B; pdq, 12 masks); reported HEX" */
static void print_match(const struct scan_output *output, const hashveil_file_result *result)
{
    const hashveil_record *record = &result->verdict.record;
    const struct list_names names = list_names_of_database(part_of(output, result));
    char id[2 * HASHVEIL_RECORD_ID_BYTES + 1];
    char report_id[2 * HASHVEIL_REPORT_ID_BYTES + 1];

    format_hex(record->id, sizeof record->id, id);
    format_hex(result->report_id, sizeof result->report_id, report_id);
    fputs(*record->labels[0] ? ": " : "", stdout);
    print_labels(record, ", ");
    printf(" (record %s, lists ", id);
    print_lists(&names, record, ",");
    printf("; %s", hashveil_signal_text(result->verdict.matched_by));
    if (result->verdict.masks_hit > 0) {
        printf(", %u masks", result->verdict.masks_hit);
    }
    printf("); %s%s", result->is_reported ? "reported " : "not reported",
           result->is_reported ? report_id : "");
}

static void print_text(const struct scan_output *output, const hashveil_file_result *result)
{
    print_foreign(result->path);
    printf(": %s", hashveil_file_class_text(result->file_class));
    if (result->file_class == HASHVEIL_FILE_MATCH) {
        print_match(output, result);
    } else if (hashveil_file_class_is_trouble(result->file_class)) {
        printf(": %s", hashveil_status_text(result->status));
    }
    putchar('\n');
}

void scan_output_result(void *context, const hashveil_file_result *result)
{
    struct scan_output *output = context;
    const bool is_shown = !output->is_quiet || result->file_class == HASHVEIL_FILE_MATCH ||
                          hashveil_file_class_is_trouble(result->file_class);
    if (is_shown) {
        progress_clear(&output->progress);
    }
    if (is_shown && output->is_json) {
        print_json(output, result);
    } else if (is_shown) {
        print_text(output, result);
    }
    if (output_failed()) {
        atomic_store(output->is_cancelled, true);
    }
    output->files++;
    progress_show(&output->progress, output->files, 0);
}

void scan_output_trouble(void *context, const char *peer, hashveil_status status)
{
    struct scan_output *output = context;
    progress_clear(&output->progress);
    if (strcmp(peer, output->evaluator_address) == 0) {
        peer = "private evaluator"; /* its address would tell nobody anything */
    } else if (strcmp(peer, output->reporter_address) == 0) {
        peer = "private reporter";
    }
    complain_status(peer, status);
}

static json_t *json_of_classes(const hashveil_scan_summary *summary)
{
    struct json_line classes = {0};
    for (size_t i = 0; i < HASHVEIL_FILE_CLASSES; i++) {
        json_line_set(&classes, hashveil_file_class_text((hashveil_file_class)i),
                      json_of_u64(summary->by_class[i]));
    }
    json_t *value = classes.failed ? NULL : json_incref(classes.object);
    json_line_clear(&classes);
    return value;
}

static void print_summary_json(struct scan_output *output, const hashveil_scan_summary *summary)
{
    struct json_line inner = {0};
    struct json_line line = {0};
    json_line_set(&inner, "files", json_of_u64(summary->files));
    json_line_set(&inner, "by_class", json_of_classes(summary));
    json_line_set(&inner, "bytes", json_of_u64(summary->bytes));
    json_line_set(&inner, "reports_spooled", json_of_u64(summary->reports_spooled));
    json_line_set(&inner, "reports_delivered", json_of_u64(summary->reports_delivered));
    json_line_set(&inner, "is_complete", json_boolean(summary->is_complete));
    json_line_set(&inner, "report_trouble",
                  summary->report_status == HASHVEIL_OK
                      ? json_null()
                      : json_string(hashveil_status_text(summary->report_status)));
    json_line_set(&line, "summary", inner.failed ? NULL : json_incref(inner.object));
    json_line_clear(&inner);
    output->failed |= !json_line_print(&line);
}

static void print_summary_text(const hashveil_scan_summary *summary)
{
    printf("%" PRIu64 " files:", summary->files);
    for (size_t i = 0; i < HASHVEIL_FILE_CLASSES; i++) {
        printf("%s %" PRIu64 " %s", i > 0 ? "," : "", summary->by_class[i],
               hashveil_file_class_text((hashveil_file_class)i));
    }
    printf("\n%" PRIu64 " matches reported, %" PRIu64 " reports delivered\n",
           summary->reports_spooled, summary->reports_delivered);
}

void scan_output_summary(struct scan_output *output, const hashveil_scan_summary *summary)
{
    progress_clear(&output->progress);
    if (output->is_json) {
        print_summary_json(output, summary);
    } else {
        print_summary_text(summary);
    }
}
