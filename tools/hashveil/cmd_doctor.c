/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"
#include "json_line.h"
#include "output.h"

#include <stdio.h>

struct doctor_run {
    bool is_json;
    bool found_trouble;
};

static const char *const state_texts[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_NONE] = "none", [DOCTOR_BAD] = "bad"};

static void print_json(struct doctor_run *run, const struct doctor_finding *finding)
{
    struct json_line line = {0};
    json_line_set(&line, "check", json_string(finding->check));
    json_line_set(&line, "state", json_string(state_texts[finding->state]));
    json_line_set(&line, "subject",
                  *finding->subject ? json_of_text(finding->subject) : json_null());
    json_line_set(&line, "detail", json_string(finding->detail));
    json_line_set(&line, "remedy", *finding->remedy ? json_string(finding->remedy) : json_null());
    run->found_trouble |= !json_line_print(&line);
}

static void print_text(const struct doctor_finding *finding)
{
    printf("%-4s  %s: ", state_texts[finding->state], finding->check);
    if (*finding->subject) {
        print_foreign(finding->subject);
        fputs(": ", stdout);
    }
    printf("%s\n", finding->detail);
    if (*finding->remedy) {
        printf("      -> %s\n", finding->remedy);
    }
}

static void on_finding(void *context, const struct doctor_finding *finding)
{
    struct doctor_run *run = context;
    run->found_trouble |= finding->state == DOCTOR_BAD;
    if (run->is_json) {
        print_json(run, finding);
    } else {
        print_text(finding);
    }
}

static void check(const struct argp_state *state, const struct scan_options *options)
{
    for (size_t i = 0; i < options->evaluators.count; i++) {
        command_address(state, "--evaluator", options->evaluators.addresses[i]);
    }
    if (options->reporter_address) {
        command_address(state, "--reporter", options->reporter_address);
    }
}

/* What a scan asks for and is not there is a finding here, and no wrong usage. */
static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    switch (key) {
    case ARGP_KEY_ARG:
        argp_error(state, "no argument is taken, such as '%s'", text);
        return 0;
    case ARGP_KEY_ARGS:
        return ARGP_ERR_UNKNOWN; /* to be given them one by one */
    case ARGP_KEY_END:
        check(state, out);
        return 0;
    default:
        return scan_options_parse(key, text, state, out);
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct scan_options options = {.scanner = HASHVEIL_SCANNER_OPTIONS_DEFAULT,
                                   .decode = DECODE_OPTIONS_DEFAULT};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    struct doctor_run state = {.is_json = options.is_json};
    doctor_look(&(struct doctor){.options = &options, .on_finding = on_finding, .context = &state});
    return state.found_trouble ? EXIT_TROUBLE : EXIT_DONE;
}

const struct command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "check what a scan stands on, and say what to mend",
    .details =
        "Takes the options of 'hashveil scan', and from the configuration file the section of "
        "scan; looks at the sandbox, the database and whom it is trusted from, the keys, the "
        "evaluator, the reporter and the spool. Nothing is scanned and nothing is reported.\n\n"
        "Prints a line for each: 'ok'; 'none' for what is not set up and a scan does without; "
        "'bad' for what a scan would fail over, with what to do. The exit code is 2 when "
        "something is bad.\n\n"
        "EXAMPLES\n"
        "  hashveil doctor\n"
        "  hashveil doctor --db lists.hvdb --key evaluator.key\n"
        "  hashveil doctor --json --config ~/scan.config\n",
    .options = scan_option_rows,
    .parse = parse,
    .children = decode_option_rows,
    .run = run,
    .configured_as = &command_scan,
};
