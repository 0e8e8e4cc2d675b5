/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing with an evaluator that is asked, and sealing that goes on where it was ended: always the
 * bytes that it would have made in one go with the key at hand. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>
#include <hashveil/sealed_db.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "draw.h"
#include "hashdb/sealed/partial.h"
#include "psi/messages.h"
#include "run_suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

enum {
    ENTRIES = 40,
    MASKS = 4,
    LARGE = 1100, /* entries: more than go into one request */
    LARGE_REQUESTS = 2 * MASKS,
    NOTE_OFFSET = 128, /* in the partial file: the name of the new file */
    EPOCH_OFFSET = 80,
    NEVER = -1
};

static const uint8_t seed[HASHVEIL_SEAL_SEED_BYTES] = {7};
static char folder[] = "/tmp/hashveil-sealing-XXXXXX";
static char path[sizeof folder + 16];
static char partial_path[sizeof path + 16];
static hashveil_key key;
static hashveil_entries entries;
static hashveil_seal_start start;

/* An evaluator that is asked without a network, and what it does wrong. */
struct peer {
    hashveil_evaluator *evaluator;
    int stops_after;                                /* so many requests; NEVER */
    size_t (*spoil)(uint8_t *response, size_t len); /* returns the new length */
    atomic_int requests;
    uint8_t first_element[HV_ELEMENT_BYTES]; /* of the last request */
    bool asked_wrongly;                      /* above the limit, or without asking for a proof */
};

static struct peer peer;

static hashveil_status ask(void *context, const hashveil_seal_request *request, uint8_t *response,
                           size_t *len_out)
{
    struct peer *asked = context;
    if (atomic_fetch_add(&asked->requests, 1) == asked->stops_after) {
        return HASHVEIL_ERR_UNREACHABLE;
    }
    asked->asked_wrongly |= request->len > HASHVEIL_REQUEST_MAX_BYTES || request->bytes[7] != 1;
    memcpy(asked->first_element, request->bytes + HV_MESSAGE_HEADER_BYTES, HV_ELEMENT_BYTES);
    const hashveil_status status = hashveil_evaluator_respond(asked->evaluator, request->bytes,
                                                              request->len, response, len_out);
    if (asked->spoil) {
        *len_out = asked->spoil(response, *len_out);
    }
    return status;
}

static void tell_start(void *context, hashveil_seal_start told)
{
    (void)context;
    start = told;
}

static void set_up(void)
{
    memcpy(folder + sizeof folder - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/list.hvdb", folder);
    snprintf(partial_path, sizeof partial_path, "%s.partial", path);
    key = draw_evaluator_key();
    entries = draw_entries(ENTRIES);
    entries.exact = hv_alloc_array(1, sizeof *entries.exact);
    ck_assert_ptr_nonnull(entries.exact);
    entries.exact_count = 1;
    entries.exact[0] =
        (hashveil_exact_entry){.digest = {HASHVEIL_DIGEST_MD5, {1}}, .record = {.id = {250}}};
    peer = (struct peer){.stops_after = NEVER};
    ck_assert_int_eq(hashveil_evaluator_create(&key, &peer.evaluator), HASHVEIL_OK);
}

static void tear_down(void)
{
    hashveil_evaluator_destroy(peer.evaluator);
    hashveil_entries_clear(&entries);
    unlink(partial_path);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left */
}

static hashveil_seal_options by_key(void)
{
    return (hashveil_seal_options){.evaluator_key = &key,
                                   .epoch = 7,
                                   .created_s = 1234,
                                   .mask_params = {.masks = MASKS, .bits = 28, .pool_bits = 160},
                                   .seed = seed,
                                   .is_resumable = true,
                                   .on_start = tell_start,
                                   .workers = 1};
}

static hashveil_seal_options by_peer(void)
{
    hashveil_seal_options options = by_key();
    options.exchange = ask;
    options.exchange_context = &peer;
    return options;
}

static hashveil_status seal(const hashveil_seal_options *options)
{
    return hashveil_sealed_db_build(path, &entries, options, NULL);
}

/* What comes of it in one go. Owned. */
static uint8_t *sealed_at_once(size_t *len)
{
    uint8_t *bytes;
    hashveil_seal_options options = by_key();
    options.is_resumable = false;
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_ne(access(partial_path, F_OK), 0);
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes, len), HASHVEIL_OK);
    ck_assert_int_eq(unlink(path), 0);
    return bytes;
}

