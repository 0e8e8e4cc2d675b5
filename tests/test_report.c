/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: filled, sealed, opened by their reporter alone. */
#include "base/bytes.h"
#include "base/memory.h"
#include "key/key.h"
#include "report/report.h"
#include "run_suite.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>

enum {
    HEADER_BYTES = 32,
    ENVELOPE_BYTES = 376,
    /* Offsets as src/report/seal.c documents them. */
    SEALED_VERSION = 4,
    SEALED_RESERVED = 6,
    SEALED_ID = 8,
    SEALED_KEY_ID = 24,
    THRESHOLD = 2,
    ENVELOPE_RESERVED = 4,
    ENVELOPE_ID = 8,
    ACCOUNT = 24,
    POINT = 40,
    SHARE = 56,
    CONTENT = 72,
    /* Those of the content, as src/report/content.c does. */
    MATCHED_BY = 2,
    SIGNALS = 3,
    QUALITY = 4,
    RESERVED = 5,
    ID = 8,
    TIME = 24,
    EPOCH = 32,
    DIGEST = 40,
    RECORD_ID = 72,
    LABELS = 88,
    LISTS = 160,
    HASH = 168,
    MD5 = 200,
    SHA1 = 216,
    SHA256 = 236,
    PADDING = 268
};

static hashveil_key key_of(hashveil_key_kind kind, uint8_t number)
{
    hashveil_key key;
    uint8_t seed[HV_KEY_SEED_BYTES];
    memset(seed, number, sizeof seed);
    ck_assert_int_eq(hv_key_from_seed(kind, seed, &key), HASHVEIL_OK);
    return key;
}

static hashveil_report example(void)
{
    hashveil_report report = {
        .time_s = UINT64_C(0x0102030405060708),
        .epoch = UINT64_C(0x1112131415161718),
        .record = {.labels = {"harbour", "pier"}, .lists = UINT64_C(0x2122232425262728)},
        .matched_by = HASHVEIL_SIGNAL_PDQ,
        .has_picture = true,
        .hash = {{1, 2, 3, UINT64_C(0x8000000000000000)}},
        .quality = 87,
    };
    memset(report.id, 0xA1, sizeof report.id);
    memset(report.database_digest, 0xB2, sizeof report.database_digest);
    memset(report.record.id, 0xC3, sizeof report.record.id);
    return report;
}

static hashveil_report example_by_digest(void)
{
    hashveil_report report = example();
    report.matched_by = HASHVEIL_SIGNAL_SHA1;
    report.has_digests = true;
    memset(report.digests.md5, 0xD4, sizeof report.digests.md5);
    memset(report.digests.sha1, 0xE5, sizeof report.digests.sha1);
    memset(report.digests.sha256, 0xF6, sizeof report.digests.sha256);
    return report;
}

static const hashveil_account account = {.key = {9}, .threshold = 1};

static void seal(const hashveil_report *report, const hashveil_key *reporter, uint8_t *out)
{
    ck_assert_int_eq(hashveil_report_seal(report, &account, reporter, out), HASHVEIL_OK);
}

/* As a reporter does with one report, whose share is the secret. */
static hashveil_status open_sealed(const uint8_t *bytes, size_t len, const hashveil_key *reporter,
                                   hashveil_report *out)
{
    hashveil_envelope envelope;
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    const hashveil_envelope *const shares[] = {&envelope};
    hashveil_status status = hashveil_envelope_open(bytes, len, reporter, &envelope);
    if (status == HASHVEIL_OK) {
        status = hashveil_account_recover(shares, 1, secret);
    }
    return status == HASHVEIL_OK ? hashveil_report_open(&envelope, secret, out) : status;
}

/* What a seal holds, without any of our own reading. */
struct envelope {
    uint8_t plain[ENVELOPE_BYTES];
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
};

