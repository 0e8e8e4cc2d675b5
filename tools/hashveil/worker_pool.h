/* SPDX-License-Identifier: Apache-2.0 */
/* Many jobs on a few threads. */
#ifndef HASHVEIL_TOOLS_WORKER_POOL_H
#define HASHVEIL_TOOLS_WORKER_POOL_H

#include "progress.h"

#include <stddef.h>

/* Does job number index; worker is below the number that worker_pool_size gave. */
typedef void worker_pool_fn(void *context, size_t index, unsigned worker);

/* How many threads a wish means: 0 for one a processor. */
unsigned worker_pool_size(unsigned wish);

/* Calls run once for each index below count, on this thread and up to workers - 1 others, and shows
 * how far it is. Works with fewer threads when the system gives fewer. */
void worker_pool_run(size_t count, unsigned workers, worker_pool_fn *run, void *context,
                     struct progress *progress);

#endif
