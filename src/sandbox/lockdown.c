/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/lockdown.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/environment.h"

static bool limit(__rlimit_resource_t resource, uint64_t most)
{
    return setrlimit(resource, &(struct rlimit){.rlim_cur = most, .rlim_max = most}) == 0;
}

static bool set_limits(uint64_t max_memory_bytes)
{
    return (HV_SANDBOX_IS_SANITIZED || limit(RLIMIT_AS, max_memory_bytes)) &&
           limit(RLIMIT_NOFILE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) &&
           prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* No rule is added, so that no file can be reached even if the filter below had a hole. Kernels
 * without Landlock have the filter alone. */
static bool close_file_system(void)
{
    static const struct landlock_ruleset_attr nothing = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM,
    };
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &nothing, sizeof nothing, 0);
    if (ruleset < 0) {
        return errno == ENOSYS || errno == EOPNOTSUPP;
    }
    const bool is_closed = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return is_closed;
}

/* Whatever their arguments. */
static const int harmless[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(gettid),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    /* Of threads. */
    SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
#if HV_SANDBOX_IS_SANITIZED
    SCMP_SYS(sigaltstack),
    SCMP_SYS(write),
    SCMP_SYS(getrusage),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(prctl),
#endif
};

static struct scmp_arg_cmp is(unsigned argument, scmp_datum_t value)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

static struct scmp_arg_cmp has(unsigned argument, scmp_datum_t bits)
{
    return (struct scmp_arg_cmp){
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = bits};
}

static struct scmp_arg_cmp lacks(unsigned argument, scmp_datum_t bits)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits};
}

/* What is harmless with these arguments alone. */
static bool allow_with_arguments(scmp_filter_ctx filter, int descriptor)
{
    const struct {
        int call;
        unsigned count;
        struct scmp_arg_cmp arguments[2];
    } rules[] = {
        {SCMP_SYS(read), 1, {is(0, (scmp_datum_t)descriptor)}},
#if !HV_SANDBOX_IS_SANITIZED
        {SCMP_SYS(write), 1, {is(0, (scmp_datum_t)descriptor)}},
        {SCMP_SYS(prctl), 1, {is(0, PR_SET_NAME)}}, /* of a thread */
#endif
        {SCMP_SYS(mmap), 2, {lacks(2, PROT_EXEC), has(3, MAP_ANONYMOUS)}},
        {SCMP_SYS(mprotect), 1, {lacks(2, PROT_EXEC)}},
        {SCMP_SYS(tgkill), 1, {is(0, (scmp_datum_t)getpid())}}, /* abort tells by a signal */
        {SCMP_SYS(clone), 1, {has(0, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)}},
    };
    bool is_complete = true;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        is_complete =
            is_complete && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call,
                                                  rules[i].count, rules[i].arguments) == 0;
    }
    return is_complete;
}

/* The flags of clone3 lie behind a pointer, where no filter sees them; without it the C library
 * falls back to clone. */
static bool hide_clone3(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

static bool filter_system_calls(int descriptor)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter) {
        return false;
    }
    /* Calls by the numbers of another architecture, as 64-bit processors take those of 32. */
    bool is_complete =
        seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
    is_complete = is_complete && allow_with_arguments(filter, descriptor) && hide_clone3(filter);
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        is_complete = is_complete && seccomp_rule_add(filter, SCMP_ACT_ALLOW, harmless[i], 0) == 0;
    }
    const bool is_loaded = is_complete && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return is_loaded;
}

hashveil_status hv_limit_process(uint64_t max_memory_bytes)
{
    /* Landlock's ruleset is a descriptor, so it comes before the limit of those, and needs that no
     * privileges can be gained. */
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && close_file_system() &&
                   set_limits(max_memory_bytes)
               ? HASHVEIL_OK
               : HASHVEIL_ERR_UNSUPPORTED;
}

hashveil_status hv_lock_down(int descriptor, uint64_t max_memory_bytes)
{
    const hashveil_status status = hv_limit_process(max_memory_bytes);
    if (status != HASHVEIL_OK) {
        return status;
    }
    return filter_system_calls(descriptor) ? HASHVEIL_OK : HASHVEIL_ERR_UNSUPPORTED;
}