static void check_sealed(const uint8_t *wanted, size_t wanted_len)
{
    uint8_t *bytes;
    size_t len;
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes, &len), HASHVEIL_OK);
    ck_assert_uint_eq(len, wanted_len);
    ck_assert_mem_eq(bytes, wanted, len);
    ck_assert_int_ne(access(partial_path, F_OK), 0);
    free(bytes);
}

/* Leaves what an attempt leaves that got as far as so many pieces. */
static void seal_until(int pieces)
{
    hashveil_seal_options options = by_peer();
    peer.stops_after = pieces;
    atomic_store(&peer.requests, 0);
    ck_assert_int_eq(seal(&options), HASHVEIL_ERR_UNREACHABLE);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(access(partial_path, F_OK), 0);
    peer.stops_after = NEVER;
    atomic_store(&peer.requests, 0);
}

START_TEST(asking_an_evaluator_gives_the_same_bytes_as_having_its_key)
{
    size_t len;
    hashveil_seal_options options = by_peer();
    hashveil_key public_half = key;
    public_half.has_secret = false;
    memset(public_half.secret_bytes, 0, sizeof public_half.secret_bytes);
    hashveil_entries_clear(&entries);
    entries = draw_entries(LARGE);
    uint8_t *wanted = sealed_at_once(&len);
    options.evaluator_key = &public_half;
    options.workers = 2;
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(atomic_load(&peer.requests), LARGE_REQUESTS);
    ck_assert(!peer.asked_wrongly);
    check_sealed(wanted, len);
    free(wanted);
}
END_TEST

START_TEST(no_request_is_ever_sent_twice)
{
    uint8_t element[HV_ELEMENT_BYTES];
    const hashveil_seal_options options = by_peer();
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    memcpy(element, peer.first_element, sizeof element);
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_mem_ne(element, peer.first_element, sizeof element);
}
END_TEST

static size_t swap_answers(uint8_t *response, size_t len)
{
    uint8_t kept[HV_ELEMENT_BYTES];
    uint8_t *elements = response + HV_MESSAGE_HEADER_BYTES;
    memcpy(kept, elements, sizeof kept);
    memcpy(elements, elements + HV_ELEMENT_BYTES, sizeof kept);
    memcpy(elements + HV_ELEMENT_BYTES, kept, sizeof kept);
    return len;
}

static size_t spoil_proof(uint8_t *response, size_t len)
{
    response[len - HV_PROOF_BYTES] ^= 1;
    return len;
}

static size_t leave_proof_out(uint8_t *response, size_t len)
{
    response[7] = 0;
    return len - HV_PROOF_BYTES;
}

static size_t cut_short(uint8_t *response, size_t len)
{
    response[len - 1] = 0;
    return len - 1;
}

static size_t say_nothing(uint8_t *response, size_t len)
{
    memset(response, 0, len);
    return 0;
}

static size_t name_another_key(uint8_t *response, size_t len)
{
    response[16] ^= 1;
    return len;
}

static size_t answer_for_another_epoch(uint8_t *response, size_t len)
{
    response[8] ^= 1;
    return len;
}

static const struct {
    const char *what;
    size_t (*spoil)(uint8_t *response, size_t len);
    hashveil_status expected;
} spoiled[] = {
    {"two answers swapped", swap_answers, HASHVEIL_ERR_KEY},
    {"a false proof", spoil_proof, HASHVEIL_ERR_KEY},
    {"no proof", leave_proof_out, HASHVEIL_ERR_PROTOCOL},
    {"a byte missing", cut_short, HASHVEIL_ERR_PROTOCOL},
    {"nothing", say_nothing, HASHVEIL_ERR_PROTOCOL},
    {"another key's answer", name_another_key, HASHVEIL_ERR_KEY},
    {"another epoch's answer", answer_for_another_epoch, HASHVEIL_ERR_PROTOCOL},
};

