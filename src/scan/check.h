/* SPDX-License-Identifier: Apache-2.0 */
/* One file to its class: read, decode, fingerprint, ask the evaluator, look up. */
#ifndef HV_SCAN_CHECK_H
#define HV_SCAN_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/scan.h>
#include <hashveil/scanner.h>
#include <hashveil/transport.h>

#include "base/backoff.h"

/* One worker's private state. */
struct hv_checker {
    const hashveil_scan_options *options;                 /* shared, read-only */
    const hashveil_scanner *scanner;                      /* shared, read-only */
    hashveil_connection *evaluators[HASHVEIL_KEY_SHARES]; /* as many as have to be asked */
    hashveil_fingerprint forms[HASHVEIL_PDQ_POLICIES];    /* of the file in hand */
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    bool is_failing;           /* no evaluator's answer has come since a failure */
    struct hv_backoff backoff; /* of that */
};

/* Errors: as hashveil_connection_open; it is to be cleared then, too. */
HASHVEIL_MUST_USE hashveil_status hv_checker_init(const hashveil_scan_options *options,
                                                  const hashveil_scanner *scanner,
                                                  struct hv_checker *out);

/* How the exchange with the evaluators went. */
struct hv_peer_failure {
    hashveil_status status; /* OK where there was none */
    unsigned evaluator;     /* which one failed */
};

/* Fills the class, the status and what belongs to them; result->path is set by the caller.
 * bytes_out: how many were read. */
void hv_checker_run(struct hv_checker *checker, hashveil_file_result *result, uint64_t *bytes_out,
                    struct hv_peer_failure *failure_out);

void hv_checker_clear(struct hv_checker *checker);

#endif
