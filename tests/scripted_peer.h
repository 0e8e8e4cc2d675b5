/* SPDX-License-Identifier: Apache-2.0 */
/* A peer on a Unix socket, in a thread of its own, that plays prepared answers: to see what a
 * client makes of good, late, broken and hostile ones. */
#ifndef HV_TESTS_SCRIPTED_PEER_H
#define HV_TESTS_SCRIPTED_PEER_H

#include <stddef.h>

/* What the peer does when it has sent an answer. */
enum peer_end {
    PEER_KEEPS,  /* waits for the next request */
    PEER_CLOSES, /* hangs up */
    PEER_RESETS, /* hangs up before it has read the request, so that the client's is lost */
    PEER_WAITS,  /* sends no more until the client hangs up */
    PEER_FLOODS, /* sends the flood again and again until the client hangs up */
    PEER_DIES    /* hangs up, and takes no more connections */
};

struct peer_step {
    const char *answer; /* sent as it is; "" for nothing */
    enum peer_end end;
    const char *flood;
};

enum { PEER_MAX_REQUESTS = 32, PEER_MAX_REQUEST_BYTES = 1024 };

/* A request as it came in, head and body. */
struct peer_request {
    char bytes[PEER_MAX_REQUEST_BYTES];
    size_t len, head_len;
};

/* Read by the test after peer_stop only. */
struct peer {
    struct peer_request requests[PEER_MAX_REQUESTS];
    size_t request_count, connection_count;
};

/* Listens at path and plays count steps, one a request; the last one is played for all that follow.
 * Returns NULL when it cannot. steps: borrowed until peer_stop. */
struct peer *peer_start(const char *path, const struct peer_step *steps, size_t count);

/* Ends the thread and removes the socket. What was received stays to be read until peer_free. */
void peer_stop(struct peer *peer);
void peer_free(struct peer *peer);

#endif
