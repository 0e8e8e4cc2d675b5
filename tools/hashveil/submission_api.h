/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of a reporting API, for those who write clients: requests in, answers out, in
 * the shape of CyberTipline's. Nothing that is submitted goes anywhere. */
#ifndef HASHVEIL_TOOLS_SUBMISSION_API_H
#define HASHVEIL_TOOLS_SUBMISSION_API_H

#include "submission_schema.h"
#include "submission_store.h"
#include "submission_users.h"

/* All borrowed. */
struct submission_api {
    struct submission_schema *schema;
    struct submission_store *store;
    const struct submission_users *users;
};

/* What makes an answer a failure on purpose: "CODE" instead of doing what is asked, "after:CODE"
 * when it is done. */
#define SUBMISSION_FAULT_HEADER "X-Stub-Fault"

/* Borrowed for a call. */
struct submission_request {
    bool is_post; /* else GET */
    const char *path;
    const char *authorization; /* the header's value; NULL without */
    const char *fault;         /* of SUBMISSION_FAULT_HEADER; NULL without */
    const uint8_t *body;       /* len bytes, any content */
    size_t len;
    uint64_t now_s;
};

struct submission_answer {
    unsigned http_status;
    char *xml; /* owned, to be released with free; NULL without memory */
};

/* Answers a request. Used by one thread at a time. */
struct submission_answer submission_api_answer(const struct submission_api *api,
                                               const struct submission_request *request);

#endif
