/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the table of commands as JSON, from which manual pages and completions are made. */
#include "command.h"

#include <jansson.h>
#include <stdio.h>

/* Adds a row for each option, and one with "heading" where a group of them has one. */
static void add_options(json_t *rows, const struct argp_option *row)
{
    for (; row && (row->name || row->key || row->doc); row++) {
        if (row->flags & OPTION_HIDDEN) {
            continue;
        }
        if (!row->name) {
            json_array_append_new(rows, json_pack("{ss}", "heading", row->doc));
            continue;
        }
        char letter[2] = "";
        if (row->key > ' ' && row->key <= '~') { /* as argp tells letters from other keys */
            snprintf(letter, sizeof letter, "%c", row->key);
        }
        json_array_append_new(rows, json_pack("{ss, ss, ss*, ss}", "name", row->name, "letter",
                                              letter, "argument", row->arg, "text", row->doc));
    }
}

static json_t *options_of(const struct command *command)
{
    json_t *rows = json_array();
    add_options(rows, command->options);
    for (const struct argp_child *child = command->children; child && child->argp; child++) {
        json_array_append_new(rows, json_pack("{ss}", "heading", child->header));
        add_options(rows, child->argp->options);
    }
    if (command->run) {
        json_array_append_new(rows, json_pack("{ss}", "heading", "What all commands take"));
        add_options(rows, command_common_options);
    }
    return rows;
}

/* words: those that name it, its own name last.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as the table */
static void add_command(json_t *commands, const struct command *command, json_t *words)
{
    json_t *names = json_array();
    for (const struct command *const *row = command->commands; row && *row; row++) {
        json_array_append_new(names, json_string((*row)->name));
    }
    json_array_append_new(commands, json_pack("{sO, ss, ss*, ss*, so, so}", "words", words,
                                              "summary", command->summary, "arguments",
                                              command->arguments, "details", command->details,
                                              "options", options_of(command), "commands", names));
    for (const struct command *const *row = command->commands; row && *row; row++) {
        json_t *longer = json_copy(words);
        json_array_append_new(longer, json_string((*row)->name));
        add_command(commands, *row, longer);
        json_decref(longer);
    }
}

int main(void)
{
    json_t *commands = json_array();
    json_t *words = json_pack("[s]", "hashveil");
    add_command(commands, &command_all, words);
    const int is_printed = json_dumpf(commands, stdout, JSON_INDENT(1)) == 0 && fflush(stdout) == 0;
    json_decref(words);
    json_decref(commands);
    return is_printed ? EXIT_DONE : EXIT_TROUBLE;
}
