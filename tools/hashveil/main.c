/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch, and the --help of groups, from the rows of the table of commands. */
#include "command.h"
#include "config.h"
#include "output.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <hashveil/hashveil.h>

static void print_commands(FILE *stream, const char *name, const struct command *group)
{
    fputs("Commands:\n", stream);
    for (const struct command *const *row = group->commands; *row; row++) {
        char full_name[64];
        snprintf(full_name, sizeof full_name, "%s %s%s", name, (*row)->name,
                 (*row)->commands ? " ..." : "");
        fprintf(stream, "  %-27s %s\n", full_name, (*row)->summary);
    }
    fprintf(stream, "'%s COMMAND --help' explains a command and gives examples.\n", name);
}

static void print_help(const char *name, const struct command *group)
{
    printf("Usage: %s COMMAND [ARGUMENT...]\nPurpose: %s.\n\n", name, group->summary);
    print_commands(stdout, name, group);
    puts("Exit codes: 0 done, or nothing found; 1 a match found; 2 trouble; 64 wrong usage.");
}

/* What pictures can be read depends on what this build found. */
static void print_version(void)
{
    puts("hashveil " HASHVEIL_VERSION_TEXT);
    fputs("reads", stdout);
    for (size_t i = 0; hashveil_image_format_name(i); i++) {
        printf("%s %s", i ? "," : "", hashveil_image_format_name(i));
    }
    puts("");
}

static const struct command *find(const struct command *group, const char *name)
{
    const struct command *const *row = group->commands;
    while (*row && strcmp((*row)->name, name) != 0) {
        row++;
    }
    return *row;
}

/* Returns the exit code for a word that names no command of the group: it may still ask for help.
 * word: NULL when there is none. */
static int answer(const char *name, const struct command *group, const char *word)
{
    if (word && (strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0)) {
        print_help(name, group);
        return EXIT_DONE;
    }
    if (word && (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)) {
        print_version();
        return EXIT_DONE;
    }
    if (word) {
        fprintf(stderr, "%s: '%s' is not a command\n", name, word);
    } else {
        fprintf(stderr, "%s: a command is missing\n", name);
    }
    print_commands(stderr, name, group);
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    char name[64];
    int name_len = snprintf(name, sizeof name, "hashveil");
    const struct command *command = &command_all;

    output_init();
    while (command->commands) {
        const char *word = argc > 1 ? argv[1] : NULL;
        const struct command *next = word ? find(command, word) : NULL;
        if (!next) {
            return answer(name, command, word);
        }
        name_len += snprintf(name + name_len, sizeof name - (size_t)name_len, " %s", next->name);
        command = next;
        argc--;
        argv++;
    }
    argv[0] = name;       /* so that argp's usage lines and messages name the whole command */
    assert(command->run); /* a row is a group or has this */
    struct config config;
    int code = config_load(command, argc, argv, &config);
    if (code == 0) {
        code = command->run(command, (int)config.argc, config.argv);
    }
    config_clear(&config);
    return code;
}