static void open_envelope(const uint8_t *sealed, const hashveil_key *reporter, struct envelope *out)
{
    static const char domain[] = "hashveil/v1/content";
    uint8_t keyed[sizeof domain - 1 + 16 + 16];
    memset(out, 0, sizeof *out);
    ck_assert_int_eq(crypto_box_seal_open(out->plain, sealed + HEADER_BYTES,
                                          HASHVEIL_SEALED_REPORT_BYTES - HEADER_BYTES,
                                          reporter->public_bytes, reporter->secret_bytes),
                     0);
    memcpy(keyed, domain, sizeof domain - 1);
    memcpy(keyed + sizeof domain - 1, out->plain + ACCOUNT, 16);
    memcpy(keyed + sizeof domain - 1 + 16, out->plain + SHARE, 16);
    crypto_generichash(out->key, sizeof out->key, keyed, sizeof keyed, NULL, 0);
    memcpy(out->nonce, out->plain + ENVELOPE_ID, 16);
}

static void unseal(const uint8_t *sealed, const hashveil_key *reporter, uint8_t *plain)
{
    struct envelope envelope;
    open_envelope(sealed, reporter, &envelope);
    ck_assert_int_eq(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         plain, NULL, NULL, envelope.plain + CONTENT, ENVELOPE_BYTES - CONTENT,
                         envelope.plain, CONTENT, envelope.nonce, envelope.key),
                     0);
}

static void ck_assert_same_report(const hashveil_report *a, const hashveil_report *b)
{
    ck_assert_mem_eq(a->id, b->id, sizeof a->id);
    ck_assert_uint_eq(a->time_s, b->time_s);
    ck_assert_uint_eq(a->epoch, b->epoch);
    ck_assert_mem_eq(a->database_digest, b->database_digest, sizeof a->database_digest);
    ck_assert_mem_eq(a->record.id, b->record.id, sizeof a->record.id);
    ck_assert_mem_eq(a->record.labels, b->record.labels, sizeof a->record.labels);
    ck_assert_uint_eq(a->record.lists, b->record.lists);
    ck_assert_mem_eq(a->hash.word, b->hash.word, sizeof a->hash.word);
    ck_assert_uint_eq(a->quality, b->quality);
    ck_assert_int_eq(a->matched_by, b->matched_by);
    ck_assert(a->has_picture == b->has_picture && a->has_digests == b->has_digests);
    ck_assert_mem_eq(&a->digests, &b->digests, sizeof a->digests);
}

START_TEST(what_is_sealed_is_opened)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = _i ? example_by_digest() : example();
    hashveil_key public_half = reporter;
    hashveil_report back;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    public_half.has_secret = false;
    memset(public_half.secret_bytes, 0, sizeof public_half.secret_bytes);
    seal(&report, &public_half, sealed);
    ck_assert_int_eq(open_sealed(sealed, sizeof sealed, &reporter, &back), HASHVEIL_OK);
    ck_assert_same_report(&report, &back);
}
END_TEST

START_TEST(every_field_has_its_documented_place)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = example_by_digest();
    const uint8_t zeros[HASHVEIL_SEALED_REPORT_BYTES] = {0};
    uint8_t digest[crypto_hash_sha256_BYTES];
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    uint8_t plain[HV_REPORT_PLAIN_BYTES];
    seal(&report, &reporter, sealed);
    unseal(sealed, &reporter, plain);

    crypto_hash_sha256(digest, reporter.public_bytes, sizeof reporter.public_bytes);
    ck_assert_mem_eq(sealed, "HVRP\x03\0\0\0", 8);
    ck_assert_mem_eq(sealed + SEALED_ID, report.id, 16);
    ck_assert_mem_eq(sealed + SEALED_KEY_ID, digest, 8);
    ck_assert_uint_eq(hv_load_le(plain, 2), 2);
    ck_assert_uint_eq(plain[MATCHED_BY], 3);
    ck_assert_uint_eq(plain[SIGNALS], 0x1E);
    ck_assert_uint_eq(plain[QUALITY], 87);
    ck_assert_mem_eq(plain + RESERVED, zeros, 3);
    ck_assert_mem_eq(plain + ID, report.id, 16);
    ck_assert_uint_eq(hv_load_le(plain + TIME, 8), report.time_s);
    ck_assert_uint_eq(hv_load_le(plain + EPOCH, 8), report.epoch);
    ck_assert_mem_eq(plain + DIGEST, report.database_digest, 32);
    ck_assert_mem_eq(plain + RECORD_ID, report.record.id, 16);
    ck_assert_mem_eq(plain + LABELS, "harbour", 8);
    ck_assert_mem_eq(plain + LABELS + 8, zeros, 16);
    ck_assert_mem_eq(plain + LABELS + 24, "pier", 5);
    ck_assert_mem_eq(plain + LABELS + 29, zeros, LISTS - LABELS - 29);
    ck_assert_uint_eq(hv_load_le(plain + LISTS, 8), report.record.lists);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(hv_load_le(plain + HASH + 8 * i, 8), report.hash.word[i]);
    }
    ck_assert_mem_eq(plain + MD5, report.digests.md5, 16);
    ck_assert_mem_eq(plain + SHA1, report.digests.sha1, 20);
    ck_assert_mem_eq(plain + SHA256, report.digests.sha256, 32);
    ck_assert_mem_eq(plain + PADDING, zeros, HV_REPORT_PLAIN_BYTES - PADDING);
}
END_TEST

