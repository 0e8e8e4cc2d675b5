/* SPDX-License-Identifier: Apache-2.0 */
/* Audits: what a transcript proves, and that nothing of it can be changed. */
#include <hashveil/audit.h>
#include <hashveil/evaluator.h>

#include "base/files.h"
#include "draw.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES = 10, LISTED = 3, BENIGN = 1000, HEADER = 40, ENTRY_HEADER = 33 };

static char path[] = "/tmp/hashveil-audit-XXXXXX";
static char transcript_path[sizeof path + sizeof ".transcript"];
static hashveil_key key;
static hashveil_sealed_db *db;
static hashveil_evaluator *evaluator;
static hashveil_auditor *auditor;

static void set_up(void)
{
    const char *where;
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    snprintf(transcript_path, sizeof transcript_path, "%s.transcript", path);
    key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    draw_database(path, &entries, &key);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_auditor_create(db, &auditor), HASHVEIL_OK);
}

static void tear_down(void)
{
    hashveil_auditor_destroy(auditor);
    hashveil_evaluator_destroy(evaluator);
    hashveil_sealed_db_close(db);
    hashveil_key_clear(&key);
    unlink(path);
    unlink(transcript_path);
}

/* Audits the picture and adds it to a transcript. */
static hashveil_verdict_kind audit(hashveil_transcript *transcript, uint64_t number)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    hashveil_query *query;
    hashveil_verdict verdict;
    hashveil_audit_entry entry = {
        .has_fingerprint = true, .fingerprint = draw_fingerprint(number), .response = response};
    memset(&entry.digests, (int)number, sizeof entry.digests);
    ck_assert_int_eq(hashveil_auditor_begin(auditor, &entry, &query), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_respond(evaluator, entry.request, entry.request_len,
                                                response, &entry.response_len),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, entry.response_len, &verdict),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_transcript_add(transcript, &entry), HASHVEIL_OK);
    hashveil_query_destroy(query);
    return verdict.kind;
}

static void write_transcript(void)
{
    hashveil_transcript *transcript;
    ck_assert_int_eq(hashveil_transcript_create(transcript_path, db, &transcript), HASHVEIL_OK);
    ck_assert_int_eq(audit(transcript, BENIGN), HASHVEIL_VERDICT_NO_MATCH);
    ck_assert_int_eq(audit(transcript, LISTED), HASHVEIL_VERDICT_MATCH);
    ck_assert_int_eq(hashveil_transcript_commit(transcript), HASHVEIL_OK);
    hashveil_transcript_destroy(transcript);
}

struct told {
    size_t count;
    hashveil_verdict_kind kind[2];
    hashveil_pdq hash[2];
};

static void on_entry(void *context, const hashveil_audit_entry *entry,
                     const hashveil_verdict *verdict)
{
    struct told *told = context;
    ck_assert_uint_lt(told->count, 2);
    told->kind[told->count] = verdict->kind;
    told->hash[told->count++] = entry->fingerprint.hash;
}

static hashveil_status check_with(const hashveil_auditor *by, struct told *told)
{
    uint64_t count;
    *told = (struct told){.count = 0};
    const hashveil_status status =
        hashveil_transcript_check(transcript_path, by, on_entry, told, &count);
    ck_assert_uint_eq(count, told->count);
    return status;
}

static hashveil_status check(struct told *told)
{
    return check_with(auditor, told);
}

static void replace(const uint8_t *bytes, size_t len)
{
    struct hv_new_file file = {0};
    ck_assert_int_eq(hv_new_file_init(transcript_path, 0600, &file), HASHVEIL_OK);
    ck_assert_int_eq(hv_new_file_write(&file, bytes, len, 0), HASHVEIL_OK);
    ck_assert_int_eq(hv_new_file_commit(&file), HASHVEIL_OK);
    hv_new_file_clear(&file);
}

START_TEST(a_transcript_gives_the_same_verdicts_without_the_evaluator)
{
    struct told told;
    write_transcript();
    ck_assert_int_eq(check(&told), HASHVEIL_OK);
    ck_assert_uint_eq(told.count, 2);
    ck_assert_int_eq(told.kind[0], HASHVEIL_VERDICT_NO_MATCH);
    ck_assert_int_eq(told.kind[1], HASHVEIL_VERDICT_MATCH);
    const hashveil_fingerprint benign = draw_fingerprint(BENIGN);
    ck_assert_uint_eq(hashveil_pdq_distance(&told.hash[0], &benign.hash), 0);
}
END_TEST

