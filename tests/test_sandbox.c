/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox: what comes out of it is what decoding in this process gives; whatever a decoder that
 * was taken over does costs one file, and nothing else. */
#include "picture.h"
#include "run_suite.h"

#include <dirent.h>
#include <errno.h>
#include <png.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hashveil/fingerprint.h>
#include <hashveil/sandbox.h>

#include "sandbox/environment.h"

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum {
    SECONDS = 120,
    SHORT_MS = 300, /* of what never ends */
    MEMORY_BYTES = 64 << 20,
    FILE_BYTES = 1 << 20,
    THREADS = 4,
    RUNS = 25
};

static hashveil_sandbox *open_with(const char *decoder, const hashveil_sandbox_options *given)
{
    hashveil_sandbox_options options = *given;
    hashveil_sandbox *sandbox;
    options.decoder_path = getenv(decoder);
    ck_assert_msg(options.decoder_path, "%s is not set", decoder);
    const hashveil_status status = hashveil_sandbox_open(&options, &sandbox);
    ck_assert_msg(status == HASHVEIL_OK, "%s", hashveil_status_text(status));
    return sandbox;
}

static hashveil_sandbox *open_decoder(void)
{
    return open_with("HASHVEIL_DECODER", &(hashveil_sandbox_options){.processes = 1});
}

static hashveil_status ask(hashveil_sandbox *sandbox, const char *act, hashveil_fingerprint *out)
{
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .sandbox = sandbox};
    return hashveil_fingerprint_file((const uint8_t *)act, strlen(act), &options, out);
}

static void ck_assert_works(hashveil_sandbox *sandbox)
{
    hashveil_fingerprint out;
    ck_assert_int_eq(ask(sandbox, "nothing", &out), HASHVEIL_OK);
    ck_assert_uint_eq(out.quality, 1);
}

/* What each act comes to in the sandbox, and out of it. */
static const struct {
    const char *act;
    hashveil_status in_sandbox, out_of_it;
    bool needs_limits; /* which builds with a sanitizer do not have */
} rules[] = {
    {"open a file", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"make a file", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"make a socket", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"fork", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"start a program", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"trace", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"signal the parent", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"map code", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"make code", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"raise limits", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, false},
    {"write elsewhere", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, true},
    {"allocate without end", HASHVEIL_ERR_LIMIT, HASHVEIL_OK, true},
    {"read the clock", HASHVEIL_OK, HASHVEIL_OK, false},
    {"start a thread", HASHVEIL_OK, HASHVEIL_OK, false},
    {"read nowhere", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"abort", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"leave", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"hide", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_ERR_CRASHED, false},
    {"quality 101", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"bit without margin", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"margin NaN", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"unknown status", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"status of a peer", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
};

static void ck_assert_comes_to(const char *decoder, const char *act, hashveil_status expected)
{
    const hashveil_sandbox_options options = {
        .processes = 1, .max_file_bytes = FILE_BYTES, .max_memory_bytes = MEMORY_BYTES};
    hashveil_sandbox *sandbox = open_with(decoder, &options);
    hashveil_fingerprint out;
    const hashveil_status status = ask(sandbox, act, &out);
    ck_assert_msg(status == expected, "%s: %s", act, hashveil_status_text(status));
    ck_assert_works(sandbox);
    hashveil_sandbox_close(sandbox);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(each_rule_bites)
{
    if (!HV_SANDBOX_IS_SANITIZED || !rules[_i].needs_limits) {
        ck_assert_comes_to("HASHVEIL_HOSTILE_DECODER", rules[_i].act, rules[_i].in_sandbox);
    }
}
END_TEST

START_TEST(each_act_succeeds_where_no_rule_is)
{
    ck_assert_comes_to("HASHVEIL_FREE_DECODER", rules[_i].act, rules[_i].out_of_it);
}
END_TEST

static const char *const endless[] = {"loop without end", "wait without end"};

START_TEST(what_does_not_end_is_ended)
{
    const hashveil_sandbox_options options = {.processes = 1, .time_limit_ms = SHORT_MS};
    hashveil_sandbox *sandbox = open_with("HASHVEIL_HOSTILE_DECODER", &options);
    hashveil_fingerprint out;
    ck_assert_int_eq(ask(sandbox, endless[_i], &out), HASHVEIL_ERR_TOO_SLOW);
    ck_assert_works(sandbox);
    hashveil_sandbox_close(sandbox);
}
END_TEST

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count;
}

START_TEST(the_dead_leave_nothing_behind)
{
    static const char *const deaths[] = {"abort", "open a file", "leave", "quality 101"};
    const size_t before = count_descriptors();
    hashveil_sandbox *sandbox =
        open_with("HASHVEIL_HOSTILE_DECODER", &(hashveil_sandbox_options){.processes = 1});
    const size_t running = count_descriptors();
    hashveil_fingerprint out;
    for (int i = 0; i < 3 * COUNT(deaths); i++) {
        ck_assert_int_ne(ask(sandbox, deaths[i % COUNT(deaths)], &out), HASHVEIL_OK);
    }
    ck_assert_works(sandbox);
    ck_assert_uint_eq(count_descriptors(), running);
    hashveil_sandbox_close(sandbox);
    ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

/* The only child of this process. */
static pid_t find_child(void)
{
    char line[32];
    FILE *children = fopen("/proc/thread-self/children", "r");
    ck_assert_ptr_nonnull(children);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, children));
    fclose(children);
    return (pid_t)strtol(line, NULL, 10);
}

