/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says: 288 bytes, whatever it is. All numbers are little-endian.
 *
 *     offset  bytes  the content
 *          0      2  version, 2
 *          2      1  signal that the file was matched by: 1 PDQ, 2 MD5, 3 SHA-1, 4 SHA-256
 *          3      1  signals that follow: bit i for signal i; PDQ where the file is a picture, the
 *                    digests all together, and only where one of them matched
 *          4      1  quality of the device's picture, 0..100, zero without one
 *          5      3  reserved, zero
 *          8     16  report id, as outside: nobody can put another one on a report
 *         24      8  time of the match, seconds since 1970
 *         32      8  epoch of the database
 *         40     32  digest of the database's manifest
 *         72     16  record id, the curator's
 *         88     72  three labels, UTF-8 without control characters, each of 24 bytes filled with
 *                    zero, at least one; those in use first, in byte order, all different
 *        160      8  lists: bit i for list i of the manifest
 *        168     32  PDQ hash of the device's picture, bit 0 first, zero without one
 *        200     16  MD5
 *        216     20  SHA-1
 *        236     32  SHA-256, all three zero where they do not follow
 *        268     20  padding, zero */
#include "report/report.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "base/text.h"

#include <assert.h>
#include <sodium.h>
#include <time.h>
#include <unistd.h>

enum {
    VERSION = 2,
    MAX_QUALITY = 100,
    LABEL_BYTES = HASHVEIL_LABEL_MAX_LEN + 1,
    DIGESTS_BYTES = sizeof(hashveil_digests),
    PICTURE_SIGNALS = 1 << HASHVEIL_SIGNAL_PDQ,
    DIGEST_SIGNALS =
        1 << HASHVEIL_SIGNAL_MD5 | 1 << HASHVEIL_SIGNAL_SHA1 | 1 << HASHVEIL_SIGNAL_SHA256
};

static_assert(DIGESTS_BYTES == 16 + 20 + 32, "no byte between them");

bool hv_report_is_consistent(const hashveil_report *report)
{
    const bool is_by_picture = report->matched_by == HASHVEIL_SIGNAL_PDQ;
    const bool is_by_digest =
        report->matched_by >= HASHVEIL_SIGNAL_MD5 && report->matched_by <= HASHVEIL_SIGNAL_SHA256;
    return (is_by_picture || is_by_digest) && (report->has_picture || is_by_digest) &&
           report->has_digests == is_by_digest && report->quality <= MAX_QUALITY;
}

hashveil_status hashveil_report_fill(const hashveil_sealed_db_info *database,
                                     const hashveil_verdict *verdict,
                                     const hashveil_subject *subject, hashveil_report *out)
{
    const bool is_by_digest = verdict->matched_by > HASHVEIL_SIGNAL_PDQ;
    hashveil_report report = {
        .time_s = (uint64_t)time(NULL),
        .epoch = database->epoch,
        .record = verdict->record,
        .matched_by = verdict->matched_by,
        .has_picture = subject->form_count > 0,
        .has_digests = is_by_digest && subject->digests != NULL,
    };
    memcpy(report.database_digest, database->digest, sizeof report.database_digest);
    if (report.has_picture) {
        report.hash = subject->forms[0].hash;
        report.quality = subject->forms[0].quality;
    }
    if (report.has_digests) {
        report.digests = *subject->digests;
    }
    if (verdict->kind != HASHVEIL_VERDICT_MATCH || !hv_report_is_consistent(&report)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (getentropy(report.id, sizeof report.id) != 0) {
        return HASHVEIL_ERR_IO;
    }
    *out = report;
    return HASHVEIL_OK;
}

bool hv_label_is_valid(const char label[HASHVEIL_LABEL_MAX_LEN + 1])
{
    const size_t len = strnlen(label, HASHVEIL_LABEL_MAX_LEN + 1);
    return len <= HASHVEIL_LABEL_MAX_LEN && hv_text_is_plain(label, len) &&
           sodium_is_zero((const uint8_t *)label + len, HASHVEIL_LABEL_MAX_LEN + 1 - len);
}

bool hv_labels_are_valid(const hashveil_record *record)
{
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        const char *label = record->labels[i];
        const char *before = i > 0 ? record->labels[i - 1] : NULL;
        /* Empty ones are last, and nothing is twice. */
        if (!hv_label_is_valid(label) ||
            (before && label[0] != '\0' && (before[0] == '\0' || strcmp(before, label) >= 0))) {
            return false;
        }
    }
    return true;
}

