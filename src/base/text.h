/* SPDX-License-Identifier: Apache-2.0 */
/* Text that came from outside and will be shown to people. */
#ifndef HV_BASE_TEXT_H
#define HV_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether len bytes are text that any program may print: UTF-8 (RFC 3629) without control
 * characters. */
bool hv_text_is_plain(const char *text, size_t len);

#endif
