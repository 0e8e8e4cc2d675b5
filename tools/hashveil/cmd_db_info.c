/* SPDX-License-Identifier: Apache-2.0 */
/* Both kinds of file are described as one JSON object; the text form shows that object's keys. */
#include "command.h"
#include "database.h"
#include "json_line.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/curation.h>
#include <hashveil/sealed_db.h>
#include <hashveil/workspace.h>

struct info_options {
    struct command_arguments arguments; /* FILE */
    bool is_json;
};

static json_t *list_names(const hashveil_sealed_db_info *info)
{
    json_t *names = json_array();
    for (size_t i = 0; i < info->list_count; i++) {
        names = json_append(names, json_of_text(info->list_names[i]));
    }
    return names;
}

static json_t *curator_keys(const hashveil_sealed_db_info *info)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < info->curator_count; i++) {
        keys = json_append(keys, json_of_hex(info->curator_keys[i], HASHVEIL_KEY_BYTES));
    }
    return keys;
}

static void describe_database(const hashveil_sealed_db_info *info, struct json_line *out)
{
    json_line_set(out, "kind", json_string("sealed database"));
    json_line_set(out, "version", json_of_u64(info->version));
    json_line_set(out, "epoch", json_of_u64(info->epoch));
    json_line_set_time(out, "created", info->created_s);
    if (info->expires_s > 0) {
        json_line_set_time(out, "expires", info->expires_s);
    }
    if (info->is_segment) {
        json_line_set(out, "base", json_of_hex(info->base_digest, sizeof info->base_digest));
        json_line_set(out, "withdrawn", json_of_u64(info->withdrawn_count));
    }
    json_line_set(out, "digest", json_of_hex(info->digest, sizeof info->digest));
    json_line_set(out, "evaluator",
                  json_of_hex(info->evaluator_public, sizeof info->evaluator_public));
    json_line_set(out, "padded_count", json_of_u64(info->padded_count));
    json_line_set(out, "padded_exact_count", json_of_u64(info->padded_exact_count));
    json_line_set(out, "file_bytes", json_of_u64(info->file_bytes));
    json_line_set(out, "masks", json_of_u64(info->mask_params.masks));
    json_line_set(out, "mask_bits", json_of_u64(info->mask_params.bits));
    json_line_set(out, "pool_bits", json_of_u64(info->mask_params.pool_bits));
    json_line_set(out, "lists", list_names(info));
    json_line_set(out, "curators", curator_keys(info));
    json_line_set(out, "signatures", json_of_u64(info->signature_count));
}

/* Adds one to the number under this name. Returns false without memory. */
static bool count_in(json_t *counts, const char *name)
{
    char *key = escape_foreign(name, false);
    json_t *count = key ? json_object_get(counts, key) : NULL;
    const bool counted = key && (count ? json_integer_set(count, json_integer_value(count) + 1) == 0
                                       : json_object_set_new(counts, key, json_integer(1)) == 0);
    free(key);
    return counted;
}

/* What entries are counted by. */
struct tally {
    const hashveil_entries *entries;
    json_t *by_source, *by_label, *by_kind;
    bool has_failed;
};

static void count_record(struct tally *tally, const hashveil_record *record)
{
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS && record->labels[i][0] != '\0'; i++) {
        tally->has_failed |= !count_in(tally->by_label, record->labels[i]);
    }
    for (size_t list = 0; list < tally->entries->list_count; list++) {
        if (record->lists >> list & 1) {
            tally->has_failed |= !count_in(tally->by_source, tally->entries->list_names[list]);
        }
    }
}

static void describe_entries(const hashveil_entries *entries, struct json_line *out)
{
    struct tally tally = {.entries = entries,
                          .by_source = json_object(),
                          .by_label = json_object(),
                          .by_kind = json_object()};
    tally.has_failed = !tally.by_source || !tally.by_label || !tally.by_kind;
    for (size_t i = 0; i < entries->count && !tally.has_failed; i++) {
        count_record(&tally, &entries->entries[i].record);
    }
    for (size_t i = 0; i < entries->exact_count && !tally.has_failed; i++) {
        count_record(&tally, &entries->exact[i].record);
        tally.has_failed |=
            !count_in(tally.by_kind, hashveil_digest_kind_text(entries->exact[i].digest.kind));
    }
    json_line_set(out, "kind", json_string("workspace"));
    json_line_set(out, "hashes", json_of_u64(entries->count));
    json_line_set(out, "digests", json_of_u64(entries->exact_count));
    json_line_set(out, "digest_kinds", tally.by_kind);
    json_line_set(out, "sources", tally.by_source);
    json_line_set(out, "labels", tally.by_label);
    out->failed |= tally.has_failed;
}

