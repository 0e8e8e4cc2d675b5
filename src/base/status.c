/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/status.h>

const char *hashveil_status_text(hashveil_status status)
{
    switch (status) {
#define X(name, number, meaning)                                                                   \
    case HASHVEIL_##name:                                                                          \
        return meaning;
        HASHVEIL_STATUS_TABLE(X)
#undef X
    }
    return "unknown status";
}
