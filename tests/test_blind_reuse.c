/* SPDX-License-Identifier: Apache-2.0 */
/* Blinds over thousands of requests, from threads side by side and from processes that were one. */
#include "base/threads.h"
#include "psi/client.h"
#include "run_suite.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    COUNT = 4, /* of one and the same token in a batch */
    SCALARS = COUNT + 1,
    BATCHES = 250, /* of each maker */
    MAKERS = 4,
    SHARE = BATCHES * SCALARS
};

typedef uint8_t scalar[HV_SCALAR_BYTES];

/* Fills SHARE scalars: the blinds and, of each batch, that of its hidden sum. */
static hashveil_status make_share(scalar *out)
{
    const struct hv_token token = {.bits = 5, .mask = 3};
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < BATCHES && status == HASHVEIL_OK; i++) {
        struct hv_client_batch batch;
        status = hv_client_batch_init(COUNT, &batch);
        for (size_t k = 0; k < COUNT && status == HASHVEIL_OK; k++) {
            hv_token_encode(&token, 7, &batch.input[k]);
        }
        if (status == HASHVEIL_OK) {
            status = hv_client_blind(&batch);
        }
        if (status == HASHVEIL_OK) {
            memcpy(out[i * SCALARS], batch.blind, COUNT * sizeof *out);
            memcpy(out[i * SCALARS + COUNT], batch.sum.r, sizeof *out);
            hv_client_batch_clear(&batch);
        }
    }
    return status;
}

static hashveil_status make_in_thread(void *context, size_t index, unsigned worker)
{
    scalar *out = context;
    (void)worker;
    return make_share(out + index * SHARE);
}

static void make_in_threads(scalar *out)
{
    ck_assert_int_eq(hv_parallel(MAKERS, MAKERS, make_in_thread, out), HASHVEIL_OK);
}

static void make_and_send(int fd)
{
    static scalar share[SHARE];
    const uint8_t *bytes = (const uint8_t *)share;
    size_t done = 0;
    if (make_share(share) != HASHVEIL_OK) {
        _exit(EXIT_FAILURE);
    }
    while (done < sizeof share) {
        const ssize_t sent = write(fd, bytes + done, sizeof share - done);
        if (sent <= 0) {
            _exit(EXIT_FAILURE);
        }
        done += (size_t)sent;
    }
    _exit(EXIT_SUCCESS);
}

static void receive(int fd, uint8_t *out, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t got = read(fd, out + done, len - done);
        ck_assert_int_gt(got, 0);
        done += (size_t)got;
    }
}

/* The parent has drawn numbers before, so that a generator with a state of its own would be copied.
 */
static void make_in_processes(scalar *out)
{
    int fd[MAKERS][2];
    for (size_t i = 0; i < MAKERS; i++) {
        ck_assert_int_eq(pipe(fd[i]), 0);
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            make_and_send(fd[i][1]);
        }
        close(fd[i][1]);
    }
    for (size_t i = 0; i < MAKERS; i++) {
        receive(fd[i][0], (uint8_t *)(out + i * SHARE), SHARE * sizeof *out);
        close(fd[i][0]);
    }
    for (size_t i = 0; i < MAKERS; i++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(scalar));
}

START_TEST(no_blind_comes_twice_over_thousands_of_requests_from_threads_and_forks)
{
    enum { ALL = 2 * MAKERS * SHARE };
    static scalar drawn[ALL];
    make_in_threads(drawn);
    make_in_processes(drawn + (size_t)MAKERS * SHARE);
    qsort(drawn, ALL, sizeof drawn[0], compare);
    for (size_t i = 0; i < ALL; i++) {
        ck_assert(!sodium_is_zero(drawn[i], sizeof drawn[i]));
        ck_assert(i == 0 || compare(drawn[i - 1], drawn[i]) != 0);
    }
}
END_TEST

int main(void)
{
    enum { SECONDS = 240 };
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("blind reuse");
    TCase *blinds = tcase_create("blinds");
    tcase_set_timeout(blinds, SECONDS);
    tcase_add_test(blinds, no_blind_comes_twice_over_thousands_of_requests_from_threads_and_forks);
    suite_add_tcase(suite, blinds);
    return run_suite(suite);
}
