/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a decoder that was taken over does costs one file, and nothing else: each rule of the
 * sandbox bites, and what it forbids would succeed without it. */
#include "run_suite.h"
#include "sandbox_decoder.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "sandbox/environment.h"

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum {
    SECONDS = 120,
    SHORT_MS = 300,        /* of what never ends */
    LONG_MS = 1000 * 1000, /* longer than a test may take */
    MEMORY_BYTES = 64 << 20,
    FILE_BYTES = 1 << 20
};

#define REFUSED HASHVEIL_ERR_UNSUPPORTED /* how the hostile decoder tells that its act failed */

/* What each act comes to in the sandbox, with the limits behind its filter alone, and free. */
static const struct {
    const char *act;
    hashveil_status in_sandbox, limited, free;
    bool is_full_build; /* builds with a sanitizer lack this rule */
} rules[] = {
    {"open a file", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, false},
    {"read own memory", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, false},
    {"make a folder", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, false},
    {"make a file", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, false},
    {"make a socket", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, false},
    {"fork", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, HASHVEIL_OK, false},
    {"start a program", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, false},
    {"become a program", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_ERR_CRASHED, false},
    {"trace", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, HASHVEIL_OK, false},
    {"signal the parent", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, HASHVEIL_OK, false},
    {"map code", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, HASHVEIL_OK, false},
    {"make code", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, HASHVEIL_OK, false},
    {"raise limits", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, HASHVEIL_OK, false},
    {"write elsewhere", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_OK, HASHVEIL_OK, true},
    {"be open to others", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, true},
    {"gain privileges", HASHVEIL_ERR_FORBIDDEN, REFUSED, HASHVEIL_OK, true},
    {"allocate without end", HASHVEIL_ERR_LIMIT, HASHVEIL_ERR_LIMIT, HASHVEIL_OK, true},
    /* The descriptor that the file came by could only read. */
    {"write to the file", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"unlock the file", REFUSED, REFUSED, REFUSED, false},
    {"write to a page", HASHVEIL_OK, HASHVEIL_OK, HASHVEIL_OK, false},
    {"unlock a page", HASHVEIL_OK, HASHVEIL_OK, HASHVEIL_OK, false},
    /* What decoders do. */
    {"read the clock", HASHVEIL_OK, HASHVEIL_OK, HASHVEIL_OK, false},
    {"start a thread", HASHVEIL_OK, HASHVEIL_OK, HASHVEIL_OK, false},
    /* No rule, but the other side's care. */
    {"read nowhere", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"abort", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"leave", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"hide", HASHVEIL_ERR_FORBIDDEN, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"quality 101", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"bit without margin", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"margin NaN", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"margin beyond any", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"median NaN", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"median without end", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"unknown status", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
    {"status of a peer", HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, HASHVEIL_ERR_CRASHED, false},
};

static void ck_assert_no_child(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static void ck_assert_comes_to(const char *decoder, const char *act, hashveil_status expected)
{
    const hashveil_sandbox_options options = {
        .processes = 1, .max_file_bytes = FILE_BYTES, .max_memory_bytes = MEMORY_BYTES};
    hashveil_sandbox *sandbox = open_sandbox(decoder, &options);
    hashveil_fingerprint out;
    const hashveil_status status = ask_sandbox(sandbox, act, &out);
    ck_assert_msg(status == expected, "%s: %s", act, hashveil_status_text(status));
    ck_assert_sandbox_works(sandbox);
    hashveil_sandbox_close(sandbox);
    ck_assert_no_child();
}

static bool is_to_skip(int number)
{
    const bool is_to_skip = HV_SANDBOX_IS_SANITIZED && rules[number].is_full_build;
    if (is_to_skip) {
        fprintf(stderr, "skipped, built with a sanitizer: %s\n", rules[number].act);
    }
    return is_to_skip;
}

START_TEST(each_rule_bites)
{
    if (!is_to_skip(_i)) {
        ck_assert_comes_to("HASHVEIL_HOSTILE_DECODER", rules[_i].act, rules[_i].in_sandbox);
    }
}
END_TEST

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* Were there a hole in the filter. */
START_TEST(limits_bite_behind_the_filter)
{
    if (!has_landlock()) {
        fprintf(stderr, "skipped, no Landlock here: %s\n", rules[_i].act);
    } else if (!is_to_skip(_i)) {
        ck_assert_comes_to("HASHVEIL_LIMITED_DECODER", rules[_i].act, rules[_i].limited);
    }
}
END_TEST

START_TEST(each_act_succeeds_where_no_rule_is)
{
    ck_assert_comes_to("HASHVEIL_FREE_DECODER", rules[_i].act, rules[_i].free);
}
END_TEST

static const char *const endless[] = {"loop without end", "wait without end"};

START_TEST(what_does_not_end_is_ended)
{
    const hashveil_sandbox_options options = {.processes = 1, .time_limit_ms = SHORT_MS};
    hashveil_sandbox *sandbox = open_sandbox("HASHVEIL_HOSTILE_DECODER", &options);
    hashveil_fingerprint out;
    ck_assert_int_eq(ask_sandbox(sandbox, endless[_i], &out), HASHVEIL_ERR_TOO_SLOW);
    ck_assert_sandbox_works(sandbox);
    hashveil_sandbox_close(sandbox);
}
END_TEST

struct shortener {
    pid_t child;
    atomic_bool is_done;
};

/* Takes what processor time the sandbox has just given. */
static void *shorten_processor_time(void *argument)
{
    struct shortener *shortener = argument;
    while (!atomic_load(&shortener->is_done)) {
        const struct rlimit second = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
        prlimit(shortener->child, RLIMIT_CPU, &second, NULL);
        usleep(1000);
    }
    return NULL;
}

START_TEST(processor_time_is_limited_too)
{
    const hashveil_sandbox_options options = {.processes = 1, .time_limit_ms = LONG_MS};
    hashveil_sandbox *sandbox = open_sandbox("HASHVEIL_HOSTILE_DECODER", &options);
    struct shortener shortener = {.child = only_child()};
    struct rlimit limit;
    pthread_t thread;
    hashveil_fingerprint out;
    ck_assert_sandbox_works(sandbox);
    ck_assert_int_eq(prlimit(shortener.child, RLIMIT_CPU, NULL, &limit), 0);
    ck_assert_uint_ge(limit.rlim_cur, LONG_MS / 1000);
    ck_assert_uint_le(limit.rlim_cur, LONG_MS / 1000 + SECONDS);
    ck_assert_int_eq(pthread_create(&thread, NULL, shorten_processor_time, &shortener), 0);
    ck_assert_int_eq(ask_sandbox(sandbox, "loop without end", &out), HASHVEIL_ERR_TOO_SLOW);
    atomic_store(&shortener.is_done, true);
    pthread_join(thread, NULL);
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
        open_sandbox("HASHVEIL_HOSTILE_DECODER", &(hashveil_sandbox_options){.processes = 1});
    const size_t running = count_descriptors();
    hashveil_fingerprint out;
    for (int i = 0; i < 3 * COUNT(deaths); i++) {
        ck_assert_int_ne(ask_sandbox(sandbox, deaths[i % COUNT(deaths)], &out), HASHVEIL_OK);
    }
    ck_assert_sandbox_works(sandbox);
    ck_assert_uint_eq(count_descriptors(), running);
    hashveil_sandbox_close(sandbox);
    ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

START_TEST(a_process_that_dies_between_files_costs_none)
{
    hashveil_sandbox *sandbox =
        open_sandbox("HASHVEIL_HOSTILE_DECODER", &(hashveil_sandbox_options){.processes = 1});
    siginfo_t death;
    const pid_t child = only_child();
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &death, WEXITED | WNOWAIT), 0);
    ck_assert_sandbox_works(sandbox);
    hashveil_sandbox_close(sandbox);
}
END_TEST

/* A process that has a file decoded for ever, and dies over it. */
static void decode_until_killed(void)
{
    const hashveil_sandbox_options options = {.processes = 1, .time_limit_ms = LONG_MS};
    hashveil_sandbox *sandbox = open_sandbox("HASHVEIL_HOSTILE_DECODER", &options);
    hashveil_fingerprint out;
    signal(SIGALRM, SIG_DFL);
    alarm(1);
    if (ask_sandbox(sandbox, "wait without end", &out) != HASHVEIL_OK) {
        _exit(1);
    }
    _exit(0);
}

START_TEST(it_does_not_outlive_its_parent)
{
    int state;
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    const pid_t parent = fork();
    ck_assert_int_ge(parent, 0);
    if (parent == 0) {
        decode_until_killed();
    }
    ck_assert_int_eq(waitpid(parent, &state, 0), parent);
    ck_assert(WIFSIGNALED(state) && WTERMSIG(state) == SIGALRM);
    ck_assert_int_gt(waitpid(-1, &state, 0), 0); /* the decoder, now our child */
    ck_assert(WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL);
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
    ck_assert_no_child();
}
END_TEST

/* Ctrl-C is for the program, which may still want the file's fingerprint. It may be pressed while
 * the decoder, just begun, is still in the program's own process group. */
START_TEST(keys_of_a_terminal_do_not_end_it)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGTSTP};
    hashveil_sandbox *sandbox =
        open_sandbox("HASHVEIL_HOSTILE_DECODER", &(hashveil_sandbox_options){.processes = 1});
    const pid_t child = only_child();
    ck_assert_int_eq(getpgid(child), child);
    for (int i = 0; i < COUNT(signals); i++) {
        ck_assert_int_eq(kill(child, signals[i]), 0);
    }
    ck_assert_sandbox_works(sandbox);
    ck_assert_int_eq(only_child(), child);
    hashveil_sandbox_close(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox_rules");
    TCase *rule = tcase_create("rule");
    TCase *death = tcase_create("death");

    tcase_set_timeout(rule, SECONDS);
    tcase_add_loop_test(rule, each_rule_bites, 0, COUNT(rules));
    tcase_add_loop_test(rule, limits_bite_behind_the_filter, 0, COUNT(rules));
    tcase_add_loop_test(rule, each_act_succeeds_where_no_rule_is, 0, COUNT(rules));
    tcase_add_loop_test(rule, what_does_not_end_is_ended, 0, COUNT(endless));
    tcase_add_test(rule, processor_time_is_limited_too);
    suite_add_tcase(suite, rule);

    tcase_set_timeout(death, SECONDS);
    tcase_add_test(death, the_dead_leave_nothing_behind);
    tcase_add_test(death, a_process_that_dies_between_files_costs_none);
    tcase_add_test(death, it_does_not_outlive_its_parent);
    tcase_add_test(death, keys_of_a_terminal_do_not_end_it);
    suite_add_tcase(suite, death);
    return run_suite(suite);
}
