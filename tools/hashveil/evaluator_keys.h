/* SPDX-License-Identifier: Apache-2.0 */
/* The secret keys that an evaluator answers with: old ones stay beside a new one until no database
 * sealed for them is in use. */
#ifndef HASHVEIL_TOOLS_EVALUATOR_KEYS_H
#define HASHVEIL_TOOLS_EVALUATOR_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

enum { EVALUATOR_MAX_KEYS = 16 };

/* Shared freely between threads. */
struct evaluator_keys;

/* Reads the secret keys. paths: files, or folders with files named "*.key"; borrowed for as long as
 * the keys live. Returns NULL after a message. */
struct evaluator_keys *evaluator_keys_load(const char *const *paths, size_t count);

/* Reads them anew; requests meanwhile are answered with those of before, which stay where a file
 * cannot be read. Returns false after a message. */
bool evaluator_keys_reload(struct evaluator_keys *keys);

/* As hashveil_evaluator_respond, with the key that the request names. */
hashveil_status evaluator_keys_respond(struct evaluator_keys *keys, const uint8_t *request,
                                       size_t len, uint8_t *out, size_t *len_out);

/* Prints what a client may want to know, as JSON. Returns its length, 0 where it has no room. */
size_t evaluator_keys_print_manifest(struct evaluator_keys *keys, char *out, size_t room);

/* Wipes and releases. Accepts NULL. */
void evaluator_keys_destroy(struct evaluator_keys *keys);

#endif