START_TEST(an_answer_that_is_not_proved_is_refused_and_not_kept)
{
    size_t len;
    const hashveil_seal_options options = by_peer();
    uint8_t *wanted = sealed_at_once(&len);
    peer.spoil = spoiled[_i].spoil;
    const hashveil_status status = seal(&options);
    ck_assert_msg(status == spoiled[_i].expected, "%s: got %s", spoiled[_i].what,
                  hashveil_status_text(status));
    ck_assert_int_ne(access(path, F_OK), 0);
    peer.spoil = NULL;
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    check_sealed(wanted, len);
    free(wanted);
}
END_TEST

static hashveil_status ask_share(void *context, const hashveil_seal_request *request,
                                 uint8_t *response, size_t *len_out)
{
    hashveil_evaluator *const *evaluators = context;
    return hashveil_evaluator_respond(evaluators[request->evaluator], request->bytes, request->len,
                                      response, len_out);
}

/* _i: 0 for both right, 1 and 2 for a share that is another's. */
START_TEST(two_that_share_the_key_give_the_same_bytes_as_the_key)
{
    size_t len;
    hashveil_key shares[HASHVEIL_KEY_SHARES];
    hashveil_evaluator *evaluators[HASHVEIL_KEY_SHARES];
    hashveil_seal_options options = by_key();
    hashveil_key public_half = key;
    uint8_t *wanted = sealed_at_once(&len);
    memset(public_half.secret_bytes, 0, sizeof public_half.secret_bytes);
    public_half.has_secret = false;
    ck_assert_int_eq(hashveil_key_split(&key, shares), HASHVEIL_OK);
    for (int i = 0; i < HASHVEIL_KEY_SHARES; i++) {
        ck_assert_int_eq(hashveil_evaluator_create(&shares[i], &evaluators[i]), HASHVEIL_OK);
        if (i == _i - 1) {
            shares[i] = draw_evaluator_key();
        }
    }
    options.evaluator_key = &public_half;
    options.exchange = ask_share;
    options.exchange_context = evaluators;
    options.key_shares = shares;
    const hashveil_status status = seal(&options);
    if (_i == 0) {
        ck_assert_int_eq(status, HASHVEIL_OK);
        check_sealed(wanted, len);
    } else {
        ck_assert_int_eq(status, HASHVEIL_ERR_KEY);
    }
    hashveil_evaluator_destroy(evaluators[0]);
    hashveil_evaluator_destroy(evaluators[1]);
    free(wanted);
}
END_TEST

START_TEST(an_evaluator_with_another_key_is_refused)
{
    const hashveil_key other = draw_evaluator_key();
    hashveil_seal_options options = by_peer();
    options.evaluator_key = &other;
    ck_assert_int_eq(seal(&options), HASHVEIL_ERR_KEY);
}
END_TEST

/* _i pieces of the tables, of which each has one here. */
START_TEST(sealing_goes_on_where_it_was_ended)
{
    size_t len;
    const hashveil_seal_options options = by_peer();
    uint8_t *wanted = sealed_at_once(&len);
    seal_until(_i);
    ck_assert_int_eq(start, HASHVEIL_SEAL_BEGINS);
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(start, HASHVEIL_SEAL_GOES_ON);
    ck_assert_int_eq(atomic_load(&peer.requests), MASKS + 1 - _i); /* and none of those before */
    check_sealed(wanted, len);
    free(wanted);
}
END_TEST