static const struct {
    hashveil_signal matched_by;
    bool has_picture, has_digests;
    uint8_t signals; /* in the content */
} kinds[] = {
    {HASHVEIL_SIGNAL_PDQ, true, false, 0x02},
    {HASHVEIL_SIGNAL_MD5, false, true, 0x1C},
    {HASHVEIL_SIGNAL_SHA1, true, true, 0x1E},
    {HASHVEIL_SIGNAL_SHA256, false, true, 0x1C},
};

START_TEST(what_a_report_does_not_have_is_zero_in_it)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const uint8_t zeros[HV_REPORT_PLAIN_BYTES] = {0};
    hashveil_report report = example_by_digest();
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    uint8_t plain[HV_REPORT_PLAIN_BYTES];
    report.matched_by = kinds[_i].matched_by;
    report.has_picture = kinds[_i].has_picture;
    report.has_digests = kinds[_i].has_digests;
    seal(&report, &reporter, sealed);
    unseal(sealed, &reporter, plain);
    ck_assert_uint_eq(plain[MATCHED_BY], kinds[_i].matched_by);
    ck_assert_uint_eq(plain[SIGNALS], kinds[_i].signals);
    ck_assert_uint_eq(plain[QUALITY], kinds[_i].has_picture ? 87 : 0);
    ck_assert((memcmp(plain + HASH, zeros, MD5 - HASH) != 0) == kinds[_i].has_picture);
    ck_assert((memcmp(plain + MD5, zeros, PADDING - MD5) != 0) == kinds[_i].has_digests);
}
END_TEST

static const struct {
    const char *what;
    hashveil_signal matched_by;
    bool has_picture, has_digests;
} misfits[] = {
    {"no signal", HASHVEIL_SIGNAL_NONE, true, false},
    {"no signal, and digests", HASHVEIL_SIGNAL_NONE, true, true},
    {"a picture's without one", HASHVEIL_SIGNAL_PDQ, false, false},
    {"a picture's with digests", HASHVEIL_SIGNAL_PDQ, true, true},
    {"a digest's without any", HASHVEIL_SIGNAL_MD5, true, false},
    {"a digest's without anything", HASHVEIL_SIGNAL_SHA256, false, false},
};

START_TEST(a_report_has_what_it_matched_by_and_no_digest_without_need)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    hashveil_report report = example_by_digest();
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    report.matched_by = misfits[_i].matched_by;
    report.has_picture = misfits[_i].has_picture;
    report.has_digests = misfits[_i].has_digests;
    const hashveil_status status = hashveil_report_seal(&report, &account, &reporter, sealed);
    ck_assert_msg(status == HASHVEIL_ERR_ARGUMENT, "%s: %s", misfits[_i].what,
                  hashveil_status_text(status));
}
END_TEST

START_TEST(the_same_report_is_sealed_differently_each_time)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = example();
    uint8_t one[HASHVEIL_SEALED_REPORT_BYTES];
    uint8_t two[HASHVEIL_SEALED_REPORT_BYTES];
    seal(&report, &reporter, one);
    seal(&report, &reporter, two);
    ck_assert_mem_eq(one, two, HEADER_BYTES);
    ck_assert_mem_ne(one + HEADER_BYTES, two + HEADER_BYTES, 32);
}
END_TEST

