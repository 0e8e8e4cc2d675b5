/* SPDX-License-Identifier: Apache-2.0 */
/* A flag that ends long work early: set by one thread or a signal handler, read by others. C++ has
 * the same object under another name. */
#ifndef HASHVEIL_CANCEL_H
#define HASHVEIL_CANCEL_H

#ifdef __cplusplus
#include <atomic>
typedef std::atomic<bool> hashveil_atomic_bool;
#else
#include <stdatomic.h>
typedef atomic_bool hashveil_atomic_bool;
#endif

#endif