/* Where the first entry's fields begin, and the number of entries that hold before the change. */
static const struct {
    const char *what;
    size_t offset;
    hashveil_status expected;
} fields[] = {
    {"magic", 0, HASHVEIL_ERR_UNSUPPORTED},
    {"version", 7, HASHVEIL_ERR_VERSION},
    {"edition", 8, HASHVEIL_ERR_DIGEST},
    {"kind of entry", HEADER, HASHVEIL_ERR_FORMAT},
    {"seed", HEADER + 1, HASHVEIL_ERR_FORMAT},
    {"MD5", HEADER + ENTRY_HEADER, HASHVEIL_ERR_FORMAT},
    {"SHA-1", HEADER + ENTRY_HEADER + 16, HASHVEIL_ERR_FORMAT},
    {"SHA-256", HEADER + ENTRY_HEADER + 36, HASHVEIL_ERR_FORMAT},
    {"hash", HEADER + ENTRY_HEADER + 69, HASHVEIL_ERR_FORMAT},
    {"quality", HEADER + ENTRY_HEADER + 101, HASHVEIL_ERR_FORMAT},
    {"median", HEADER + ENTRY_HEADER + 102, HASHVEIL_ERR_FORMAT},
    {"a margin", HEADER + ENTRY_HEADER + 106, HASHVEIL_ERR_FORMAT},
    {"the last margin", HEADER + ENTRY_HEADER + 106 + 4 * 255, HASHVEIL_ERR_FORMAT},
    {"length of the request", HEADER + ENTRY_HEADER + 1130, HASHVEIL_ERR_FORMAT},
    {"the request's header", HEADER + ENTRY_HEADER + 1134 + 20, HASHVEIL_ERR_FORMAT},
    {"the request's last byte", HEADER + ENTRY_HEADER + 1134 + 8275, HASHVEIL_ERR_FORMAT},
    {"the key that answered", HEADER + ENTRY_HEADER + 1138 + 8276 + 20, HASHVEIL_ERR_KEY},
    {"the proof", HEADER + ENTRY_HEADER + 1138 + 8276 + 8276 + 1, HASHVEIL_ERR_KEY},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

START_TEST(a_changed_field_is_refused)
{
    struct told told;
    uint8_t *bytes;
    size_t len;
    write_transcript();
    ck_assert_int_eq(hv_read_file(transcript_path, 1 << 20, &bytes, &len), HASHVEIL_OK);
    bytes[fields[_i].offset] ^= 1;
    replace(bytes, len);
    free(bytes);
    ck_assert_msg(check(&told) == fields[_i].expected, "%s: another status", fields[_i].what);
    ck_assert_uint_eq(told.count, 0);
}
END_TEST

/* What the elements of an answer become is nothing or another element, and no proof holds. */
START_TEST(a_changed_answer_is_refused)
{
    struct told told;
    uint8_t *bytes;
    size_t len;
    const size_t elements = HEADER + ENTRY_HEADER + 1138 + 8276 + 52;
    write_transcript();
    ck_assert_int_eq(hv_read_file(transcript_path, 1 << 20, &bytes, &len), HASHVEIL_OK);
    bytes[elements + 32 * (size_t)_i] ^= 2;
    replace(bytes, len);
    const hashveil_status status = check(&told);
    ck_assert(status == HASHVEIL_ERR_KEY || status == HASHVEIL_ERR_PROTOCOL);
    bytes[elements + 32 * (size_t)_i] ^= 2;
    /* An answer of another place is a right element at the wrong place. */
    memcpy(bytes + elements + 32 * (size_t)_i, bytes + elements + 32 * (size_t)(_i + 1), 32);
    replace(bytes, len);
    free(bytes);
    ck_assert_int_eq(check(&told), HASHVEIL_ERR_KEY);
}
END_TEST

START_TEST(a_cut_or_longer_transcript_is_refused)
{
    struct told told;
    uint8_t *bytes;
    size_t len;
    write_transcript();
    ck_assert_int_eq(hv_read_file(transcript_path, 1 << 20, &bytes, &len), HASHVEIL_OK);
    const size_t entry_len = (len - HEADER - 1) / 2;
    const size_t cuts[] = {HEADER - 1, HEADER, HEADER + 10, HEADER + entry_len, len - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        replace(bytes, cuts[i]);
        ck_assert_int_eq(check(&told), HASHVEIL_ERR_TRUNCATED);
    }
    uint8_t *longer = calloc(1, len + 1);
    ck_assert_ptr_nonnull(longer);
    memcpy(longer, bytes, len);
    replace(longer, len + 1);
    ck_assert_int_eq(check(&told), HASHVEIL_ERR_FORMAT);
    free(longer);
    free(bytes);
}
END_TEST

/* Somebody else's evaluator, or another edition under the same key. */
START_TEST(a_transcript_of_another_database_is_refused)
{
    struct told told;
    hashveil_sealed_db *other;
    hashveil_auditor *by;
    const char *where;
    write_transcript();
    hashveil_entries entries = draw_entries(ENTRIES + 1);
    draw_database(path, &entries, &key);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &other, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_auditor_create(other, &by), HASHVEIL_OK);
    ck_assert_int_eq(check_with(by, &told), HASHVEIL_ERR_DIGEST);
    hashveil_auditor_destroy(by);
    hashveil_sealed_db_close(other);
}
END_TEST

START_TEST(two_audits_of_a_picture_share_no_element)
{
    hashveil_query *query[2];
    hashveil_audit_entry entry[2] = {{.has_fingerprint = true}, {.has_fingerprint = true}};
    for (size_t i = 0; i < 2; i++) {
        entry[i].fingerprint = draw_fingerprint(BENIGN);
        ck_assert_int_eq(hashveil_auditor_begin(auditor, &entry[i], &query[i]), HASHVEIL_OK);
    }
    for (size_t i = 52; i < entry[0].request_len; i += 32) {
        for (size_t j = 52; j < entry[1].request_len; j += 32) {
            ck_assert_int_ne(memcmp(entry[0].request + i, entry[1].request + j, 32), 0);
        }
    }
    hashveil_query_destroy(query[0]);
    hashveil_query_destroy(query[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit");
    TCase *core = tcase_create("core");
    tcase_add_checked_fixture(core, set_up, tear_down);
    tcase_set_timeout(core, 120);
    tcase_add_test(core, a_transcript_gives_the_same_verdicts_without_the_evaluator);
    tcase_add_loop_test(core, a_changed_field_is_refused, 0, FIELDS);
    tcase_add_loop_test(core, a_changed_answer_is_refused, 0, 3);
    tcase_add_test(core, a_cut_or_longer_transcript_is_refused);
    tcase_add_test(core, a_transcript_of_another_database_is_refused);
    tcase_add_test(core, two_audits_of_a_picture_share_no_element);
    suite_add_tcase(suite, core);
    return run_suite(suite);
}
