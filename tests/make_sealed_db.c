/* SPDX-License-Identifier: Apache-2.0 */
/* Seals a few made-up entries and tells, for another reader, what is in the file:
 * make_sealed_db FILE prints the evaluator's secret, then a line an entry: hash, record id, lists
 * and labels, with tabs between. */
#include "draw.h"

#include "base/hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 6 };

static void print_entry(const hashveil_entry *entry)
{
    char hash[HASHVEIL_PDQ_HEX_LEN + 1];
    char id[2 * HASHVEIL_RECORD_ID_BYTES + 1];
    hashveil_pdq_to_hex(&entry->hash, hash);
    hv_hex_encode(entry->record.id, sizeof entry->record.id, id);
    printf("%s\t%s\t%" PRIu64, hash, id, entry->record.lists);
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS && entry->record.labels[i][0]; i++) {
        printf("\t%s", entry->record.labels[i]);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    char secret[2 * HASHVEIL_KEY_BYTES + 1];
    if (argc != 2) {
        return EXIT_FAILURE;
    }
    const hashveil_key key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    strcpy(entries.entries[1].record.labels[1], "longest label there is."); /* 23 bytes */
    strcpy(entries.entries[1].record.labels[2], "z");
    draw_database(argv[1], &entries, &key);
    hv_hex_encode(key.secret_bytes, sizeof key.secret_bytes, secret);
    puts(secret); /* of a key made for this test */
    for (size_t i = 0; i < entries.count; i++) {
        print_entry(&entries.entries[i]);
    }
    hashveil_entries_clear(&entries);
    return EXIT_SUCCESS;
}