START_TEST(an_edition_that_goes_on_keeps_its_own_epoch_and_seed)
{
    static const struct timespec over_a_second = {.tv_sec = 1, .tv_nsec = 100000000};
    uint8_t *partial;
    size_t len;
    hashveil_sealed_db *db;
    const char *where;
    hashveil_seal_options options = by_peer();
    options.seed = NULL;
    options.epoch = 0;
    options.created_s = 0;
    peer.stops_after = 2;
    ck_assert_int_eq(seal(&options), HASHVEIL_ERR_UNREACHABLE);
    ck_assert_int_eq(hv_read_file(partial_path, SIZE_MAX, &partial, &len), HASHVEIL_OK);
    nanosleep(&over_a_second, NULL);
    peer.stops_after = NEVER;
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(start, HASHVEIL_SEAL_GOES_ON);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_uint_eq(hashveil_sealed_db_describe(db)->epoch,
                      hv_load_le(partial + EPOCH_OFFSET, 8));
    ck_assert_uint_eq(hashveil_sealed_db_describe(db)->created_s,
                      hashveil_sealed_db_describe(db)->epoch);
    hashveil_sealed_db_close(db);
    free(partial);
}
END_TEST

static const uint8_t other_seed[HASHVEIL_SEAL_SEED_BYTES] = {8};

static void change_epoch(hashveil_seal_options *options)
{
    options->epoch++;
}

static void change_seed(hashveil_seal_options *options)
{
    options->seed = other_seed;
}

static void leave_seed_out(hashveil_seal_options *options)
{
    options->seed = NULL;
}

static void change_masks(hashveil_seal_options *options)
{
    options->mask_params.bits++;
}

static void change_hash(hashveil_seal_options *options)
{
    (void)options;
    entries.entries[3].hash.word[0] ^= 1;
}

static void change_label(hashveil_seal_options *options)
{
    (void)options;
    entries.entries[3].record.labels[0][0] ^= 1;
}

static void change_digest(hashveil_seal_options *options)
{
    (void)options;
    entries.exact[0].digest.bytes[5] ^= 1;
}

static void leave_entry_out(hashveil_seal_options *options)
{
    (void)options;
    entries.count--;
}

static void damage_header(hashveil_seal_options *options)
{
    (void)options;
    const int fd = open(partial_path, O_WRONLY);
    ck_assert_int_eq(hv_write_at(fd, "!", 1, 70), HASHVEIL_OK);
    close(fd);
}

static void cut_header(hashveil_seal_options *options)
{
    (void)options;
    ck_assert_int_eq(truncate(partial_path, 100), 0);
}

static void (*const changes[])(hashveil_seal_options *) = {
    change_epoch, change_seed,   leave_seed_out,  change_masks,  change_hash,
    change_label, change_digest, leave_entry_out, damage_header, cut_header,
};

START_TEST(what_is_left_of_other_input_is_not_used)
{
    hashveil_seal_options options = by_peer();
    seal_until(3);
    changes[_i](&options);
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(start, HASHVEIL_SEAL_BEGINS_ANEW);
    ck_assert_int_eq(atomic_load(&peer.requests), MASKS + 1);
}
END_TEST

START_TEST(the_order_of_the_entries_does_not_matter)
{
    size_t len;
    const hashveil_seal_options options = by_peer();
    uint8_t *wanted = sealed_at_once(&len);
    seal_until(3);
    const hashveil_entry first = entries.entries[0];
    entries.entries[0] = entries.entries[ENTRIES - 1];
    entries.entries[ENTRIES - 1] = first;
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(start, HASHVEIL_SEAL_GOES_ON);
    check_sealed(wanted, len);
    free(wanted);
}
END_TEST

