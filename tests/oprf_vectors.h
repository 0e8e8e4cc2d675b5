/* SPDX-License-Identifier: Apache-2.0 */
/* The published vectors of the OPRF, tests/data/rfc9497-oprf.txt: fields with blanks between. */
#ifndef OPRF_VECTORS_H
#define OPRF_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { VECTOR_LINE_BYTES = 1024, VECTOR_FIELDS = 8 };

/* To be closed with fclose. */
FILE *vector_open(void);

/* Splits a line at blanks, in place; returns how many fields it has. */
size_t vector_split(char *line, char *fields[VECTOR_FIELDS]);

/* Returns the length. */
size_t vector_unhex(const char *text, uint8_t *out);

#endif
