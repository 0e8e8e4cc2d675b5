/* SPDX-License-Identifier: Apache-2.0 */
/* From the spool to the reporter: nothing leaves before it was acknowledged, nobody holds the rest
 * up, and no report makes no connection. */
#include "run_suite.h"
#include "scripted_peer.h"
#include "spool_folder.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

/* Patient where an answer comes, short where none does. */
enum { PATIENT_MS = 60000, SHORT_MS = 50 };

#define COUNT_OF(rows) ((int)(sizeof(rows) / sizeof(rows)[0]))

#define ANSWER(number) "HTTP/1.1 " #number " Text\r\nContent-Length: 0\r\n\r\n"

static const struct spool_folder *folder;

static void make_folder(void)
{
    folder = make_spool_folder();
}

static struct peer *start_peer(const struct peer_step *steps, size_t count)
{
    struct peer *peer = peer_start(folder->socket_path, steps, count);
    ck_assert_ptr_nonnull(peer);
    return peer;
}

static hashveil_status deliver(uint32_t timeout_ms, uint64_t *delivered)
{
    hashveil_connection *reporter;
    hashveil_spool *spool = open_spool();
    const hashveil_peer peer = {.address = folder->address, .timeout_ms = timeout_ms};
    ck_assert_int_eq(hashveil_connection_open(&peer, &reporter), HASHVEIL_OK);
    const hashveil_status status = hashveil_spool_deliver(spool, reporter, NULL, delivered);
    hashveil_connection_close(reporter);
    hashveil_spool_close(spool);
    return status;
}

/* As above, but again after a failure. */
static hashveil_status deliver_patiently(uint32_t most_ms, const hashveil_atomic_bool *is_cancelled,
                                         uint64_t *delivered)
{
    hashveil_connection *reporter;
    hashveil_spool *spool = open_spool();
    const hashveil_peer peer = {.address = folder->address, .timeout_ms = PATIENT_MS};
    const hashveil_patience patience = {.most_ms = most_ms, .is_cancelled = is_cancelled};
    ck_assert_int_eq(hashveil_connection_open(&peer, &reporter), HASHVEIL_OK);
    const hashveil_status status = hashveil_spool_deliver(spool, reporter, &patience, delivered);
    hashveil_connection_close(reporter);
    hashveil_spool_close(spool);
    return status;
}

static uint32_t number_of(const struct peer_request *request)
{
    return number_of_report((const uint8_t *)request->bytes + request->head_len,
                            request->len - request->head_len);
}

static void ck_assert_received(const struct peer *peer, const uint32_t *expected, size_t count)
{
    ck_assert_uint_eq(peer->request_count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(number_of(&peer->requests[i]), expected[i]);
    }
}

static const struct peer_step takes_all = {ANSWER(200), PEER_KEEPS, NULL};

START_TEST(what_waits_is_delivered_in_order_and_gone)
{
    uint64_t delivered;
    add_reports(2, 2);
    add_reports(1, 1);
    struct peer *peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 3);
    ck_assert_received(peer, (const uint32_t[]){2, 3, 1}, 3);
    ck_assert_mem_eq(peer->requests[0].bytes, "POST /v1/reports HTTP/1.1\r\n", 27);
    ck_assert_uint_eq(count_reports(), 0);
    peer_free(peer);
}
END_TEST

START_TEST(an_empty_spool_makes_no_connection)
{
    uint64_t delivered = 99;
    struct peer *peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_uint_eq(peer->connection_count, 0);
    peer_free(peer);
}
END_TEST

START_TEST(a_reporter_that_dies_midway_gets_the_rest_later)
{
    static const struct peer_step dies[] = {
        {ANSWER(200), PEER_KEEPS, NULL},
        {"", PEER_DIES, NULL}, /* it may have kept the second one, but did not say so */
    };
    uint64_t delivered;
    add_reports(1, 4);
    struct peer *peer = start_peer(dies, 2);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_UNREACHABLE);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 1);
    ck_assert_received(peer, (const uint32_t[]){1, 2}, 2);
    peer_free(peer);

    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_UNREACHABLE);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_waiting((const uint32_t[]){2, 3, 4}, 3);

    peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 3);
    ck_assert_received(peer, (const uint32_t[]){2, 3, 4}, 3);
    peer_free(peer);
}
END_TEST