/* Pieces that were changed are made again. */
START_TEST(whatever_happens_to_the_pieces_the_bytes_are_the_same)
{
    enum { CHANGES = 8, PIECES_OFFSET = 4096 };
    size_t len;
    size_t partial_len;
    uint8_t *partial;
    struct hv_random_stream stream;
    const hashveil_seal_options options = by_peer();
    uint8_t *wanted = sealed_at_once(&len);
    hv_random_stream_init(seed, "changes", (uint64_t)_i, &stream);
    seal_until(MASKS);
    ck_assert_int_eq(hv_read_file(partial_path, SIZE_MAX, &partial, &partial_len), HASHVEIL_OK);
    for (unsigned i = 0; i < CHANGES; i++) {
        partial[PIECES_OFFSET + hv_random_stream_below(&stream, partial_len - PIECES_OFFSET)] ^= 1;
    }
    partial[PIECES_OFFSET + 32] ^= 1; /* of the first piece's first output */
    const int fd = open(partial_path, O_WRONLY);
    ck_assert_int_eq(hv_write_at(fd, partial, partial_len, 0), HASHVEIL_OK);
    close(fd);
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(start, HASHVEIL_SEAL_GOES_ON);
    ck_assert_int_ge(atomic_load(&peer.requests), 2); /* the last table and the first */
    check_sealed(wanted, len);
    free(partial);
    free(wanted);
}
END_TEST

/* Tables of several pieces, and a device that is full in the middle of one; a piece has about
 * 110,000 bytes. */
START_TEST(a_full_device_loses_nothing)
{
    static const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    const struct rlimit few = {(rlim_t)(100000 * (_i + 1)), RLIM_INFINITY};
    size_t len;
    hashveil_seal_options options = by_key();
    signal(SIGXFSZ, SIG_IGN);
    hashveil_entries_clear(&entries);
    entries = draw_entries(HV_PARTIAL_PIECE_TOKENS + 1);
    options.mask_params.masks = 2;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    ck_assert_int_eq(seal(&options), HASHVEIL_ERR_NO_SPACE);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(start, HASHVEIL_SEAL_GOES_ON);
    uint8_t *bytes;
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes, &len), HASHVEIL_OK);
    options.is_resumable = false;
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    check_sealed(bytes, len);
    free(bytes);
}
END_TEST

START_TEST(each_piece_has_a_place_of_its_own)
{
    enum { TABLES = 3, PIECES = 2, OUTPUTS = 3 };
    static const struct hv_partial_begin fresh = {.epoch = 7};
    static const uint8_t input_digest[HASHVEIL_DIGEST_BYTES] = {1};
    uint8_t outputs[OUTPUTS][HV_OUTPUT_KEPT_BYTES];
    uint8_t read[OUTPUTS][HV_OUTPUT_KEPT_BYTES];
    struct hv_partial partial;
    ck_assert_int_eq(hv_partial_open(path, &fresh, input_digest,
                                     (size_t)PIECES * HV_PARTIAL_PIECE_TOKENS, &partial, &start),
                     HASHVEIL_OK);
    for (unsigned i = 0; i < TABLES * PIECES; i++) {
        memset(outputs, (int)i + 1, sizeof outputs);
        ck_assert(!hv_partial_read(&partial, i / PIECES, i % PIECES, OUTPUTS, read));
        ck_assert_int_eq(hv_partial_keep(&partial, i / PIECES, i % PIECES, OUTPUTS, outputs),
                         HASHVEIL_OK);
    }
    for (unsigned i = 0; i < TABLES * PIECES; i++) {
        memset(outputs, (int)i + 1, sizeof outputs);
        ck_assert(hv_partial_read(&partial, i / PIECES, i % PIECES, OUTPUTS, read));
        ck_assert_mem_eq(read, outputs, sizeof read);
        ck_assert(!hv_partial_read(&partial, i / PIECES, i % PIECES, OUTPUTS - 1, read));
    }
    hv_partial_close(&partial, false);
    ck_assert_int_ne(access(partial_path, F_OK), 0);
}
END_TEST

START_TEST(two_processes_do_not_seal_to_one_name)
{
    const hashveil_seal_options options = by_peer();
    seal_until(2);
    const int fd = open(partial_path, O_RDONLY);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(seal(&options), HASHVEIL_ERR_BUSY);
    close(fd);
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
}
END_TEST