static const hashveil_digests digests = {.md5 = {1}, .sha1 = {2}, .sha256 = {3}};
static const hashveil_fingerprint fingerprint = {.hash = {{6, 7, 8, 9}}, .quality = 100};

START_TEST(a_report_is_filled_from_the_match_with_its_own_id)
{
    const hashveil_sealed_db_info database = {.epoch = 12, .digest = {1, 2, 3}};
    const hashveil_verdict verdict = {
        .kind = HASHVEIL_VERDICT_MATCH,
        .matched_by = kinds[_i].matched_by,
        .record = {.id = {4}, .labels = {"harbour", "pier"}, .lists = 5}};
    const hashveil_subject subject = {
        .forms = &fingerprint, .form_count = kinds[_i].has_picture, .digests = &digests};
    const uint64_t before_s = (uint64_t)time(NULL);
    hashveil_report report;
    hashveil_report other;
    ck_assert_int_eq(hashveil_report_fill(&database, &verdict, &subject, &report), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_report_fill(&database, &verdict, &subject, &other), HASHVEIL_OK);
    ck_assert_mem_ne(report.id, other.id, sizeof report.id);
    ck_assert_uint_ge(report.time_s, before_s);

    hashveil_report expected = {.time_s = report.time_s,
                                .epoch = 12,
                                .record = verdict.record,
                                .matched_by = kinds[_i].matched_by,
                                .has_picture = kinds[_i].has_picture,
                                .has_digests = kinds[_i].has_digests};
    memcpy(expected.id, report.id, sizeof expected.id);
    memcpy(expected.database_digest, database.digest, sizeof expected.database_digest);
    if (expected.has_picture) {
        expected.hash = fingerprint.hash;
        expected.quality = fingerprint.quality;
    }
    if (expected.has_digests) {
        expected.digests = digests;
    }
    ck_assert_same_report(&report, &expected);
}
END_TEST

static const struct {
    const char *what;
    hashveil_verdict verdict;
    hashveil_subject subject;
} no_matches[] = {
    {"no match",
     {.kind = HASHVEIL_VERDICT_NO_MATCH},
     {.forms = &fingerprint, .form_count = 1, .digests = &digests}},
    {"a match by nothing",
     {.kind = HASHVEIL_VERDICT_MATCH},
     {.forms = &fingerprint, .form_count = 1, .digests = &digests}},
    {"a picture that is not there",
     {.kind = HASHVEIL_VERDICT_MATCH, .matched_by = HASHVEIL_SIGNAL_PDQ},
     {.digests = &digests}},
    {"a digest that is not there",
     {.kind = HASHVEIL_VERDICT_MATCH, .matched_by = HASHVEIL_SIGNAL_MD5},
     {.forms = &fingerprint, .form_count = 1}},
};

START_TEST(nothing_is_reported_but_what_matched)
{
    const hashveil_sealed_db_info database = {.epoch = 12};
    hashveil_report report;
    const hashveil_status status =
        hashveil_report_fill(&database, &no_matches[_i].verdict, &no_matches[_i].subject, &report);
    ck_assert_msg(status == HASHVEIL_ERR_ARGUMENT, "%s: %s", no_matches[_i].what,
                  hashveil_status_text(status));
}
END_TEST

