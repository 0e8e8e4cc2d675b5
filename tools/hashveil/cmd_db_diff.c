/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "json_line.h"
#include "output.h"
#include "record_text.h"
#include "workspace_input.h"

#include <stdio.h>
#include <string.h>

struct diff_options {
    struct command_arguments arguments; /* WORKSPACE [OTHER] */
    uint64_t since;                     /* 0 when not given */
    bool is_json;
};

/* What can be sealed of two states. */
struct states {
    hashveil_entries old, new;
    bool is_json;
    bool differ;
};

/* One entry's value and record; of either sort. */
struct place {
    hashveil_value value;
    const hashveil_record *record;
    const hashveil_entries *entries;
};

static bool has_list(const struct place *place, const char *name)
{
    bool has_it = false;
    for (size_t i = 0; i < place->entries->list_count; i++) {
        has_it = has_it || ((place->record->lists >> i & 1) != 0 &&
                            strcmp(place->entries->list_names[i], name) == 0);
    }
    return has_it;
}

static bool has_lists_of(const struct place *place, const struct place *other)
{
    bool has_all = true;
    for (size_t i = 0; i < other->entries->list_count; i++) {
        has_all = has_all && ((other->record->lists >> i & 1) == 0 ||
                              has_list(place, other->entries->list_names[i]));
    }
    return has_all;
}

static bool is_same(const struct place *a, const struct place *b)
{
    return memcmp(a->record->labels, b->record->labels, sizeof a->record->labels) == 0 &&
           has_lists_of(a, b) && has_lists_of(b, a);
}

static void print_text(char sign, const struct place *place)
{
    char value[HASHVEIL_VALUE_TEXT_BYTES];
    const struct list_names names = list_names_of_entries(place->entries);
    hashveil_value_to_text(&place->value, value);
    printf("%c %s\t", sign, value);
    print_lists(&names, place->record, "\t");
    if (*place->record->labels[0]) {
        fputs("\t[", stdout);
        print_labels(place->record, ", ");
        putchar(']');
    }
    putchar('\n');
}

static void print_json(char sign, const struct place *place)
{
    struct json_line line = {0};
    char value[HASHVEIL_VALUE_TEXT_BYTES];
    const struct list_names names = list_names_of_entries(place->entries);
    hashveil_value_to_text(&place->value, value);
    json_line_set(&line, "change",
                  json_string(sign == '+'   ? "added"
                              : sign == '-' ? "removed"
                                            : "changed"));
    json_line_set(&line, "value", json_string(value));
    json_line_set(&line, "sources", json_of_lists(&names, place->record));
    json_line_set(&line, "labels", json_of_labels(place->record));
    json_line_print(&line);
}

/* sign: '+' for new, '-' for gone, '~' for other sources or labels. */
static void tell(struct states *states, char sign, const struct place *place)
{
    states->differ = true;
    if (states->is_json) {
        print_json(sign, place);
    } else {
        print_text(sign, place);
    }
}

/* The order of entries: hashes as their digits, then digests by kind. */
static int compare(const hashveil_value *a, const hashveil_value *b)
{
    char x[HASHVEIL_VALUE_TEXT_BYTES];
    char y[HASHVEIL_VALUE_TEXT_BYTES];
    if (a->is_digest && b->is_digest && a->digest.kind != b->digest.kind) {
        return a->digest.kind < b->digest.kind ? -1 : 1;
    }
    hashveil_value_to_text(a, x);
    hashveil_value_to_text(b, y);
    return strcmp(x, y);
}

static size_t count_of(const hashveil_entries *entries, bool is_digest)
{
    return is_digest ? entries->exact_count : entries->count;
}

static struct place place_at(const hashveil_entries *entries, bool is_digest, size_t i)
{
    struct place place = {.entries = entries, .value = {.is_digest = is_digest}};
    if (is_digest) {
        place.value.digest = entries->exact[i].digest;
        place.record = &entries->exact[i].record;
    } else {
        place.value.hash = entries->entries[i].hash;
        place.record = &entries->entries[i].record;
    }
    return place;
}

static void compare_sort(struct states *states, bool is_digest)
{
    const size_t old_count = count_of(&states->old, is_digest);
    const size_t new_count = count_of(&states->new, is_digest);
    size_t i = 0;
    size_t k = 0;
    while ((i < old_count || k < new_count) && !output_failed()) {
        const struct place old =
            i < old_count ? place_at(&states->old, is_digest, i) : (struct place){0};
        const struct place new =
            k < new_count ? place_at(&states->new, is_digest, k) : (struct place){0};
        const int order = !old.record ? 1 : !new.record ? -1 : compare(&old.value, &new.value);
        if (order < 0) {
            tell(states, '-', &old);
        } else if (order > 0) {
            tell(states, '+', &new);
        } else if (!is_same(&old, &new)) {
            tell(states, '~', &new);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static bool load(const char *path, uint64_t as_of_change, hashveil_entries *out)
{
    const hashveil_selection selection = {.as_of_change = as_of_change};
    hashveil_selection_counts counts;
    hashveil_workspace *workspace = workspace_open(path, HASHVEIL_WORKSPACE_READ);
    if (!workspace) {
        return false;
    }
    const hashveil_status status =
        hashveil_workspace_select(workspace, &selection, NULL, NULL, out, &counts);
    hashveil_workspace_close(workspace);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

enum { OPTION_SINCE = 256 };

static const struct argp_option option_rows[] = {
    {"since", OPTION_SINCE, "CHANGE", 0,
     "Compare with the same workspace as it was after this change of its history", 0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct diff_options *options = out;
    switch (key) {
    case OPTION_SINCE:
        options->since = command_number(state, "--since", text, 1, INT64_MAX);
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count != (options->since > 0 ? 1 : 2)) {
            argp_error(state, "two workspaces are needed, or one and --since");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct diff_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    char **paths = options.arguments.list;
    const char *newer = options.since > 0 ? paths[0] : paths[1];
    struct states states = {.is_json = options.is_json};
    const bool are_loaded =
        load(paths[0], options.since, &states.old) && load(newer, 0, &states.new);
    if (are_loaded) {
        compare_sort(&states, false);
        compare_sort(&states, true);
    }
    hashveil_entries_clear(&states.old);
    hashveil_entries_clear(&states.new);
    if (!are_loaded || output_failed()) {
        return EXIT_TROUBLE;
    }
    return states.differ ? EXIT_MATCH : EXIT_DONE;
}

const struct command command_db_diff = {
    .name = "diff",
    .arguments = "WORKSPACE [OTHER]",
    .summary = "print what differs between two workspaces, or since a change",
    .details =
        "A line for each entry that could be sealed of one and not of the other: '+' for what the "
        "second has more, '-' for what it lacks, '~' for other sources or labels; then the value, "
        "the sources and the labels. Exit codes: 0 nothing differs, 1 something does, 2 "
        "trouble.\n\n"
        "EXAMPLES\n"
        "  hashveil db diff before.work after.work\n"
        "  hashveil db diff lists.work --since 12 --json\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