static const struct {
    const char *answer;
    hashveil_status expected;
} refusals[] = {
    {ANSWER(400), HASHVEIL_ERR_PROTOCOL},
    {ANSWER(409), HASHVEIL_ERR_KEY},
    {ANSWER(426), HASHVEIL_ERR_VERSION},
    {ANSWER(500), HASHVEIL_ERR_REFUSED},
};

START_TEST(a_refused_report_is_kept_and_holds_nobody_up)
{
    const struct peer_step steps[] = {
        {ANSWER(200), PEER_KEEPS, NULL},
        {refusals[_i].answer, PEER_KEEPS, NULL},
        {ANSWER(200), PEER_KEEPS, NULL},
    };
    uint64_t delivered;
    add_reports(1, 4);
    struct peer *peer = start_peer(steps, 3);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), refusals[_i].expected);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 3);
    ck_assert_received(peer, (const uint32_t[]){1, 2, 3, 4}, 4);
    ck_assert_waiting((const uint32_t[]){2}, 1);
    peer_free(peer);

    peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_received(peer, (const uint32_t[]){2}, 1);
    peer_free(peer);
}
END_TEST

START_TEST(the_first_refusal_is_the_one_returned)
{
    static const struct peer_step steps[] = {
        {ANSWER(409), PEER_KEEPS, NULL},
        {ANSWER(426), PEER_KEEPS, NULL},
        {"", PEER_DIES, NULL},
    };
    uint64_t delivered;
    add_reports(1, 4);
    struct peer *peer = start_peer(steps, 3);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_KEY);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_received(peer, (const uint32_t[]){1, 2, 3}, 3);
    ck_assert_waiting((const uint32_t[]){1, 2, 3, 4}, 4);
    peer_free(peer);
}
END_TEST

static const struct {
    struct peer_step step;
    hashveil_status expected;
} troubles[] = {
    {{"", PEER_WAITS, NULL}, HASHVEIL_ERR_TIMEOUT},
    {{"", PEER_CLOSES, NULL}, HASHVEIL_ERR_UNREACHABLE},
    {{ANSWER(413), PEER_KEEPS, NULL}, HASHVEIL_ERR_LIMIT},
    {{ANSWER(503), PEER_KEEPS, NULL}, HASHVEIL_ERR_OVERLOADED},
    {{ANSWER(507), PEER_KEEPS, NULL}, HASHVEIL_ERR_NO_SPACE},
};

START_TEST(a_reporter_in_trouble_is_asked_once)
{
    uint64_t delivered;
    add_reports(1, 3);
    struct peer *peer = start_peer(&troubles[_i].step, 1);
    const uint32_t timeout_ms =
        troubles[_i].expected == HASHVEIL_ERR_TIMEOUT ? SHORT_MS : PATIENT_MS;
    ck_assert_int_eq(deliver(timeout_ms, &delivered), troubles[_i].expected);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_uint_le(peer->request_count, 1); /* none when the time was over before it was read */
    ck_assert_waiting((const uint32_t[]){1, 2, 3}, 3);
    peer_free(peer);
}
END_TEST

START_TEST(a_row_that_cannot_be_read_holds_nobody_up)
{
    uint64_t delivered;
    add_reports(1, 3);
    run_sql("PRAGMA ignore_check_constraints = ON; UPDATE report SET sealed = x'00' WHERE "
            "sequence = 2");
    struct peer *peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_FORMAT);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 2);
    ck_assert_received(peer, (const uint32_t[]){1, 3}, 2);
    ck_assert_waiting((const uint32_t[]){2}, 1);
    peer_free(peer);
}
END_TEST

/* Delivers as soon as the reporter is there. */
static void deliver_again_and_again(int ignored)
{
    uint64_t delivered;
    (void)ignored;
    while (deliver(PATIENT_MS, &delivered) == HASHVEIL_ERR_UNREACHABLE) {
        pause_us(100);
    }
}

