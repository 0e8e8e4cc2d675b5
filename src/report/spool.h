/* SPDX-License-Identifier: Apache-2.0 */
/* What delivery needs of a spool. */
#ifndef HV_REPORT_SPOOL_H
#define HV_REPORT_SPOOL_H

#include <stdint.h>

#include <hashveil/report.h>

/* A report on its way. Starts as {0}. */
struct hv_waiting_report {
    int64_t sequence; /* 0: there is none */
    uint8_t id[HASHVEIL_REPORT_ID_BYTES];
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
};

/* Reads the report that waits behind the one in report, or sets its sequence to 0. On a failure
 * with a sequence, only that report cannot be read. */
HASHVEIL_MUST_USE hashveil_status hv_spool_next(hashveil_spool *spool,
                                                struct hv_waiting_report *report);

HASHVEIL_MUST_USE hashveil_status hv_spool_remove(hashveil_spool *spool,
                                                  const struct hv_waiting_report *report);

#endif
