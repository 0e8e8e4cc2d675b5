/* SPDX-License-Identifier: Apache-2.0 */
/* Every probe under a blind of its own: no capture of requests can show that one served twice. */
#include "psi/client.h"
#include "psi/oprf.h"
#include "run_suite.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 64, BATCHES = 3, BLINDS = BATCHES * COUNT, ELEMENTS = BATCHES * (COUNT + 1) };

/* The same few tokens in every batch, and in each batch some of them twice. */
static void blind(struct hv_client_batch *batch)
{
    ck_assert_int_eq(hv_client_batch_init(COUNT, batch), HASHVEIL_OK);
    batch->epoch = 7;
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct hv_token token = {.bits = i / 2, .mask = 3};
        hv_token_encode(&token, batch->epoch, &batch->input[i]);
    }
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert_int_eq(hv_client_blind(batch), HASHVEIL_OK);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, HV_ELEMENT_BYTES);
}

static void expect_all_different(uint8_t (*rows)[HV_ELEMENT_BYTES], size_t count, const char *what)
{
    qsort(rows, count, HV_ELEMENT_BYTES, compare);
    for (size_t i = 1; i < count; i++) {
        ck_assert_msg(compare(rows[i - 1], rows[i]) != 0, "a repeated %s", what);
    }
}

START_TEST(no_blind_and_no_element_comes_twice)
{
    struct hv_client_batch batch;
    static uint8_t blinds[BLINDS][HV_ELEMENT_BYTES];
    static uint8_t elements[ELEMENTS][HV_ELEMENT_BYTES];
    for (size_t i = 0; i < BATCHES; i++) {
        blind(&batch);
        memcpy(blinds[i * COUNT], batch.blind, sizeof batch.blind[0] * COUNT);
        memcpy(elements[i * (COUNT + 1)], batch.requests + HV_MESSAGE_HEADER_BYTES,
               sizeof elements[0] * (COUNT + 1));
        hv_client_batch_clear(&batch);
    }
    expect_all_different(blinds, BLINDS, "blind");
    expect_all_different(elements, ELEMENTS, "element");
}
END_TEST

START_TEST(every_element_but_the_hidden_sum_is_its_input_under_its_blind)
{
    struct hv_client_batch batch;
    blind(&batch);
    const uint8_t *sent = batch.requests + HV_MESSAGE_HEADER_BYTES;
    for (size_t i = 0; i < COUNT; i++, sent += HV_ELEMENT_BYTES) {
        if (i == batch.sum.place) {
            sent += HV_ELEMENT_BYTES;
        }
        uint8_t element[HV_ELEMENT_BYTES];
        const struct hv_piece piece = hv_token_piece(&batch.input[i]);
        ck_assert(hv_oprf_blind(HV_OPRF_MODE, &piece, batch.blind[i], element));
        ck_assert_mem_eq(element, sent, HV_ELEMENT_BYTES);
    }
    hv_client_batch_clear(&batch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blinding");
    TCase *tcase = tcase_create("blinding");
    tcase_add_test(tcase, no_blind_and_no_element_comes_twice);
    tcase_add_test(tcase, every_element_but_the_hidden_sum_is_its_input_under_its_blind);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
