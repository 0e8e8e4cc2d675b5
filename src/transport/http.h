/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP numbers and statuses: HASHVEIL_HTTP_TABLE, read the client's way. */
#ifndef HV_TRANSPORT_HTTP_H
#define HV_TRANSPORT_HTTP_H

#include <hashveil/status.h>

/* What a client makes of an answer's number: any of 200..299 is OK, one from 400 on that is not in
 * the table ERR_REFUSED, and the rest, which asks for something we never do, ERR_PROTOCOL. */
hashveil_status hv_status_of_http(long number);

#endif
