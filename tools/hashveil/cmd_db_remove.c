/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "interrupt.h"
#include "output.h"
#include "path_input.h"
#include "workspace_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

struct remove_options {
    struct command_arguments arguments; /* WORKSPACE VALUE... */
    hashveil_removal removal;
    bool is_json;
};

static bool print_result(const struct remove_options *options, uint64_t ended, uint64_t not_named)
{
    const char *path = options->arguments.list[0];
    if (options->is_json) {
        struct json_line line = {0};
        json_line_set_text(&line, "path", path);
        json_line_set(&line, "ended", json_of_u64(ended));
        json_line_set(&line, "not_named", json_of_u64(not_named));
        return json_line_print(&line);
    }
    print_foreign(path);
    printf(": %" PRIu64 " claims ended, %" PRIu64 " values that nobody named\n", ended, not_named);
    return true;
}

/* Values of a removal, as many as come. Starts as {0}. */
struct values {
    hashveil_value *list; /* owned */
    size_t count, room;
};

/* Returns false after a message. */
static bool add_value(struct values *values, const char *text)
{
    if (values->count == values->room) {
        const size_t room = values->room > 0 ? 2 * values->room : FIRST_ROOM;
        hashveil_value *longer = reallocarray(values->list, room, sizeof *longer);
        if (!longer) {
            complain_status("remove", HASHVEIL_ERR_NO_MEMORY);
            return false;
        }
        values->list = longer;
        values->room = room;
    }
    if (!value_read(text, &values->list[values->count])) {
        return false;
    }
    values->count++;
    return true;
}

/* Returns false after a message. */
static bool read_input(struct values *values, const hashveil_atomic_bool *is_cancelled)
{
    struct path_input input = {.is_cancelled = is_cancelled, .end = '\n'};
    const char *text;
    bool are_read = true;
    while (are_read && (text = path_input_next(&input)) != NULL) {
        are_read = add_value(values, text);
    }
    if (input.was_cut) {
        complain("remove", "stopped: nothing was removed");
    }
    are_read = are_read && !input.failed && !input.was_cut;
    path_input_clear(&input);
    return are_read;
}

/* Nothing is removed unless all are values. Returns false after a message. */
static bool read_values(const struct command_arguments *arguments,
                        const hashveil_atomic_bool *is_cancelled, struct values *out)
{
    bool are_read = true;
    for (size_t i = 1; i < arguments->count && are_read; i++) {
        are_read = strcmp(arguments->list[i], "-") == 0 ? read_input(out, is_cancelled)
                                                        : add_value(out, arguments->list[i]);
    }
    return are_read;
}

static bool remove_values(const struct remove_options *options, const struct values *values)
{
    const char *path = options->arguments.list[0];
    hashveil_removal removal = options->removal;
    uint64_t ended;
    uint64_t not_named;
    hashveil_workspace *workspace = workspace_open(path, HASHVEIL_WORKSPACE_WRITE);
    if (!workspace) {
        return false;
    }
    removal.values = values->list;
    removal.count = values->count;
    removal.who = removal.who ? removal.who : user_name();
    const hashveil_status status =
        hashveil_workspace_remove(workspace, &removal, &ended, &not_named);
    hashveil_workspace_close(workspace);
    if (status == HASHVEIL_ERR_NOT_FOUND) {
        complain(path, "no source is called '%s'", removal.source);
    } else if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK && print_result(options, ended, not_named);
}

enum { OPTION_SOURCE = 256, OPTION_REASON, OPTION_WHO };

static const struct argp_option option_rows[] = {
    {"source", OPTION_SOURCE, "NAME", 0, "End this source's claims only; all sources' if not set",
     0},
    {"reason", OPTION_REASON, "TEXT", 0, "Why, for the history", 0},
    {"who", OPTION_WHO, "NAME", 0, "Who makes this change, for the history; the user if not set",
     0},
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct remove_options *options = out;
    switch (key) {
    case OPTION_SOURCE:
        options->removal.source = text;
        return 0;
    case OPTION_REASON:
        options->removal.reason = text;
        return 0;
    case OPTION_WHO:
        options->removal.who = text;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count < 2) {
            argp_error(state, "a WORKSPACE and at least one VALUE are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct remove_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    hashveil_atomic_bool is_cancelled = false;
    struct values values = {0};
    interrupt_sets(&is_cancelled);
    const bool is_done =
        read_values(&options.arguments, &is_cancelled, &values) && remove_values(&options, &values);
    free(values.list);
    return is_done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_remove = {
    .name = "remove",
    .arguments = "WORKSPACE VALUE...",
    .summary = "take hashes or digests out of a workspace",
    .details =
        "Ends all claims on the values, or those of one source. An entry goes with its last claim; "
        "the history keeps it. A list that is imported again names it again: what must stay out "
        "for good belongs in an allow-list. A VALUE is a PDQ hash, or a digest as "
        "'sha256:DIGITS'; with - they come from standard input, one a line. Unless all of them are "
        "values, nothing is removed.\n\n"
        "EXAMPLES\n"
        "  hashveil db remove lists.work --reason 'wrong picture' \\\n"
        "      md5:0123456789abcdef0123456789abcdef\n"
        "  hashveil db remove lists.work --source Example sha1:DIGITS sha256:DIGITS\n"
        "  hashveil db remove lists.work --reason 'out of date' - < values.txt\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
