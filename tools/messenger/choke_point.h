/* SPDX-License-Identifier: Apache-2.0 */
/* The one way for a file out of the messenger: read, checked and, where the policy lets it pass,
 * encrypted, all from the same sealed memory. */
#ifndef MESSENGER_CHOKE_POINT_H
#define MESSENGER_CHOKE_POINT_H

#include <stdbool.h>

#include "attachment.h"
#include "screening.h"

/* Chosen by the user at the start, with no default. */
struct policy {
    bool sends_listed;    /* after it was reported; else it is held back */
    bool sends_unchecked; /* what could not be checked or, being listed, not be reported */
};

struct passage {
    struct screening_outcome outcome;
    bool is_passed; /* key and blob are filled */
    struct attachment_key key;
    struct blob blob;
};

/* Returns whether the policy lets a file of this outcome out. */
bool policy_passes(const struct policy *policy, const struct screening_outcome *outcome);

/* out: cleared by passage_clear. Errors: those of reading and encrypting; nothing is passed then.
 */
HASHVEIL_MUST_USE hashveil_status choke_point_pass(struct screening *screening,
                                                   const struct policy *policy, const char *path,
                                                   struct passage *out);

void passage_clear(struct passage *passage);

#endif