START_TEST(only_its_own_reporter_opens_a_report)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_key other = key_of(HASHVEIL_KEY_REPORTER, 2);
    const hashveil_report report = example();
    hashveil_key half = reporter;
    hashveil_key evaluator = reporter;
    hashveil_report back;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    half.has_secret = false;
    evaluator.kind = HASHVEIL_KEY_EVALUATOR;
    seal(&report, &reporter, sealed);
    ck_assert_int_eq(open_sealed(sealed, sizeof sealed, &other, &back), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(open_sealed(sealed, sizeof sealed, &half, &back), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(open_sealed(sealed, sizeof sealed, &evaluator, &back), HASHVEIL_ERR_KEY);
}
END_TEST

START_TEST(nothing_is_sealed_to_what_is_no_reporters_key)
{
    const hashveil_report report = example();
    const hashveil_key curator = key_of(HASHVEIL_KEY_CURATOR, 1);
    const hashveil_key small_order = {.kind = HASHVEIL_KEY_REPORTER};
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    ck_assert_int_eq(hashveil_report_seal(&report, &account, &curator, sealed), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(hashveil_report_seal(&report, &account, &small_order, sealed),
                     HASHVEIL_ERR_KEY);
}
END_TEST

static hashveil_status expected_where(size_t offset)
{
    if (offset >= SEALED_VERSION && offset < SEALED_RESERVED) {
        return HASHVEIL_ERR_VERSION;
    }
    if (offset >= SEALED_KEY_ID && offset < HEADER_BYTES) {
        return HASHVEIL_ERR_KEY;
    }
    return HASHVEIL_ERR_PROTOCOL;
}

START_TEST(a_changed_bit_anywhere_is_noticed)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = example();
    hashveil_report back;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    seal(&report, &reporter, sealed);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= (uint8_t)(1U << i % 8);
        const hashveil_status status = open_sealed(sealed, sizeof sealed, &reporter, &back);
        ck_assert_msg(status == expected_where(i), "byte %zu: %s", i, hashveil_status_text(status));
        sealed[i] ^= (uint8_t)(1U << i % 8);
    }
    ck_assert_int_eq(open_sealed(sealed, sizeof sealed, &reporter, &back), HASHVEIL_OK);
}
END_TEST

START_TEST(a_report_of_another_length_is_none)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = example();
    hashveil_report back;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES + 1] = {0};
    seal(&report, &reporter, sealed);
    for (size_t len = 0; len <= sizeof sealed; len++) {
        uint8_t *exact = hv_copy_bytes(sealed, len); /* so that reading on would be noticed */
        ck_assert_int_eq(open_sealed(exact, len, &reporter, &back),
                         len == HASHVEIL_SEALED_REPORT_BYTES ? HASHVEIL_OK : HASHVEIL_ERR_PROTOCOL);
        free(exact);
    }
}
END_TEST

/* What a reporter's own peer could put inside a seal that opens. */
static const struct {
    const char *what;
    size_t offset;
    uint8_t value;
    hashveil_status expected;
} contents[] = {
    {"nothing changed", QUALITY, 87, HASHVEIL_OK},
    {"version 0", 0, 0, HASHVEIL_ERR_PROTOCOL},
    {"version 1", 0, 1, HASHVEIL_ERR_PROTOCOL},
    {"version 3", 0, 3, HASHVEIL_ERR_PROTOCOL},
    {"version 258", 1, 1, HASHVEIL_ERR_PROTOCOL},
    {"no signal that matched", MATCHED_BY, 0, HASHVEIL_ERR_PROTOCOL},
    {"a digest that matched and does not follow", MATCHED_BY, 2, HASHVEIL_ERR_PROTOCOL},
    {"an unknown signal that matched", MATCHED_BY, 5, HASHVEIL_ERR_PROTOCOL},
    {"no signals", SIGNALS, 0, HASHVEIL_ERR_PROTOCOL},
    {"digests that did not match", SIGNALS, 0x1E, HASHVEIL_ERR_PROTOCOL},
    {"one of the digests", SIGNALS, 0x06, HASHVEIL_ERR_PROTOCOL},
    {"signal 0", SIGNALS, 0x03, HASHVEIL_ERR_PROTOCOL},
    {"signal 5", SIGNALS, 0x22, HASHVEIL_ERR_PROTOCOL},
    {"quality 0", QUALITY, 0, HASHVEIL_OK},
    {"quality 100", QUALITY, 100, HASHVEIL_OK},
    {"quality 101", QUALITY, 101, HASHVEIL_ERR_PROTOCOL},
    {"first reserved byte", RESERVED, 1, HASHVEIL_ERR_PROTOCOL},
    {"last reserved byte", ID - 1, 1, HASHVEIL_ERR_PROTOCOL},
    {"another time", TIME, 0xFF, HASHVEIL_OK},
    {"an empty label, and more behind", LABELS, 0, HASHVEIL_ERR_PROTOCOL},
    {"a control character", LABELS, '\n', HASHVEIL_ERR_PROTOCOL},
    {"half a character", LABELS + 6, 0xC3, HASHVEIL_ERR_PROTOCOL},
    {"something behind the label", LABELS + 8, 'x', HASHVEIL_ERR_PROTOCOL},
    {"a label without an end", LABELS + 23, 'x', HASHVEIL_ERR_PROTOCOL},
    {"labels in another order", LABELS, 'x', HASHVEIL_ERR_PROTOCOL},
    {"a third label", LABELS + 48, 'z', HASHVEIL_OK},
    {"a third label before the second", LABELS + 48, 'o', HASHVEIL_ERR_PROTOCOL},
    {"a byte of a digest", MD5, 1, HASHVEIL_ERR_PROTOCOL},
    {"the last byte of the digests", PADDING - 1, 1, HASHVEIL_ERR_PROTOCOL},
    {"another hash", HASH + 31, 0, HASHVEIL_OK},
    {"first byte of padding", PADDING, 1, HASHVEIL_ERR_PROTOCOL},
    {"last byte of padding", HV_REPORT_PLAIN_BYTES - 1, 1, HASHVEIL_ERR_PROTOCOL},
};

