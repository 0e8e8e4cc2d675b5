/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of a transparency log as JSON. */
#ifndef HASHVEIL_TOOLS_LOG_PROOF_H
#define HASHVEIL_TOOLS_LOG_PROOF_H

#include <stdbool.h>

#include <hashveil/log.h>

/* Prints one to stdout. Returns false after a message. */
bool log_proof_print(const hashveil_log_proof *proof);

enum { LOG_PROOF_MAX_BYTES = 32 * 1024 };

/* bytes: any content. Returns NULL, or what is wrong with them. */
const char *log_proof_parse(const char *bytes, size_t len, hashveil_log_proof *out);

/* Returns false after a message that names the file. */
bool log_proof_read(const char *path, hashveil_log_proof *out);

#endif