START_TEST(a_kill_amid_delivery_loses_nothing)
{
    enum { COUNT = 8 };
    uint32_t numbers[MAX_REPORTS];
    bool is_somewhere[COUNT] = {0};
    add_reports(0, COUNT);
    const pid_t child = in_child(deliver_again_and_again, 0);
    struct peer *peer = start_peer(&takes_all, 1);
    pause_us(_i * 1733L % 20000);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    peer_stop(peer);

    ck_assert_uint_le(count_reports(), COUNT); /* opens it as the next scan would */
    const size_t waiting = read_numbers(numbers);
    for (size_t i = 0; i < waiting; i++) {
        is_somewhere[numbers[i]] = true;
    }
    for (size_t i = 0; i < peer->request_count; i++) {
        is_somewhere[number_of(&peer->requests[i])] = true;
    }
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_msg(is_somewhere[i], "report %zu is lost", i);
    }
    peer_free(peer);
}
END_TEST

static const struct peer_step busy_first[] = {{ANSWER(503), PEER_KEEPS, NULL},
                                              {ANSWER(503), PEER_KEEPS, NULL},
                                              {ANSWER(200), PEER_KEEPS, NULL}};

START_TEST(what_may_pass_is_tried_again_after_a_pause)
{
    uint64_t delivered;
    add_reports(1, 1);
    struct peer *peer = start_peer(busy_first, COUNT_OF(busy_first));
    ck_assert_int_eq(deliver_patiently(PATIENT_MS, NULL, &delivered), HASHVEIL_OK);
    ck_assert_uint_eq(delivered, 1);
    peer_stop(peer);
    ck_assert_uint_eq(peer->request_count, COUNT_OF(busy_first));
    peer_free(peer);
}
END_TEST

START_TEST(what_will_not_pass_is_not_tried_again)
{
    static const struct peer_step refuses = {ANSWER(409), PEER_KEEPS, NULL};
    uint64_t delivered;
    add_reports(1, 1);
    struct peer *peer = start_peer(&refuses, 1);
    ck_assert_int_eq(deliver_patiently(PATIENT_MS, NULL, &delivered), HASHVEIL_ERR_KEY);
    peer_stop(peer);
    ck_assert_uint_eq(peer->request_count, 1);
    peer_free(peer);
}
END_TEST

START_TEST(patience_has_an_end)
{
    uint64_t delivered;
    add_reports(1, 1);
    ck_assert_int_eq(deliver_patiently(SHORT_MS, NULL, &delivered), HASHVEIL_ERR_UNREACHABLE);
    ck_assert_uint_eq(delivered, 0);
}
END_TEST

START_TEST(nobody_waits_when_it_was_cancelled)
{
    const hashveil_atomic_bool is_cancelled = true;
    uint64_t delivered;
    add_reports(1, 1);
    /* Far longer than this test may take. */
    ck_assert_int_eq(deliver_patiently(UINT32_MAX, &is_cancelled, &delivered),
                     HASHVEIL_ERR_UNREACHABLE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spool_delivery");
    TCase *deliveries = tcase_create("deliveries");

    tcase_set_timeout(deliveries, 60);
    tcase_add_checked_fixture(deliveries, make_folder, remove_spool_folder);
    tcase_add_test(deliveries, what_waits_is_delivered_in_order_and_gone);
    tcase_add_test(deliveries, an_empty_spool_makes_no_connection);
    tcase_add_test(deliveries, a_reporter_that_dies_midway_gets_the_rest_later);
    tcase_add_loop_test(deliveries, a_refused_report_is_kept_and_holds_nobody_up, 0,
                        COUNT_OF(refusals));
    tcase_add_test(deliveries, the_first_refusal_is_the_one_returned);
    tcase_add_loop_test(deliveries, a_reporter_in_trouble_is_asked_once, 0, COUNT_OF(troubles));
    tcase_add_test(deliveries, a_row_that_cannot_be_read_holds_nobody_up);
    tcase_add_loop_test(deliveries, a_kill_amid_delivery_loses_nothing, 0, 16);
    tcase_add_test(deliveries, what_may_pass_is_tried_again_after_a_pause);
    tcase_add_test(deliveries, what_will_not_pass_is_not_tried_again);
    tcase_add_test(deliveries, patience_has_an_end);
    tcase_add_test(deliveries, nobody_waits_when_it_was_cancelled);
    suite_add_tcase(suite, deliveries);
    return run_suite(suite);
}
