/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands. Usage, dispatch, --help, manual pages and completions come from its rows.
 */
#include "command.h"

static const struct command *const db_commands[] = {&command_db_import,  &command_db_list,
                                                    &command_db_history, &command_db_diff,
                                                    &command_db_remove,  &command_db_merge,
                                                    &command_db_export,  &command_db_match,
                                                    &command_db_index,   &command_db_seal,
                                                    &command_db_sign,    &command_db_verify,
                                                    &command_db_info,    NULL};
static const struct command command_db = {
    .name = "db",
    .summary = "curate hash lists; seal, sign and check a database of them",
    .commands = db_commands,
};

static const struct command *const log_commands[] = {&command_log_append, &command_log_prove,
                                                     &command_log_verify, NULL};
static const struct command command_log = {
    .name = "log",
    .summary = "keep and check a public, append-only log of editions",
    .commands = log_commands,
};

static const struct command *const account_commands[] = {
    &command_account_add, &command_account_list, &command_account_remove, NULL};
static const struct command command_account = {
    .name = "account",
    .summary = "say who may ask an evaluator, and how much",
    .commands = account_commands,
};

static const struct command *const reporter_commands[] = {&command_reporter_serve,
                                                          &command_reporter_list,
                                                          &command_reporter_review,
                                                          &command_reporter_export,
                                                          &command_reporter_page,
                                                          &command_reporter_api,
                                                          NULL};
static const struct command command_reporter = {
    .name = "reporter",
    .summary = "receive reports of matches, review and export them; an API to try",
    .commands = reporter_commands,
};

static const struct command *const all_commands[] = {
    &command_keygen,   &command_hash,   &command_db,        &command_log,
    &command_scan,     &command_audit,  &command_evaluator, &command_account,
    &command_reporter, &command_doctor, &command_eval,      NULL};
const struct command command_all = {
    .summary = "match pictures against a blinded list of known ones, and report only matches",
    .commands = all_commands,
};
