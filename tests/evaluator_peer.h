/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluator on a Unix socket, in a thread of its own: right answers to all who ask, but for one
 * request that can be spoiled. */
#ifndef HV_TESTS_EVALUATOR_PEER_H
#define HV_TESTS_EVALUATOR_PEER_H

#include <stddef.h>

#include <hashveil/key.h>

struct evaluator_peer;

/* Listens at path. The request of number spoiled, from 1 (0 for none), is answered by this text as
 * it is. What fails here ends the program. key: copied. answer: borrowed until stop. */
struct evaluator_peer *evaluator_peer_start(const char *path, const hashveil_key *key,
                                            size_t spoiled, const char *answer);

/* Ends the thread, removes the socket, and returns how many requests came: each of the one size,
 * for the one path. */
size_t evaluator_peer_stop(struct evaluator_peer *peer);

#endif
