/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a report, before and after they are sealed. Layout: content.c, seal.c. */
#ifndef HV_REPORT_REPORT_H
#define HV_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/report.h>

enum { HV_REPORT_PLAIN_BYTES = 288, HV_REPORT_KEY_ID_BYTES = 8, HV_CONTENT_KEY_BYTES = 32 };

/* What anybody can read of a sealed report. */
struct hv_report_header {
    uint8_t id[HASHVEIL_REPORT_ID_BYTES];
    uint8_t key_id[HV_REPORT_KEY_ID_BYTES]; /* names the reporter's public key */
};

/* Checks all that can be checked without the reporter's key.
 * Errors: ERR_PROTOCOL, ERR_VERSION. */
HASHVEIL_MUST_USE hashveil_status hv_report_header_parse(const uint8_t *bytes, size_t len,
                                                         struct hv_report_header *out);

/* Reads what is in a seal. Errors: ERR_PROTOCOL. */
HASHVEIL_MUST_USE hashveil_status hv_envelope_parse(const uint8_t *plain, size_t len,
                                                    hashveil_envelope *out);

/* Fills account, point and share of an envelope with its threshold, and the key for its content. */
void hv_account_share(const hashveil_account *account, const hashveil_key *reporter,
                      const uint8_t record_id[HASHVEIL_RECORD_ID_BYTES],
                      hashveil_envelope *envelope, uint8_t key_out[HV_CONTENT_KEY_BYTES]);

/* The key for the contents of an account. */
void hv_account_content_key(const uint8_t account[HASHVEIL_ACCOUNT_ID_BYTES],
                            const uint8_t secret[HASHVEIL_SHARE_BYTES],
                            uint8_t out[HV_CONTENT_KEY_BYTES]);

/* Whether a report has what it must have, and nothing else: what matched, and a picture's hash. */
bool hv_report_is_consistent(const hashveil_report *report);

/* Writes the content. */
void hv_report_write(const hashveil_report *report, uint8_t plain[HV_REPORT_PLAIN_BYTES]);

/* Reads the content. Errors: ERR_PROTOCOL. */
HASHVEIL_MUST_USE hashveil_status hv_report_parse(const uint8_t *plain, size_t len,
                                                  hashveil_report *out);

/* Whether a label is text that any program may print: UTF-8 without control characters, with
 * nothing but NUL after the first one, and one at the end. */
bool hv_label_is_valid(const char label[HASHVEIL_LABEL_MAX_LEN + 1]);

/* Whether all of a record are, and those in use come first, in byte order, all different. */
bool hv_labels_are_valid(const hashveil_record *record);

#endif
