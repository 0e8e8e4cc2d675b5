/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes on their way into the store, where an account's reports open when enough different
 * records have matched. Many that come together share one commit, and so one wait for the disk. */
#ifndef HASHVEIL_TOOLS_REPORT_INTAKE_H
#define HASHVEIL_TOOLS_REPORT_INTAKE_H

#include "report_store.h"

/* Says what becomes of a report. On any thread, one call at a time. */
typedef struct report_judgement report_judge_fn(void *context, const hashveil_report *report);

/* Shared freely between threads. */
struct report_intake;

/* store: borrowed until the stop, and used by nobody else. Returns NULL without memory, or when the
 * store cannot be read. */
struct report_intake *report_intake_start(struct report_store *store, report_judge_fn *judge,
                                          void *context);

/* Keeps an envelope; with OK it is on the disk, and what it opens is among the reports. One whose
 * id is there already changes nothing.
 *
 * Errors: ERR_BUSY and those of writing a file. */
HASHVEIL_MUST_USE hashveil_status report_intake_take(struct report_intake *intake,
                                                     const hashveil_envelope *envelope);

/* When nobody takes any more. Accepts NULL. */
void report_intake_stop(struct report_intake *intake);

#endif
