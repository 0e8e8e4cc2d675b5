/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan stands on, looked at piece by piece. */
#ifndef HASHVEIL_TOOLS_DOCTOR_H
#define HASHVEIL_TOOLS_DOCTOR_H

#include "scan_options.h"

enum doctor_state {
    DOCTOR_OK,   /* in order */
    DOCTOR_NONE, /* not set up, and a scan does without */
    DOCTOR_BAD   /* to be mended */
};

/* One look. Texts are borrowed for the call. */
struct doctor_finding {
    const char *check;   /* what was looked at: a word */
    const char *subject; /* a path or an address; or "" */
    enum doctor_state state;
    const char *detail; /* what was found */
    const char *remedy; /* what to do; or "" */
};

struct doctor {
    struct scan_options *options;
    void (*on_finding)(void *context, const struct doctor_finding *finding);
    void *context;
};

/* Makes all checks, each with one finding or more. */
void doctor_look(const struct doctor *doctor);

#endif
