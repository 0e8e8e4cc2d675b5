/* SPDX-License-Identifier: Apache-2.0 */
/* What is done of a database in the making: a file beside it, from which sealing goes on after it
 * was ended at any moment. It holds OPRF outputs piece by piece, each piece under a code of
 * authentication; a piece that does not have the right one is made again. Its bytes open the
 * database: it is for its owner alone, and is removed when the database is done. */
#ifndef HV_HASHDB_SEALED_PARTIAL_H
#define HV_HASHDB_SEALED_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "base/files.h"
#include "base/random_stream.h"
#include "hashdb/sealed/outputs.h"

enum { HV_PARTIAL_PIECE_TOKENS = 4096 }; /* a third of a second's work of one processor */

/* What was drawn when the sealing began. */
struct hv_partial_begin {
    uint8_t seed[HV_SEED_BYTES];
    uint64_t epoch;
    uint64_t created_s;
};

/* Starts as {0}, which has no pieces and keeps none. Once open, reading and keeping are safe from
 * several threads. */
struct hv_partial {
    int fd;     /* valid while path is set; locked */
    char *path; /* owned */
    struct hv_partial_begin begin;
    uint8_t input_digest[HASHVEIL_DIGEST_BYTES];
    size_t table_pieces; /* the most that a table has */
};

/* Opens path + ".partial" for the database path, or makes it, for no other process meanwhile.
 *
 * fresh         what it begins with when it is new, or of another input
 * input_digest  of all that its pieces depend on, beside what begin holds; HASHVEIL_DIGEST_BYTES
 * table_tokens  how many the largest table has
 * start_out     whether it goes on from pieces, if maybe from none
 *
 * Errors: ERR_BUSY, ERR_ACCESS (others may read it), ERR_NO_MEMORY, and those of writing a file. */
HASHVEIL_MUST_USE hashveil_status hv_partial_open(const char *path,
                                                  const struct hv_partial_begin *fresh,
                                                  const uint8_t *input_digest, size_t table_tokens,
                                                  struct hv_partial *out,
                                                  hashveil_seal_start *start_out);

/* Returns whether there is such a piece, whole and unchanged; out then has its count outputs. */
HASHVEIL_MUST_USE bool hv_partial_read(const struct hv_partial *partial, unsigned table,
                                       size_t piece, size_t count,
                                       uint8_t (*out)[HV_OUTPUT_KEPT_BYTES]);

/* Errors: those of writing a file. */
HASHVEIL_MUST_USE hashveil_status hv_partial_keep(const struct hv_partial *partial, unsigned table,
                                                  size_t piece, size_t count,
                                                  uint8_t (*outputs)[HV_OUTPUT_KEPT_BYTES]);

/* Removes what an attempt that was ended has left of the new database file, and notes the one that
 * is written from now on. Errors: those of writing a file. */
HASHVEIL_MUST_USE hashveil_status hv_partial_note_file(const struct hv_partial *partial,
                                                       const struct hv_new_file *file);

/* Wipes and releases; the file stays, unless it is no longer needed. Accepts a cleared one. */
void hv_partial_close(struct hv_partial *partial, bool is_needed);

#endif
