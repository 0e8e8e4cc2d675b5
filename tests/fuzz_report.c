/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: the bytes are taken for a sealed one, for an envelope, and for a content. What is read
 * as a content is sealed, opened, and the same. */
#include "base/memory.h"
#include "fuzz.h"
#include "key/key.h"
#include "report/report.h"

#include <stdlib.h>

static const hashveil_account account = {.key = {9}, .threshold = 1};

/* With a threshold of one every share is the secret. */
static hashveil_status open_alone(const hashveil_envelope *envelope, hashveil_report *out)
{
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    const hashveil_status status = hashveil_account_recover(&envelope, 1, secret);
    return status == HASHVEIL_OK ? hashveil_report_open(envelope, secret, out) : status;
}

static void check_content(const uint8_t *bytes, size_t len, const hashveil_key *reporter)
{
    hashveil_report report;
    hashveil_report back;
    hashveil_envelope envelope;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    if (hv_report_parse(bytes, len, &report) != HASHVEIL_OK) {
        return;
    }
    if (hashveil_report_seal(&report, &account, reporter, sealed) != HASHVEIL_OK ||
        hashveil_envelope_open(sealed, sizeof sealed, reporter, &envelope) != HASHVEIL_OK ||
        open_alone(&envelope, &back) != HASHVEIL_OK ||
        memcmp(report.id, back.id, sizeof report.id) != 0 ||
        memcmp(report.hash.word, back.hash.word, sizeof report.hash.word) != 0 ||
        memcmp(report.record.labels, back.record.labels, sizeof report.record.labels) != 0 ||
        report.matched_by != back.matched_by || report.has_picture != back.has_picture ||
        report.has_digests != back.has_digests ||
        memcmp(&report.digests, &back.digests, sizeof report.digests) != 0) {
        abort();
    }
}

static void check_envelope(const hashveil_envelope *envelope)
{
    hashveil_report report;
    if (envelope->threshold < 1 || envelope->threshold > HASHVEIL_MAX_THRESHOLD) {
        abort();
    }
    if (open_alone(envelope, &report) == HASHVEIL_OK &&
        (report.quality > 100 || !hv_labels_are_valid(&report.record) ||
         report.has_digests != (report.matched_by != HASHVEIL_SIGNAL_PDQ))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t seed[HV_KEY_SEED_BYTES] = {7};
    hashveil_key reporter;
    hashveil_envelope envelope;
    if (hv_key_from_seed(HASHVEIL_KEY_REPORTER, seed, &reporter) != HASHVEIL_OK) {
        abort();
    }
    if (hashveil_envelope_open(bytes, len, &reporter, &envelope) == HASHVEIL_OK) {
        check_envelope(&envelope);
    }
    if (hv_envelope_parse(bytes, len, &envelope) == HASHVEIL_OK) {
        check_envelope(&envelope);
    }
    check_content(bytes, len, &reporter);
    hashveil_key_clear(&reporter);
    return 0;
}