static hashveil_status count_ended(void *context, const hashveil_claim *claim)
{
    uint64_t *count = context;
    *count += claim->removed.number > 0;
    return HASHVEIL_OK;
}

static hashveil_status describe_workspace(const char *path, struct json_line *out)
{
    hashveil_workspace *workspace = NULL;
    hashveil_entries entries = {0};
    hashveil_selection_counts counts = {0};
    const hashveil_claim_filter filter = {.with_ended = true};
    uint64_t change = 0;
    uint64_t ended = 0;
    hashveil_status status = hashveil_workspace_open(path, HASHVEIL_WORKSPACE_READ, &workspace);
    if (status == HASHVEIL_OK) {
        status = hashveil_workspace_select(workspace, &(hashveil_selection){0}, NULL, NULL,
                                           &entries, &counts);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_workspace_last_change(workspace, &change);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_workspace_claims(workspace, &filter, count_ended, &ended);
    }
    if (status == HASHVEIL_OK) {
        describe_entries(&entries, out);
        json_line_set(out, "disputed", json_of_u64(counts.disputed));
        json_line_set(out, "ended_claims", json_of_u64(ended));
        json_line_set(out, "last_change", json_of_u64(change));
    }
    hashveil_entries_clear(&entries);
    hashveil_workspace_close(workspace);
    return status;
}

/* Returns false after a message. */
static bool describe(const char *path, struct json_line *out)
{
    hashveil_sealed_db *db = NULL;
    const char *where = "";
    const hashveil_status status = database_open(path, &db, &where);
    json_line_set_text(out, "path", path);
    if (status == HASHVEIL_OK) {
        describe_database(hashveil_sealed_db_describe(db), out);
        hashveil_sealed_db_close(db);
        return true;
    }
    if (status != HASHVEIL_ERR_UNSUPPORTED) {
        complain_database(path, where, status);
        return false;
    }
    const hashveil_status workspace_status = describe_workspace(path, out);
    if (workspace_status == HASHVEIL_ERR_UNSUPPORTED) {
        complain(path, "neither a sealed database nor a workspace");
    } else if (workspace_status != HASHVEIL_OK) {
        complain_status(path, workspace_status);
    }
    return workspace_status == HASHVEIL_OK;
}

static void print_value(const json_t *value)
{
    if (json_is_integer(value)) {
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_string(value)) {
        print_foreign(json_string_value(value));
    }
}

/* "lists: a, b" and "labels: x 3, y 5". */
static void print_values(json_t *value)
{
    const char *name;
    const char *separator = "";
    size_t i;
    json_t *element;

    print_value(value);
    json_array_foreach(value, i, element)
    {
        fputs(separator, stdout);
        print_value(element);
        separator = ", ";
    }
    json_object_foreach(value, name, element)
    {
        fputs(separator, stdout);
        print_foreign(name);
        putchar(' ');
        print_value(element);
        separator = ", ";
    }
}

/* Returns false after a message. */
static bool print_text(const struct json_line *line)
{
    const char *key;
    json_t *value;
    if (line->failed) {
        complain_status("standard output", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    json_object_foreach(line->object, key, value)
    {
        for (const char *letter = key; *letter; letter++) {
            putchar(*letter == '_' ? ' ' : *letter);
        }
        fputs(": ", stdout);
        print_values(value);
        putchar('\n');
    }
    return true;
}

static const struct argp_option option_rows[] = {
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct info_options *options = out;
    (void)text;
    switch (key) {
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count != 1) {
            argp_error(state, "one FILE is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct info_options options = {0};
    struct json_line line = {0};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    bool done = describe(options.arguments.list[0], &line);
    if (done && options.is_json) {
        done = json_line_print(&line);
    } else if (done) {
        done = print_text(&line);
    }
    json_line_clear(&line);
    return done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_info = {
    .name = "info",
    .arguments = "FILE",
    .summary = "describe a sealed database or a workspace",
    .details = "A sealed database is checked whole: every section against its digest. Of a "
               "workspace the hashes and digests are counted, by source and by label.\n\n"
               "EXAMPLES\n"
               "  hashveil db info lists.hvdb\n"
               "  hashveil db info lists.work --json\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
