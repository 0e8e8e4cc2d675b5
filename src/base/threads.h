/* SPDX-License-Identifier: Apache-2.0 */
/* One loop over independent jobs, on several threads. */
#ifndef HV_BASE_THREADS_H
#define HV_BASE_THREADS_H

#include <stddef.h>

#include <hashveil/status.h>

/* The number of processors this process may run on, at least 1. */
unsigned hv_processor_count(void);

/* Does job number index; worker is 0..workers - 1, for scratch of one's own. */
typedef hashveil_status hv_job_fn(void *context, size_t index, unsigned worker);

/* Calls run once for each index below count, in rising order of start, on this thread and up to
 * workers - 1 others. After the first failure no job starts; that failure is returned. Works with
 * fewer threads when the system gives fewer. */
HASHVEIL_MUST_USE hashveil_status hv_parallel(size_t count, unsigned workers, hv_job_fn *run,
                                              void *context);

#endif