START_TEST(what_is_kept_is_for_its_owner_alone)
{
    struct stat info;
    const hashveil_seal_options options = by_peer();
    seal_until(2);
    ck_assert_int_eq(stat(partial_path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(chmod(partial_path, 0640), 0);
    ck_assert_int_eq(seal(&options), HASHVEIL_ERR_ACCESS);
    unlink(partial_path);
    ck_assert_int_eq(symlink("elsewhere", partial_path), 0);
    ck_assert_int_eq(seal(&options), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static const struct {
    const char *name;
    bool is_removed;
} left_files[] = {
    {".new-0123abcd", true},
    {".new-0123ABCD", false},
    {".old-0123abcd", false},
    {".new-012 abcd", false},
};

START_TEST(only_the_new_file_that_an_ended_attempt_has_left_is_removed)
{
    char left[sizeof path + 16];
    const hashveil_seal_options options = by_peer();
    seal_until(2);
    snprintf(left, sizeof left, "%s%s", path, left_files[_i].name);
    int fd = open(left, O_WRONLY | O_CREAT, 0600);
    close(fd);
    fd = open(partial_path, O_WRONLY);
    ck_assert_int_eq(
        hv_write_at(fd, left_files[_i].name, strlen(left_files[_i].name) + 1, NOTE_OFFSET),
        HASHVEIL_OK);
    close(fd);
    ck_assert_int_eq(seal(&options), HASHVEIL_OK);
    ck_assert_int_eq(access(left, F_OK) != 0, left_files[_i].is_removed);
    unlink(left);
}
END_TEST

/* A record's key depends on its secret, slot and epoch: two texts under one would tell of each
 * other. */
START_TEST(one_seed_gives_two_lists_no_record_in_common)
{
    size_t len;
    size_t same = 0;
    uint8_t *before = sealed_at_once(&len);
    entries.entries[0].record.labels[0][0] ^= 1;
    uint8_t *after = sealed_at_once(&len);
    for (size_t i = 8192; i + 16 < len - HV_SEALED_SIGNATURES_BYTES; i++) {
        same += memcmp(before + i, after + i, 16) == 0;
    }
    ck_assert_uint_eq(same, 0);
    free(before);
    free(after);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sealing");
    TCase *asking = tcase_create("asking");
    TCase *ended = tcase_create("ended");
    tcase_add_checked_fixture(asking, set_up, tear_down);
    tcase_add_checked_fixture(ended, set_up, tear_down);
    tcase_set_timeout(asking, 120);
    tcase_set_timeout(ended, 120);
    tcase_add_test(asking, asking_an_evaluator_gives_the_same_bytes_as_having_its_key);
    tcase_add_test(asking, no_request_is_ever_sent_twice);
    tcase_add_loop_test(asking, an_answer_that_is_not_proved_is_refused_and_not_kept, 0,
                        COUNT(spoiled));
    tcase_add_test(asking, an_evaluator_with_another_key_is_refused);
    tcase_add_loop_test(asking, two_that_share_the_key_give_the_same_bytes_as_the_key, 0, 3);
    suite_add_tcase(suite, asking);

    tcase_add_loop_test(ended, sealing_goes_on_where_it_was_ended, 0, MASKS + 1);
    tcase_add_test(ended, an_edition_that_goes_on_keeps_its_own_epoch_and_seed);
    tcase_add_loop_test(ended, what_is_left_of_other_input_is_not_used, 0, COUNT(changes));
    tcase_add_test(ended, the_order_of_the_entries_does_not_matter);
    tcase_add_loop_test(ended, whatever_happens_to_the_pieces_the_bytes_are_the_same, 0, 4);
    tcase_add_loop_test(ended, a_full_device_loses_nothing, 0, 3);
    tcase_add_test(ended, each_piece_has_a_place_of_its_own);
    tcase_add_test(ended, two_processes_do_not_seal_to_one_name);
    tcase_add_test(ended, what_is_kept_is_for_its_owner_alone);
    tcase_add_loop_test(ended, only_the_new_file_that_an_ended_attempt_has_left_is_removed, 0,
                        COUNT(left_files));
    tcase_add_test(ended, one_seed_gives_two_lists_no_record_in_common);
    suite_add_tcase(suite, ended);
    return run_suite(suite);
}