static void close_envelope(const struct envelope *envelope, const hashveil_key *reporter,
                           uint8_t *sealed)
{
    ck_assert_int_eq(crypto_box_seal(sealed + HEADER_BYTES, envelope->plain, ENVELOPE_BYTES,
                                     reporter->public_bytes),
                     0);
}

static void seal_content(const uint8_t *plain, const hashveil_key *reporter, uint8_t *sealed)
{
    struct envelope envelope;
    open_envelope(sealed, reporter, &envelope);
    crypto_aead_xchacha20poly1305_ietf_encrypt(envelope.plain + CONTENT, NULL, plain,
                                               HV_REPORT_PLAIN_BYTES, envelope.plain, CONTENT, NULL,
                                               envelope.nonce, envelope.key);
    close_envelope(&envelope, reporter, sealed);
}

static const struct {
    const char *what;
    size_t offset;
    uint8_t value;
    hashveil_status expected;
} envelopes[] = {
    {"nothing changed", THRESHOLD, 1, HASHVEIL_OK},
    {"version 2", 0, 2, HASHVEIL_ERR_PROTOCOL},
    {"threshold 0", THRESHOLD, 0, HASHVEIL_ERR_PROTOCOL},
    {"threshold 101", THRESHOLD, 101, HASHVEIL_ERR_PROTOCOL},
    {"threshold 257", THRESHOLD + 1, 1, HASHVEIL_ERR_PROTOCOL},
    {"a reserved byte", ENVELOPE_RESERVED + 3, 1, HASHVEIL_ERR_PROTOCOL},
    {"another id", ENVELOPE_ID, 0, HASHVEIL_ERR_PROTOCOL},
    {"another account", ACCOUNT, 0, HASHVEIL_ERR_KEY},
    {"another point", POINT, 0, HASHVEIL_ERR_KEY},
    {"another share", SHARE, 0, HASHVEIL_ERR_KEY},
    {"another content", CONTENT, 0, HASHVEIL_ERR_KEY},
};

START_TEST(an_envelope_is_read_strictly_and_its_content_bound_to_it)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = example();
    struct envelope envelope;
    hashveil_report back;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    const size_t offset = envelopes[_i].offset;
    seal(&report, &reporter, sealed);
    open_envelope(sealed, &reporter, &envelope);
    /* What is zero by chance becomes something else too. */
    const uint8_t value =
        offset >= ACCOUNT && envelope.plain[offset] == 0 ? 1 : envelopes[_i].value;
    envelope.plain[offset] = value;
    close_envelope(&envelope, &reporter, sealed);
    const hashveil_status status = open_sealed(sealed, sizeof sealed, &reporter, &back);
    ck_assert_msg(status == envelopes[_i].expected, "%s: %s", envelopes[_i].what,
                  hashveil_status_text(status));
}
END_TEST

