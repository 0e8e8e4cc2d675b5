/* SPDX-License-Identifier: Apache-2.0 */
/* A decoder that has been taken over: does what the file's bytes name. Built three times: in the
 * sandbox, with the limits alone that stand behind its filter, and, for the tests of the tests,
 * free. An act that succeeds gives a result of quality 1. */
#include "sandbox/channel.h"
#include "sandbox/lockdown.h"
#include "sandbox/serve.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOTHING 0
#define LIMITS 1
#define EVERYTHING 2
#ifndef LOCKED
#define LOCKED EVERYTHING
#endif

enum { PAGE_BYTES = 4096 };

static pid_t parent; /* from before the lock, which forbids to ask */

static bool open_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool read_own_memory(void)
{
    return open("/proc/self/mem", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool make_folder(void)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/hashveil-hostile-%d", (int)getpid());
    return mkdir(path, 0700) == 0 && rmdir(path) == 0;
}

static bool make_file(void)
{
    const int file = memfd_create("hostile", 0);
    return file >= 0 && write(file, "x", 1) == 1;
}

static bool make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool fork_process(void)
{
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0; /* not waited for, which is forbidden too */
}

static bool start_program(void)
{
    char name[] = "true";
    char *const arguments[] = {name, NULL};
    pid_t child;
    return posix_spawn(&child, "/bin/true", NULL, NULL, arguments, NULL) == 0 &&
           waitpid(child, NULL, 0) == child;
}

/* Does not return when it succeeds; the program that runs instead ends at once. */
static bool become_program(void)
{
    char name[] = "true";
    char *const arguments[] = {name, NULL};
    return execv("/bin/true", arguments) == 0;
}

static bool trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool signal_parent(void)
{
    return kill(parent, 0) == 0;
}

static uint8_t *new_page(int protection)
{
    void *page = mmap(NULL, PAGE_BYTES, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED ? page : NULL;
}

static bool map_code(void)
{
    return new_page(PROT_READ | PROT_EXEC) != NULL;
}

static bool make_code(void)
{
    uint8_t *page = new_page(PROT_READ | PROT_WRITE);
    return page && mprotect(page, PAGE_BYTES, PROT_READ | PROT_EXEC) == 0;
}

static bool write_elsewhere(void)
{
    return write(STDOUT_FILENO, "x", 1) == 1;
}

static bool raise_limits(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && setrlimit(RLIMIT_AS, &limit) == 0;
}

static bool is_open_to_others(void)
{
    return prctl(PR_GET_DUMPABLE) == 1;
}

static bool may_gain_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

static bool write_to(uint8_t *page)
{
    signal(SIGSEGV, SIG_DFL); /* sanitizers take it */
    *(volatile uint8_t *)page = 1;
    return true;
}

static bool unlock(uint8_t *page)
{
    return mprotect(page, PAGE_BYTES, PROT_READ | PROT_WRITE) == 0;
}

static bool write_to_page(void)
{
    uint8_t *page = new_page(PROT_READ | PROT_WRITE);
    return page && write_to(page);
}

static bool unlock_page(void)
{
    uint8_t *page = new_page(PROT_READ);
    return page && unlock(page) && write_to(page);
}

static bool read_clock(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0;
}

static bool allocate_without_end(void)
{
    enum { STEP = 16 << 20, ENOUGH = 16 };
    for (int i = 0; i < ENOUGH; i++) {
        volatile uint8_t *block = malloc(STEP);
        if (!block) {
            return false;
        }
        for (size_t at = 0; at < STEP; at += PAGE_BYTES) {
            block[at] = 1;
        }
    }
    return true;
}

static bool loop_without_end(void)
{
    for (volatile unsigned i = 0;; i++) {
    }
    return false;
}

static bool wait_without_end(void)
{
    static int word;
    syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
    return false;
}

static bool read_nowhere(void)
{
    signal(SIGSEGV, SIG_DFL); /* sanitizers take it */
    raise(SIGSEGV);
    return false;
}

static bool give_up(void)
{
    abort();
}

static bool leave(void)
{
    _exit(0);
}

/* Closes nothing else: the other side is to see it all the same. */
static bool hide(void)
{
    close(HV_CHANNEL_SOCKET);
    return loop_without_end();
}

static void *run_thread(void *argument)
{
    return argument;
}

/* Decoders of HEIF do. */
static bool start_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, run_thread, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool do_nothing(void)
{
    return true;
}

static const struct {
    const char *name;
    bool (*act)(void);
    bool (*act_on_file)(uint8_t *page); /* or this */
} acts[] = {
    {"open a file", open_file, NULL},
    {"read own memory", read_own_memory, NULL},
    {"make a folder", make_folder, NULL},
    {"make a file", make_file, NULL},
    {"make a socket", make_socket, NULL},
    {"fork", fork_process, NULL},
    {"start a program", start_program, NULL},
    {"become a program", become_program, NULL},
    {"trace", trace, NULL},
    {"signal the parent", signal_parent, NULL},
    {"map code", map_code, NULL},
    {"make code", make_code, NULL},
    {"write elsewhere", write_elsewhere, NULL},
    {"raise limits", raise_limits, NULL},
    {"be open to others", is_open_to_others, NULL},
    {"gain privileges", may_gain_privileges, NULL},
    {"write to the file", NULL, write_to},
    {"unlock the file", NULL, unlock},
    {"write to a page", write_to_page, NULL},
    {"unlock a page", unlock_page, NULL},
    {"read the clock", read_clock, NULL},
    {"allocate without end", allocate_without_end, NULL},
    {"loop without end", loop_without_end, NULL},
    {"wait without end", wait_without_end, NULL},
    {"read nowhere", read_nowhere, NULL},
    {"abort", give_up, NULL},
    {"leave", leave, NULL},
    {"hide", hide, NULL},
    {"start a thread", start_thread, NULL},
    {"nothing", do_nothing, NULL},
};

static hashveil_status do_act(size_t number, const uint8_t *bytes)
{
    const bool is_done =
        acts[number].act_on_file ? acts[number].act_on_file((uint8_t *)bytes) : acts[number].act();
    if (is_done) {
        return HASHVEIL_OK;
    }
    return acts[number].act == allocate_without_end ? HASHVEIL_ERR_NO_MEMORY
                                                    : HASHVEIL_ERR_UNSUPPORTED;
}

static bool is_named(const char *name, const uint8_t *bytes, size_t len)
{
    return strlen(name) == len && memcmp(name, bytes, len) == 0;
}

/* Results that no decoder gives. */
static const struct {
    const char *name;
    hashveil_fingerprint fingerprint;
    int status;
} lies[] = {
    {"quality 101", {.quality = 101}, HASHVEIL_OK},
    {"bit without margin", {.hash = {{1}}}, HASHVEIL_OK},
    {"margin NaN", {.margin = {NAN}}, HASHVEIL_OK},
    {"margin beyond any", {.hash = {{1}}, .margin = {40000}}, HASHVEIL_OK},
    {"median NaN", {.median = NAN}, HASHVEIL_OK},
    {"median without end", {.median = INFINITY}, HASHVEIL_OK},
    {"unknown status", {.quality = 1}, 1000},
    {"status of a peer", {.quality = 1}, HASHVEIL_ERR_UNREACHABLE},
};
enum { LIES = sizeof lies / sizeof lies[0] };

static bool lie(const uint8_t *bytes, size_t len, hashveil_fingerprint *out,
                hashveil_status *status_out)
{
    for (size_t i = 0; i < LIES; i++) {
        if (is_named(lies[i].name, bytes, len)) {
            *out = lies[i].fingerprint;
            *status_out = (hashveil_status)lies[i].status;
            return true;
        }
    }
    return false;
}

static hashveil_status decode(const uint8_t *bytes, size_t len,
                              const hashveil_fingerprint_options *options, uint32_t forms,
                              hashveil_fingerprint *out)
{
    hashveil_status status = HASHVEIL_ERR_FORMAT;
    (void)options;
    (void)forms;
    if (lie(bytes, len, out, &status)) {
        return status;
    }
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (is_named(acts[i].name, bytes, len)) {
            *out = (hashveil_fingerprint){.quality = 1};
            status = do_act(i, bytes);
        }
    }
    return status;
}

static hashveil_status lock(int descriptor, uint64_t max_memory_bytes)
{
    if (LOCKED == NOTHING) {
        return HASHVEIL_OK;
    }
    return LOCKED == LIMITS ? hv_limit_process(max_memory_bytes)
                            : hv_lock_down(descriptor, max_memory_bytes);
}

int main(void)
{
    parent = getppid();
    _exit(hv_serve(lock, decode));
}
