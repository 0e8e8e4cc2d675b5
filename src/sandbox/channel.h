/* SPDX-License-Identifier: Apache-2.0 */
/* What passes between the two sides of the sandbox. Both are built from the same source, which the
 * first message proves, so that plain structs serve.
 *
 * A decoder process has four descriptors: a socket that keeps messages apart, the file's bytes in
 * memory that it can only read, room for the results, and a pipe on which nothing comes but its
 * end. Each file is one request and one answer.
 */
#ifndef HV_SANDBOX_CHANNEL_H
#define HV_SANDBOX_CHANNEL_H

#include <stdint.h>

#include <hashveil/fingerprint.h>

enum {
    HV_CHANNEL_SOCKET = 3,
    HV_CHANNEL_FILE,
    HV_CHANNEL_RESULTS,
    HV_CHANNEL_LIFE,
    HV_CHANNEL_END /* behind the last */
};

/* The parent's first message. */
struct hv_channel_setup {
    uint64_t max_file_bytes; /* that the file's memory has room for */
    uint64_t max_memory_bytes;
};

/* The decoder's answer to it, when nothing but decoding is possible any more. */
struct hv_channel_ready {
    char version[24];
    uint32_t request_bytes; /* of the messages that follow */
    int32_t status;         /* a hashveil_status */
};

/* Value by value, so that no byte between them carries what lay there before. */
struct hv_channel_request {
    uint64_t len; /* of the file */
    uint64_t max_file_bytes, max_pixels;
    uint32_t max_side_px, max_scans;
    uint32_t applies_orientation, is_exact_decode;
    uint32_t policy; /* a hashveil_pdq_policy */
    uint32_t forms;  /* 1, HASHVEIL_PDQ_POLICIES or HASHVEIL_PDQ_DIHEDRAL */
};

struct hv_channel_answer {
    int32_t status; /* a hashveil_status; when OK, that many results stand in their place */
};

struct hv_channel_results {
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
};

#endif