START_TEST(a_threshold_out_of_range_is_not_sealed)
{
    static const struct {
        unsigned threshold;
        hashveil_status expected;
    } rows[] = {{0, HASHVEIL_ERR_ARGUMENT},
                {1, HASHVEIL_OK},
                {100, HASHVEIL_OK},
                {101, HASHVEIL_ERR_ARGUMENT}};
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = example();
    hashveil_account generated = account;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    generated.threshold = rows[_i].threshold;
    ck_assert_int_eq(hashveil_report_seal(&report, &generated, &reporter, sealed),
                     rows[_i].expected);
    ck_assert_int_eq(hashveil_account_generate(rows[_i].threshold, &generated), rows[_i].expected);
}
END_TEST

START_TEST(the_content_of_a_seal_is_read_strictly)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    const hashveil_report report = example();
    hashveil_report back;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    uint8_t plain[HV_REPORT_PLAIN_BYTES];
    seal(&report, &reporter, sealed);
    unseal(sealed, &reporter, plain);
    plain[contents[_i].offset] = contents[_i].value;
    seal_content(plain, &reporter, sealed);
    const hashveil_status status = open_sealed(sealed, sizeof sealed, &reporter, &back);
    ck_assert_msg(status == contents[_i].expected, "%s: %s", contents[_i].what,
                  hashveil_status_text(status));
}
END_TEST

START_TEST(the_content_has_one_length)
{
    const uint8_t plain[HV_REPORT_PLAIN_BYTES + 1] = {2, 0, 1, 2};
    hashveil_report report;
    ck_assert_int_eq(hv_report_parse(plain, HV_REPORT_PLAIN_BYTES, &report), HASHVEIL_OK);
    ck_assert_int_eq(hv_report_parse(plain, HV_REPORT_PLAIN_BYTES - 1, &report),
                     HASHVEIL_ERR_PROTOCOL);
    ck_assert_int_eq(hv_report_parse(plain, HV_REPORT_PLAIN_BYTES + 1, &report),
                     HASHVEIL_ERR_PROTOCOL);
    ck_assert_int_eq(hv_report_parse(plain, 0, &report), HASHVEIL_ERR_PROTOCOL);
}
END_TEST

static const struct {
    const char label[HASHVEIL_LABEL_MAX_LEN + 2];
    bool is_valid;
} labels[] = {
    {"", true},
    {"harbour", true},
    {"two words", true},
    {"12345678901234567890123", true},
    {"123456789012345678901234", false}, /* no end */
    {"~", true},
    {"\x1f", false},
    {"a\tb", false},
    {"\x1b[2J", false},
    {"\x7f", false},
    {"\xc2\x80", false}, /* first of C1 */
    {"\xc2\x9f", false}, /* last of C1 */
    {"\xc2\xa0", true},  /* just above */
    {"h\xc3\xa4"
     "fen",
     true},                          /* two bytes */
    {"\xe6\xb8\xaf", true},          /* three */
    {"\xf0\x9f\x9a\xa2", true},      /* four */
    {"\xf4\x8f\xbf\xbf", true},      /* the last code point */
    {"\xf4\x90\x80\x80", false},     /* beyond it */
    {"\xed\x9f\xbf", true},          /* just below the surrogates */
    {"\xed\xa0\x80", false},         /* first surrogate */
    {"\xed\xbf\xbf", false},         /* last surrogate */
    {"\xee\x80\x80", true},          /* just above */
    {"\x80", false},                 /* begins with a following byte */
    {"\xc3", false},                 /* lacks one */
    {"\xc3(", false},                /* something else follows */
    {"\xc1\xbf", false},             /* DEL and below, longer than needed */
    {"\xc0\xaf", false},             /* '/', longer than needed */
    {"\xe0\x9f\xbf", false},         /* likewise, three bytes */
    {"\xf0\x8f\xbf\xbf", false},     /* likewise, four bytes */
    {"\xf8\x88\x80\x80\x80", false}, /* five bytes are no longer allowed */
    {"\xff", false},
    {"ab\0c", false},
};

