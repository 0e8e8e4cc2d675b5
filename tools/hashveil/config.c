/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "errno_status.h"
#include "output.h"
#include "state_folder.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* One reading of a file. */
struct reading {
    const char *path;
    const struct command *command; /* whose section is taken */
    struct config *out;
    int code; /* the first that is not 0 */
};

/* Says "FILE:LINE" of a setting, in a text to be released with free; NULL without memory. */
static char *place_of(const struct reading *reading, const config_setting_t *setting)
{
    const char *included = config_setting_source_file(setting);
    char *place = NULL;
    const int len = asprintf(&place, "%s:%u", included ? included : reading->path,
                             config_setting_source_line(setting));
    return len < 0 ? NULL : place;
}

static void refuse(struct reading *reading, const config_setting_t *setting, const char *reason)
{
    char *place = place_of(reading, setting);
    const char *name = config_setting_name(setting);
    complain(place ? place : reading->path, "'%s' %s", name ? name : "", reason);
    free(place);
    reading->code = EX_USAGE;
}

static void add_word(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a word to argv. */
static void add_word(struct reading *reading, const char *format, ...)
{
    struct config *out = reading->out;
    char *word = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int len = vasprintf(&word, format, arguments);
    va_end(arguments);
    char **argv =
        len < 0 ? NULL : reallocarray(out->argv, out->argc + 2, sizeof *argv); /* and a NULL */
    if (!argv) {
        free(len < 0 ? NULL : word);
        complain_status(reading->path, HASHVEIL_ERR_NO_MEMORY);
        reading->code = EXIT_TROUBLE;
        return;
    }
    argv[out->argc++] = word;
    argv[out->argc] = NULL;
    out->argv = argv;
    out->owned++;
}

/* One value, of an option that takes one or none. */
static void add_value(struct reading *reading, const struct argp_option *row,
                      const config_setting_t *setting)
{
    char *place = place_of(reading, setting);
    const int type = config_setting_type(setting);
    add_word(reading, "--config-line=hashveil: %s", place ? place : reading->path);
    if (!row->arg) {
        add_word(reading, "--%s", row->name);
    } else if (type == CONFIG_TYPE_STRING) {
        add_word(reading, "--%s=%s", row->name, config_setting_get_string(setting));
    } else {
        add_word(reading, "--%s=%lld", row->name, config_setting_get_int64(setting));
    }
    free(place);
}

static bool is_value(const config_setting_t *setting)
{
    const int type = config_setting_type(setting);
    return type == CONFIG_TYPE_STRING || type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static void read_option(struct reading *reading, const struct argp_option *row,
                        const config_setting_t *setting, bool is_taken)
{
    const bool is_several = config_setting_is_array(setting) || config_setting_is_list(setting);
    const int count = is_several ? config_setting_length(setting) : 1;
    if (!row->arg && config_setting_type(setting) != CONFIG_TYPE_BOOL) {
        refuse(reading, setting, "takes true or false");
        return;
    }
    for (int i = 0; i < count; i++) {
        const config_setting_t *value =
            is_several ? config_setting_get_elem(setting, (unsigned)i) : setting;
        if (row->arg && !is_value(value)) {
            refuse(reading, setting, "takes a text or a whole number, or several in brackets");
            return;
        }
        if (is_taken && (row->arg || config_setting_get_bool(value))) {
            add_value(reading, row, value);
        }
    }
}

static const struct argp_option *find_row(const struct argp_option *row, const char *name)
{
    for (; row && (row->name || row->key || row->doc); row++) {
        if (row->name && strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static const struct argp_option *find_option(const struct command *command, const char *name)
{
    const struct argp_option *row = find_row(command->options, name);
    const struct argp_child *child = command->children;
    for (; !row && child && child->argp; child++) {
        row = find_row(child->argp->options, name);
    }
    return row;
}

static const struct command *find_command(const struct command *group, const char *name)
{
    for (const struct command *const *row = group->commands; row && *row; row++) {
        if (strcmp((*row)->name, name) == 0) {
            return *row;
        }
    }
    return NULL;
}

/* All sections are checked, so that a wrong name in one is told, whatever command runs.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as the table of commands */
static void read_section(struct reading *reading, const struct command *command,
                         const config_setting_t *section)
{
    const int count = config_setting_length(section);
    for (int i = 0; i < count && !reading->code; i++) {
        const config_setting_t *setting = config_setting_get_elem(section, (unsigned)i);
        const char *name = config_setting_name(setting);
        const struct command *next = find_command(command, name);
        const struct argp_option *row = find_option(command, name);
        if (next && config_setting_is_group(setting)) {
            read_section(reading, next, setting);
        } else if (row) {
            read_option(reading, row, setting, command == reading->command);
        } else {
            refuse(reading, setting,
                   next                ? "is a section: it takes { OPTION = VALUE; ... }"
                   : command->commands ? "is no command, which a section is called after"
                                       : "is no option of this command");
        }
    }
}

static void read_file(struct reading *reading, FILE *stream)
{
    config_t file;
    config_init(&file);
    if (config_read(&file, stream) == CONFIG_TRUE) {
        read_section(reading, &command_all, config_root_setting(&file));
    } else if (config_error_type(&file) == CONFIG_ERR_PARSE) {
        const char *included = config_error_file(&file);
        fprintf(stderr, "hashveil: %s:%d: %s\n", included ? included : reading->path,
                config_error_line(&file), config_error_text(&file));
        reading->code = EX_USAGE;
    } else {
        complain(reading->path, "it cannot be read");
        reading->code = EXIT_TROUBLE;
    }
    config_destroy(&file);
}

/* Returns what --config names, or NULL. Its short forms are refused as --config-line has them
 * too. */
static const char *named_file(int argc, char **argv)
{
    static const char option[] = "--config";
    const char *path = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], option) == 0 && i + 1 < argc) {
            path = argv[++i];
        } else if (strncmp(argv[i], option, strlen(option)) == 0 &&
                   argv[i][strlen(option)] == '=') {
            path = argv[i] + sizeof option;
        }
    }
    return path;
}

/* Adds the words from the file. */
static void read_path(struct reading *reading, bool is_named)
{
    FILE *stream = fopen(reading->path, "re");
    /* Of what cannot be read, as a folder, libconfig would end the process. */
    if (stream && !(ungetc(fgetc(stream), stream) == EOF && ferror(stream))) {
        read_file(reading, stream);
    } else if (is_named || errno != ENOENT) {
        complain_status(reading->path, status_of_errno(errno));
        reading->code = EXIT_TROUBLE;
    }
    if (stream) {
        fclose(stream);
    }
}

int config_load(const struct command *command, int argc, char **argv, struct config *out)
{
    const char *named = named_file(argc, argv);
    char *usual = named ? NULL : config_folder_file("config");
    struct reading reading = {.path = named ? named : usual,
                              .command = command->configured_as ? command->configured_as : command,
                              .out = out};
    *out = (struct config){.argv = calloc((size_t)argc + 1, sizeof *out->argv), .argc = 1};
    if (!out->argv) {
        complain_status(argv[0], HASHVEIL_ERR_NO_MEMORY);
        free(usual);
        return EXIT_TROUBLE;
    }
    out->argv[0] = argv[0];
    if (reading.path) {
        read_path(&reading, named != NULL);
    }
    if (out->owned > 0) {
        add_word(&reading, "--config-line=");
    }
    char **longer = reallocarray(out->argv, out->argc + (size_t)argc, sizeof *longer);
    if (longer) {
        memcpy(longer + out->argc, argv + 1, (size_t)argc * sizeof *longer); /* and the NULL */
        out->argv = longer;
        out->argc += (size_t)argc - 1;
    } else {
        complain_status(argv[0], HASHVEIL_ERR_NO_MEMORY);
        reading.code = EXIT_TROUBLE;
    }
    free(usual);
    return reading.code;
}

void config_clear(struct config *config)
{
    for (size_t i = 0; i < config->owned; i++) {
        free(config->argv[i + 1]);
    }
    free(config->argv);
    *config = (struct config){0};
}
