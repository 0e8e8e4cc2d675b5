/* SPDX-License-Identifier: Apache-2.0 */
#include "choke_point.h"

#include <openssl/crypto.h>

bool policy_passes(const struct policy *policy, const struct screening_outcome *outcome)
{
    switch (outcome->kind) {
    case SCREENING_CLEAR:
    case SCREENING_TOO_PLAIN:
        return true;
    case SCREENING_LISTED:
        return policy->sends_listed && (outcome->is_reported || policy->sends_unchecked);
    case SCREENING_UNCHECKED:
        return policy->sends_unchecked;
    }
    return false;
}

hashveil_status choke_point_pass(struct screening *screening, const struct policy *policy,
                                 const char *path, struct passage *out)
{
    struct attachment attachment;
    *out = (struct passage){0};
    hashveil_status status = attachment_read(path, &attachment);
    if (status != HASHVEIL_OK) {
        return status;
    }
    out->outcome = screening_check(screening, &attachment);
    if (policy_passes(policy, &out->outcome)) {
        status = attachment_encrypt(&attachment, &out->key, &out->blob);
        out->is_passed = status == HASHVEIL_OK;
    }
    attachment_clear(&attachment);
    return status;
}

void passage_clear(struct passage *passage)
{
    blob_clear(&passage->blob);
    OPENSSL_cleanse(passage, sizeof *passage);
}
