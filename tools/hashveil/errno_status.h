/* SPDX-License-Identifier: Apache-2.0 */
/* What the system says of a file operation, as a status. */
#ifndef HASHVEIL_TOOLS_ERRNO_STATUS_H
#define HASHVEIL_TOOLS_ERRNO_STATUS_H

#include <hashveil/status.h>

/* The status for an errno value of a file operation. */
hashveil_status status_of_errno(int error);

#endif