static const struct {
    const char labels[HASHVEIL_MAX_LABELS][HASHVEIL_LABEL_MAX_LEN + 1];
    bool is_valid;
} label_sets[] = {
    {{"", "", ""}, true},     {{"a", "", ""}, true},    {{"a", "b", ""}, true},
    {{"a", "b", "c"}, true},  {{"", "a", ""}, false},   {{"a", "", "b"}, false},
    {{"", "", "a"}, false},   {{"a", "a", ""}, false},  {{"b", "a", ""}, false},
    {{"a", "c", "b"}, false}, {{"a", "b", "b"}, false}, {{"a", "b", "\n"}, false},
};

START_TEST(labels_are_in_order_and_all_different)
{
    hashveil_record record = {0};
    memcpy(record.labels, label_sets[_i].labels, sizeof record.labels);
    ck_assert(hv_labels_are_valid(&record) == label_sets[_i].is_valid);
}
END_TEST

START_TEST(a_label_is_text_that_any_program_may_print)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    hashveil_report report = example();
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    memset(report.record.labels, 0, sizeof report.record.labels);
    memcpy(report.record.labels[0], labels[_i].label, sizeof report.record.labels[0]);
    ck_assert_msg(hv_label_is_valid(report.record.labels[0]) == labels[_i].is_valid, "label %d",
                  _i);
    ck_assert_int_eq(hashveil_report_seal(&report, &account, &reporter, sealed),
                     labels[_i].is_valid ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT);
}
END_TEST

START_TEST(what_no_reporter_would_open_is_not_sealed)
{
    const hashveil_key reporter = key_of(HASHVEIL_KEY_REPORTER, 1);
    hashveil_report report = example();
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    report.quality = 100;
    ck_assert_int_eq(hashveil_report_seal(&report, &account, &reporter, sealed), HASHVEIL_OK);
    report.quality = 101;
    ck_assert_int_eq(hashveil_report_seal(&report, &account, &reporter, sealed),
                     HASHVEIL_ERR_ARGUMENT);
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(rows)[0]))

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *seals = tcase_create("seals");
    TCase *refusals = tcase_create("refusals");

    tcase_add_loop_test(refusals, an_envelope_is_read_strictly_and_its_content_bound_to_it, 0,
                        COUNT(envelopes));
    tcase_add_loop_test(refusals, a_threshold_out_of_range_is_not_sealed, 0, 4);
    tcase_add_loop_test(seals, what_is_sealed_is_opened, 0, 2);
    tcase_add_test(seals, every_field_has_its_documented_place);
    tcase_add_test(seals, the_same_report_is_sealed_differently_each_time);
    tcase_add_loop_test(seals, what_a_report_does_not_have_is_zero_in_it, 0, COUNT(kinds));
    tcase_add_loop_test(seals, a_report_is_filled_from_the_match_with_its_own_id, 0, COUNT(kinds));
    suite_add_tcase(suite, seals);

    tcase_add_test(refusals, only_its_own_reporter_opens_a_report);
    tcase_add_test(refusals, nothing_is_sealed_to_what_is_no_reporters_key);
    tcase_add_test(refusals, a_changed_bit_anywhere_is_noticed);
    tcase_add_test(refusals, a_report_of_another_length_is_none);
    tcase_add_loop_test(refusals, the_content_of_a_seal_is_read_strictly, 0, COUNT(contents));
    tcase_add_test(refusals, the_content_has_one_length);
    tcase_add_loop_test(refusals, a_report_has_what_it_matched_by_and_no_digest_without_need, 0,
                        COUNT(misfits));
    tcase_add_loop_test(refusals, nothing_is_reported_but_what_matched, 0, COUNT(no_matches));
    tcase_add_loop_test(refusals, labels_are_in_order_and_all_different, 0, COUNT(label_sets));
    tcase_add_loop_test(refusals, a_label_is_text_that_any_program_may_print, 0, COUNT(labels));
    tcase_add_test(refusals, what_no_reporter_would_open_is_not_sealed);
    suite_add_tcase(suite, refusals);
    return run_suite(suite);
}
