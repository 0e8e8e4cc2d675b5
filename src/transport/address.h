/* SPDX-License-Identifier: Apache-2.0 */
/* Where a peer is: a Unix socket, or the start of a URL. */
#ifndef HV_TRANSPORT_ADDRESS_H
#define HV_TRANSPORT_ADDRESS_H

#include <hashveil/status.h>

/* Starts as {0}. */
struct hv_address {
    char *url;         /* owned; what a path is put behind: "https://host:1234/folder" */
    char *socket_path; /* owned; NULL without a Unix socket */
};

/* Errors: ERR_ARGUMENT (not what hashveil_peer.address may be), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_address_parse(const char *text, struct hv_address *out);

void hv_address_clear(struct hv_address *address);

#endif