START_TEST(a_process_that_dies_between_files_costs_none)
{
    hashveil_sandbox *sandbox =
        open_with("HASHVEIL_HOSTILE_DECODER", &(hashveil_sandbox_options){.processes = 1});
    siginfo_t death;
    const pid_t child = find_child();
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &death, WEXITED | WNOWAIT), 0);
    ck_assert_works(sandbox);
    hashveil_sandbox_close(sandbox);
}
END_TEST

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct file draw_file(int kind)
{
    struct file file;
    hashveil_image picture;
    picture_draw(&picture, 900 + 10 * (uint32_t)kind, 700, 3, (uint64_t)kind);
    if (kind % 2 == 0) {
        const struct picture_jpeg jpeg = {
            .quality = 85, .is_progressive = kind % 4 == 0, .orientation = (unsigned)kind % 8 + 1};
        picture_to_jpeg(&picture, &jpeg, &file.bytes, &file.len);
    } else {
        const struct picture_png png = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8};
        picture_to_png(&picture, &png, &file.bytes, &file.len);
    }
    hashveil_image_clear(&picture);
    return file;
}

static bool is_same(const hashveil_fingerprint *a, const hashveil_fingerprint *b)
{
    bool is_same = hashveil_pdq_distance(&a->hash, &b->hash) == 0 && a->quality == b->quality;
    for (int i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        is_same = is_same && a->margin[i] == b->margin[i];
    }
    return is_same;
}

static void ck_assert_same(const struct file *file, hashveil_fingerprint_options options,
                           hashveil_sandbox *sandbox)
{
    hashveil_fingerprint expected[HASHVEIL_PDQ_DIHEDRAL] = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL] = {0};
    hashveil_fingerprint alone = {0};
    const hashveil_status status =
        hashveil_fingerprint_file_dihedral(file->bytes, file->len, &options, expected);
    options.sandbox = sandbox;
    ck_assert_int_eq(hashveil_fingerprint_file_dihedral(file->bytes, file->len, &options, forms),
                     status);
    ck_assert_int_eq(hashveil_fingerprint_file(file->bytes, file->len, &options, &alone), status);
    for (int i = 0; i < HASHVEIL_PDQ_DIHEDRAL; i++) {
        ck_assert(is_same(&forms[i], &expected[i]));
    }
    ck_assert(is_same(&alone, &expected[0]));
}

enum { KINDS = 8 };

START_TEST(what_comes_out_is_what_this_process_would_give)
{
    hashveil_sandbox *sandbox = open_decoder();
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint_options others = options;
    struct file file = draw_file(_i);
    others.image.applies_orientation = true;
    others.is_exact_decode = true;
    ck_assert_same(&file, options, sandbox);
    ck_assert_same(&file, others, sandbox);
    others.policy = HASHVEIL_PDQ_POLICY_NEAREST512;
    ck_assert_same(&file, others, sandbox);
    others.image.limits.max_pixels = 10; /* refused alike */
    ck_assert_same(&file, others, sandbox);
    file.len /= 2;
    ck_assert_same(&file, options, sandbox);
    file.len = 0;
    ck_assert_same(&file, options, sandbox);
    free(file.bytes);
    hashveil_sandbox_close(sandbox);
}
END_TEST

