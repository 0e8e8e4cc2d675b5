/* SPDX-License-Identifier: Apache-2.0 */
/* Entries, fingerprints and databases made up for tests. */
#ifndef HV_TESTS_DRAW_H
#define HV_TESTS_DRAW_H

#include <hashveil/key.h>
#include <hashveil/pdq.h>
#include <hashveil/sealed_db.h>

/* A fingerprint with random bits and margins of many sizes; the same number, the same fingerprint.
 */
hashveil_fingerprint draw_fingerprint(uint64_t number);

/* The fingerprint of an edited copy: its least sure bits flipped, count of them. */
hashveil_fingerprint draw_edited(const hashveil_fingerprint *original, unsigned count);

/* count entries with the hashes of fingerprints 0, 1, ...; labels "label 0", ...; lists 1 << i % 2
 * of "list A" and "list B". Released by hashveil_entries_clear. */
hashveil_entries draw_entries(size_t count);

/* A fresh evaluator key. */
hashveil_key draw_evaluator_key(void);

/* Seals into a file with one worker and epoch 7. What fails here ends the program. */
void draw_database(const char *path, const hashveil_entries *entries, const hashveil_key *key);

#endif
