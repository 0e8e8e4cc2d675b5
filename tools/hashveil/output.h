/* SPDX-License-Identifier: Apache-2.0 */
/* What all commands print alike: messages on stderr, safe text on stdout. */
#ifndef HASHVEIL_TOOLS_OUTPUT_H
#define HASHVEIL_TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

/* Prepares the three standard streams. A write to stdout that failed turns into a message and
 * EXIT_TROUBLE when the process exits. */
void output_init(void);

/* Returns whether a write to stdout has failed, so that going on is of no use to anybody. */
bool output_failed(void);

/* Prints "hashveil: SUBJECT: REASON" on stderr. */
void complain(const char *subject, const char *format, ...) __attribute__((format(printf, 2, 3)));
void complain_status(const char *subject, hashveil_status status);
/* where: the damaged part of a sealed database, or "". */
void complain_database(const char *path, const char *where, hashveil_status status);

enum { TIME_TEXT_BYTES = 24 };

/* Writes 2 * len lower-case digits and a NUL. */
void format_hex(const uint8_t *bytes, size_t len, char *out);
/* Writes seconds since 1970 as 2026-01-31T23:59:59Z. */
void format_time(uint64_t seconds, char out[TIME_TEXT_BYTES]);

/* Returns a copy, to be released with free, in which bytes that are no UTF-8 have become \xNN; or
 * NULL without memory. Control characters too when escapes_controls. */
char *escape_foreign(const char *text, bool escapes_controls);

/* Prints foreign text to stdout with its control characters escaped, so that a label from a peer
 * cannot steer a terminal. */
void print_foreign(const char *text);

#endif