START_TEST(a_file_that_its_memory_has_no_room_for_is_refused)
{
    const struct file file = draw_file(1);
    hashveil_sandbox_options room = {.processes = 1, .max_file_bytes = file.len};
    hashveil_sandbox *sandbox = open_with("HASHVEIL_DECODER", &room);
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .sandbox = sandbox};
    hashveil_fingerprint out;
    ck_assert_int_eq(hashveil_fingerprint_file(file.bytes, file.len, &options, &out), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_fingerprint_file(file.bytes, file.len + 1, &options, &out),
                     HASHVEIL_ERR_LIMIT);
    free(file.bytes);
    hashveil_sandbox_close(sandbox);
}
END_TEST

struct asker {
    pthread_t thread;
    hashveil_sandbox *sandbox;
    const struct file *file;
    hashveil_fingerprint expected;
    int wrong;
};

static void *ask_often(void *argument)
{
    struct asker *asker = argument;
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .sandbox = asker->sandbox};
    for (int i = 0; i < RUNS; i++) {
        hashveil_fingerprint out;
        if (hashveil_fingerprint_file(asker->file->bytes, asker->file->len, &options, &out) !=
                HASHVEIL_OK ||
            !is_same(&out, &asker->expected)) {
            asker->wrong++;
        }
    }
    return NULL;
}

/* More threads than processes, and fewer: each gets its own file's answer. */
START_TEST(threads_share_it)
{
    hashveil_sandbox *sandbox =
        open_with("HASHVEIL_DECODER", &(hashveil_sandbox_options){.processes = (unsigned)_i});
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    struct file files[THREADS];
    struct asker askers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        files[i] = draw_file(i);
        askers[i] = (struct asker){.sandbox = sandbox, .file = &files[i]};
        ck_assert_int_eq(
            hashveil_fingerprint_file(files[i].bytes, files[i].len, &options, &askers[i].expected),
            HASHVEIL_OK);
        ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        ck_assert_int_eq(askers[i].wrong, 0);
        free(files[i].bytes);
    }
    hashveil_sandbox_close(sandbox);
}
END_TEST

static const struct {
    const char *path;
    hashveil_status expected;
} programs[] = {
    {"/nowhere/hashveil-decoder", HASHVEIL_ERR_NOT_FOUND},
    {"/etc/passwd", HASHVEIL_ERR_ACCESS},
    {"/bin/true", HASHVEIL_ERR_VERSION},
};

START_TEST(without_its_program_it_does_not_open)
{
    hashveil_sandbox *sandbox = (void *)1;
    ck_assert_int_eq(hashveil_sandbox_open(
                         &(hashveil_sandbox_options){.decoder_path = programs[_i].path}, &sandbox),
                     programs[_i].expected);
    ck_assert_ptr_null(sandbox);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(closing_none_does_nothing)
{
    hashveil_sandbox_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *hostile = tcase_create("hostile");
    TCase *honest = tcase_create("honest");

    tcase_set_timeout(hostile, SECONDS);
    tcase_add_loop_test(hostile, each_rule_bites, 0, COUNT(rules));
    tcase_add_loop_test(hostile, each_act_succeeds_where_no_rule_is, 0, COUNT(rules));
    tcase_add_loop_test(hostile, what_does_not_end_is_ended, 0, COUNT(endless));
    tcase_add_test(hostile, the_dead_leave_nothing_behind);
    tcase_add_test(hostile, a_process_that_dies_between_files_costs_none);
    suite_add_tcase(suite, hostile);

    tcase_set_timeout(honest, SECONDS);
    tcase_add_loop_test(honest, what_comes_out_is_what_this_process_would_give, 0, KINDS);
    tcase_add_test(honest, a_file_that_its_memory_has_no_room_for_is_refused);
    tcase_add_loop_test(honest, threads_share_it, 1, THREADS + 2);
    tcase_add_loop_test(honest, without_its_program_it_does_not_open, 0, COUNT(programs));
    tcase_add_test(honest, closing_none_does_nothing);
    suite_add_tcase(suite, honest);
    return run_suite(suite);
}