static void write_zeros(struct hv_writer *out, size_t len)
{
    uint8_t *space = hv_write_space(out, len);
    if (space) {
        memset(space, 0, len);
    }
}

static uint8_t signals_of(const hashveil_report *report)
{
    return (uint8_t)((report->has_picture ? PICTURE_SIGNALS : 0) |
                     (report->has_digests ? DIGEST_SIGNALS : 0));
}

static void write_digests(struct hv_writer *out, const hashveil_report *report)
{
    if (!report->has_digests) {
        write_zeros(out, DIGESTS_BYTES);
        return;
    }
    hv_write_bytes(out, report->digests.md5, sizeof report->digests.md5);
    hv_write_bytes(out, report->digests.sha1, sizeof report->digests.sha1);
    hv_write_bytes(out, report->digests.sha256, sizeof report->digests.sha256);
}

void hv_report_write(const hashveil_report *report, uint8_t plain[HV_REPORT_PLAIN_BYTES])
{
    struct hv_writer out = hv_writer_of(plain, HV_REPORT_PLAIN_BYTES);
    hv_write_u16le(&out, VERSION);
    hv_write_u8(&out, (uint8_t)report->matched_by);
    hv_write_u8(&out, signals_of(report));
    hv_write_u8(&out, (uint8_t)(report->has_picture ? report->quality : 0));
    write_zeros(&out, 3);
    hv_write_bytes(&out, report->id, sizeof report->id);
    hv_write_u64le(&out, report->time_s);
    hv_write_u64le(&out, report->epoch);
    hv_write_bytes(&out, report->database_digest, sizeof report->database_digest);
    hv_write_bytes(&out, report->record.id, sizeof report->record.id);
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        hv_write_bytes(&out, (const uint8_t *)report->record.labels[i], LABEL_BYTES);
    }
    hv_write_u64le(&out, report->record.lists);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS / 64; i++) {
        hv_write_u64le(&out, report->has_picture ? report->hash.word[i] : 0);
    }
    write_digests(&out, report);
    write_zeros(&out, HV_REPORT_PLAIN_BYTES - out.len);
    assert(!out.failed);
}

/* Reads bytes that must be zero. */
static void read_zeros(struct hv_reader *in, size_t len)
{
    const uint8_t *bytes = hv_read_bytes(in, len);
    if (bytes && !sodium_is_zero(bytes, len)) {
        in->failed = true;
    }
}

/* Whether what a report does not have is zero. */
static bool has_no_more(const hashveil_report *report)
{
    const bool has_no_hash =
        sodium_is_zero((const uint8_t *)report->hash.word, sizeof report->hash.word) &&
        report->quality == 0;
    return (report->has_picture || has_no_hash) &&
           (report->has_digests ||
            sodium_is_zero((const uint8_t *)&report->digests, sizeof report->digests));
}

hashveil_status hv_report_parse(const uint8_t *plain, size_t len, hashveil_report *out)
{
    struct hv_reader in = hv_reader_of(plain, len);
    hashveil_report report = {0};
    const uint16_t version = hv_read_u16le(&in);
    report.matched_by = (hashveil_signal)hv_read_u8(&in);
    const uint8_t signals = hv_read_u8(&in);
    report.has_picture = signals & PICTURE_SIGNALS;
    report.has_digests = signals & DIGEST_SIGNALS;
    report.quality = hv_read_u8(&in);
    read_zeros(&in, 3);
    hv_read_copy(&in, report.id, sizeof report.id);
    report.time_s = hv_read_u64le(&in);
    report.epoch = hv_read_u64le(&in);
    hv_read_copy(&in, report.database_digest, sizeof report.database_digest);
    hv_read_copy(&in, report.record.id, sizeof report.record.id);
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        hv_read_copy(&in, (uint8_t *)report.record.labels[i], LABEL_BYTES);
    }
    report.record.lists = hv_read_u64le(&in);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS / 64; i++) {
        report.hash.word[i] = hv_read_u64le(&in);
    }
    hv_read_copy(&in, report.digests.md5, sizeof report.digests.md5);
    hv_read_copy(&in, report.digests.sha1, sizeof report.digests.sha1);
    hv_read_copy(&in, report.digests.sha256, sizeof report.digests.sha256);
    read_zeros(&in, in.left);

    if (in.failed || len != HV_REPORT_PLAIN_BYTES || version != VERSION ||
        signals != signals_of(&report) || !hv_report_is_consistent(&report) ||
        !has_no_more(&report) || !hv_labels_are_valid(&report.record)) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    *out = report;
    return HASHVEIL_OK;
}
