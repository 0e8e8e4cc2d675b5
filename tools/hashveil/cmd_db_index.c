/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "workspace_input.h"

#include <stdio.h>

#include <hashveil/index.h>

struct index_options {
    struct command_arguments arguments; /* WORKSPACE OUT */
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct index_options *options = out;
    (void)text;
    switch (key) {
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count != 2) {
            argp_error(state, "a WORKSPACE and the OUT file are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Returns NULL after a message. */
static hashveil_index *make_index(const char *path)
{
    hashveil_entries entries = {0};
    hashveil_index *index = NULL;
    hashveil_workspace *workspace = workspace_open(path, HASHVEIL_WORKSPACE_READ);
    if (!workspace) {
        return NULL;
    }
    hashveil_status status = hashveil_workspace_entries(workspace, &entries);
    hashveil_workspace_close(workspace);
    if (status == HASHVEIL_OK) {
        status = hashveil_index_create(&entries, &index);
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    hashveil_entries_clear(&entries);
    return index;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct index_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    hashveil_index *index = make_index(options.arguments.list[0]);
    if (!index) {
        return EXIT_TROUBLE;
    }
    const char *path = options.arguments.list[1];
    const hashveil_status status = hashveil_index_save(index, path);
    if (status == HASHVEIL_OK) {
        printf("%zu hashes, %zu digests\n", hashveil_index_count(index),
               hashveil_index_digest_count(index));
    } else {
        complain_status(path, status);
    }
    hashveil_index_destroy(index);
    return status == HASHVEIL_OK && !output_failed() ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_index = {
    .name = "index",
    .arguments = "WORKSPACE OUT",
    .summary = "write a workspace as a file that db match searches fast",
    .details = "OUT holds the listed hashes and digests, not who lists them; 'db match' takes it "
               "in place of the workspace. It is the curator's or reporter's own and never for a "
               "device.\n\n"
               "EXAMPLES\n"
               "  hashveil db index lists.work lists.hvindex\n"
               "  hashveil db match lists.hvindex picture.jpg\n",
    .parse = parse,
    .run = run,
};
