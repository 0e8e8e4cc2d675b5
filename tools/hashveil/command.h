/* SPDX-License-Identifier: Apache-2.0 */
/* A subcommand is one const object in its own file; command_table.c has the table of them. */
#ifndef HASHVEIL_TOOLS_COMMAND_H
#define HASHVEIL_TOOLS_COMMAND_H

#include <argp.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes, as a malware scanner's. Wrong usage is EX_USAGE, which argp exits with by itself. */
enum { EXIT_DONE = 0, EXIT_MATCH = 1, EXIT_TROUBLE = 2 };

/* A command, or a group of commands. */
struct command {
    const char *name;
    const char *arguments; /* as the usage line shows them */
    const char *summary;   /* one line, without a full stop */
    const char *details;   /* below the options in --help; has an EXAMPLES section */
    const struct argp_option *options;
    /* As argp's own parser functions; options is what command_parse was given. */
    error_t (*parse)(int key, const char *text, const struct argp_state *state, void *options);
    /* More options, for a parser of their own that takes the same options; or NULL. One of them. */
    const struct argp_child *children;
    int (*run)(const struct command *self, int argc, char **argv); /* returns the exit code */
    const struct command *configured_as; /* whose section of a configuration file; NULL: its own */
    const struct command *const *commands; /* of a group: its rows, then NULL; else NULL */
};

extern const struct command command_all; /* the group of all below */
extern const struct command command_keygen;
extern const struct command command_hash;
extern const struct command command_db_import;
extern const struct command command_db_seal;
extern const struct command command_db_index;
extern const struct command command_db_info;
extern const struct command command_db_diff;
extern const struct command command_db_export;
extern const struct command command_db_history;
extern const struct command command_db_list;
extern const struct command command_db_match;
extern const struct command command_db_merge;
extern const struct command command_db_remove;
extern const struct command command_db_sign;
extern const struct command command_db_verify;
extern const struct command command_log_append;
extern const struct command command_log_prove;
extern const struct command command_log_verify;
extern const struct command command_audit;
extern const struct command command_scan;
extern const struct command command_doctor;
extern const struct command command_eval;
extern const struct command command_evaluator;
extern const struct command command_account_add;
extern const struct command command_account_list;
extern const struct command command_account_remove;
extern const struct command command_reporter_serve;
extern const struct command command_reporter_list;
extern const struct command command_reporter_review;
extern const struct command command_reporter_export;
extern const struct command command_reporter_api;
extern const struct command command_reporter_page;

/* What every command takes beside its own options. */
extern const struct argp_option command_common_options[];

/* Parses the command's options into options_out, which its parse function knows. Wrong usage and
 * --help end the process. Returns 0, or EXIT_TROUBLE after a message. */
int command_parse(const struct command *self, int argc, char **argv, void *options_out);

enum { MAX_WORKERS = 1024 }; /* the largest --workers */

/* Returns the number that an option's text stands for; ends the process when it is none, or outside
 * min..max. */
uint64_t command_number(const struct argp_state *state, const char *option, const char *text,
                        uint64_t min, uint64_t max);

/* Returns the text when it is the address of a peer, as hashveil_peer has it; else ends the
 * process.
 */
const char *command_address(const struct argp_state *state, const char *option, const char *text);

/* What stands after the options: paths, mostly. Starts as {0}. */
struct command_arguments {
    char **list; /* borrowed from argv */
    size_t count;
};

/* Takes the rest of the arguments at ARGP_KEY_ARGS. */
struct command_arguments command_rest(const struct argp_state *state);

#endif
