/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "eval_edits.h"
#include "eval_input.h"
#include "eval_options.h"
#include "eval_report.h"
#include "eval_run.h"
#include "output.h"

/* Returns whether there is something to measure; else after a message. */
static bool can_measure(const struct eval_options *options, const struct eval_input *input)
{
    if (!input->has_copies && eval_edit_count() == 0) {
        complain(options->input_path, "this build makes no copies (it is without MagickWand): "
                                      "give a file of pairs");
        return false;
    }
    if (input->count == 0) {
        complain(options->input_path, "there is nothing to measure, or nothing in this part");
        return false;
    }
    return true;
}

static int print(const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    bool is_printed = options->is_json ? eval_print_json(report) : eval_print_text(report);
    if (options->html_path) {
        is_printed &= eval_write_html(report, options->html_path);
    }
    if (report->counts.disagreements > 0) {
        complain("eval", "the private match and the tokens in the clear disagree");
        return EXIT_TROUBLE;
    }
    return is_printed ? EXIT_DONE : EXIT_TROUBLE;
}

static int print_all(const struct eval_report *reports, size_t count, bool is_frontier)
{
    const struct eval_copies total = eval_report_total(&reports[0]);
    const int code = is_frontier ? eval_print_frontier(reports, count) ? EXIT_DONE : EXIT_TROUBLE
                                 : print(&reports[0]);
    return reports[0].unreadable == 0 && total.failed == 0 ? code : EXIT_TROUBLE;
}

static int measure(const struct eval_options *options)
{
    struct eval_options settings[EVAL_MOST_SETTINGS];
    struct eval_report reports[EVAL_MOST_SETTINGS] = {{.options = NULL}};
    struct eval_input input = {0};
    const bool is_frontier = options->frontier_count > 0;
    const size_t count = is_frontier ? options->frontier_count : 1;
    int code = EXIT_TROUBLE;
    for (size_t i = 0; i < count; i++) {
        settings[i] = *options;
        settings[i].params.bits = is_frontier ? options->frontier[i] : options->params.bits;
    }
    eval_edits_begin();
    if (eval_input_read(options, &input) && can_measure(options, &input) &&
        eval_run(settings, count, &input, reports)) {
        code = print_all(reports, count, is_frontier);
    }
    eval_edits_end();
    for (size_t i = 0; i < count; i++) {
        eval_report_clear(&reports[i]);
    }
    eval_input_clear(&input);
    return code;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct eval_options options = eval_options_default;
    int code = command_parse(self, argc, argv, &options);
    if (code) {
        return code;
    }
    if (!decode_options_open(&options.decode, options.workers)) {
        return EXIT_TROUBLE;
    }
    code = measure(&options);
    decode_options_close(&options.decode);
    return code;
}

const struct command command_eval = {
    .name = "eval",
    .arguments = "FOLDER|PAIRS",
    .summary = "measure how many edited copies the private match finds",
    .details =
        "The pictures of a FOLDER, with all below it, are listed as originals, and edited copies "
        "of "
        "them are made in memory, saved as JPEG as an application would, and matched: recompressed "
        "at qualities 90 to 30, resized to 75 to 25 %, grey, brighter and darker, of more and less "
        "contrast, gamma, blurred, sharpened, with noise, text, a logo, cropped by 1, 2 and 5 % of "
        "the sides, with a border or a caption bar, rotated by 1 and 2 degrees, and as messengers "
        "send them. PAIRS is a file of lines ORIGINAL tab COPY tab EDIT: copies are then read, not "
        "made. Nothing is written but what --html names, and for a while a database in TMPDIR.\n\n"
        "For each edit: how many copies are within 31 bits of their original, how many are found "
        "by "
        "plaintext PDQ and by the private match, and which share of those within 31 bits opens its "
        "record, with the 95 % Wilson interval. Then that share by distance; the pairs of pictures "
        "that have nothing to do with each other: probes that hit, records that open falsely, and "
        "what that predicts for longer lists; and what a picture costs.\n\n"
        "With --crypto a database is sealed and an evaluator in this process is asked for every "
        "copy. With --simulate tokens are compared in the clear instead. The answer is the same, "
        "because the OPRF is a function: outputs are equal exactly where tokens are, and probes "
        "are "
        "chosen by the same code. By default up to 1,000 copies are matched by the exchange; it is "
        "always compared with the tokens, and a difference is trouble. Hits and false opens of "
        "unrelated pairs are counted on tokens, where they can be seen. Milliseconds are those of "
        "the exchange in either mode.\n\n"
        "Pictures are hashed in the sandbox; but for the pixels that edits start from, those of a "
        "FOLDER are decoded in this process too: give it pictures that you trust. ImageMagick is "
        "given pixels, never files.\n\n"
        "With --frontier one line for each size of mask says which share of the copies within 31 "
        "and within 16 bits opens, how many are found over all edits, and the chance of a false "
        "open for one picture, as it would be were all tokens equally likely and as the opens at "
        "b = 16 predict it.\n\n"
        "--list-policy measures what it costs that lists are made under another PDQ policy than "
        "the device's: only originals with a side above 512 pixels count, as others have one hash "
        "under both, and 'unchanged' is the listed picture itself.\n\n"
        "--split 1/2 and --split 2/2 choose halves that share no original, the same on every "
        "machine: tune on one, report on the other.\n\n"
        "Exit codes: 0 done, 2 trouble with a file or a copy; the report is printed all the "
        "same.\n\n"
        "EXAMPLES\n"
        "  hashveil eval --html report.html ~/Pictures\n"
        "  hashveil eval --simulate --split 2/2 --json photos > half.json\n"
        "  hashveil eval --bits 32 --pool 128 --split 1/2 photos\n"
        "  hashveil eval --frontier 24,28,32,36 --split 1/2 photos\n"
        "  hashveil eval --crypto pairs.tsv\n",
    .options = eval_option_rows,
    .parse = eval_options_parse,
    .children = decode_option_rows,
    .run = run,
};
