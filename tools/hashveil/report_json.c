/* SPDX-License-Identifier: Apache-2.0 */
#include "report_json.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>

json_t *json_of_time(uint64_t seconds)
{
    char text[TIME_TEXT_BYTES];
    format_time(seconds, text);
    return json_string(text);
}

/* The positions of the bits that are set: lists as the database numbers them. */
static json_t *json_of_lists(uint64_t lists)
{
    json_t *numbers = json_array();
    for (unsigned i = 0; i < 64 && numbers; i++) {
        if ((lists >> i & 1) && json_array_append_new(numbers, json_integer(i)) != 0) {
            json_decref(numbers);
            numbers = NULL;
        }
    }
    return numbers;
}

char *report_next_label(const char **rest)
{
    const size_t len = strcspn(*rest, (const char[]){REPORT_LABEL_SEPARATOR, '\0'});
    char *label = strndup(*rest, len);
    *rest += len + ((*rest)[len] != '\0');
    return label;
}

static json_t *json_of_labels(const char *rest)
{
    json_t *labels = json_array();
    while (*rest && labels) {
        char *label = report_next_label(&rest);
        json_t *element = label ? json_of_text(label) : NULL;
        free(label);
        if (!element || json_array_append_new(labels, element) != 0) {
            json_decref(labels);
            labels = NULL;
        }
    }
    return labels;
}

static void set_unless_empty(struct json_line *line, const char *key, const char *text)
{
    if (*text) {
        json_line_set(line, key, json_of_text(text));
    }
}

void report_json_set(struct json_line *line, const struct stored_report *report)
{
    json_line_set(line, "id", json_of_text(report->id));
    json_line_set(line, "account", json_of_text(report->account));
    json_line_set(line, "time", json_of_time(report->time_s));
    json_line_set(line, "received", json_of_time(report->received_s));
    json_line_set(line, "state", json_of_text(report->state));
    json_line_set(line, "matched_by", json_of_text(report->matched_by));
    json_line_set(line, "confirmed_by",
                  strcmp(report->confirmed_by, hashveil_signal_text(HASHVEIL_SIGNAL_NONE)) == 0
                      ? json_null()
                      : json_of_text(report->confirmed_by));
    json_line_set(line, "distance",
                  report->has_distance ? json_of_u64(report->distance_bits) : json_null());
    json_line_set(line, "labels", json_of_labels(report->labels));
    json_line_set(line, "record", json_of_text(report->record));
    json_line_set(line, "lists", json_of_lists(report->lists));
    set_unless_empty(line, "hash", report->hash);
    json_line_set(line, "quality", *report->hash ? json_of_u64(report->quality) : json_null());
    for (unsigned i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        set_unless_empty(line, hashveil_digest_kind_text((hashveil_digest_kind)i),
                         report->digests[i]);
    }
    json_line_set(line, "epoch", json_of_u64(report->epoch));
    json_line_set(line, "database", json_of_text(report->database));
}
