/* SPDX-License-Identifier: Apache-2.0 */
/* Seals a few made-up entries and tells, for another reader, what is in the file:
 * make_sealed_db FILE prints the evaluator's secret, then a line an entry: hash or KIND:DIGEST,
 * record id, lists and labels, with tabs between. */
#include "draw.h"

#include "base/hex.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 6, CURATORS = 3 };

static void print_entry(const char *value, const hashveil_record *record)
{
    char id[2 * HASHVEIL_RECORD_ID_BYTES + 1];
    hv_hex_encode(record->id, sizeof record->id, id);
    printf("%s\t%s\t%" PRIu64, value, id, record->lists);
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS && record->labels[i][0]; i++) {
        printf("\t%s", record->labels[i]);
    }
    putchar('\n');
}

static void print_entries(const hashveil_entries *entries)
{
    char hex[2 * HASHVEIL_DIGEST_MAX_LEN + 1];
    char value[sizeof hex + 8];
    for (size_t i = 0; i < entries->count; i++) {
        hashveil_pdq_to_hex(&entries->entries[i].hash, hex);
        print_entry(hex, &entries->entries[i].record);
    }
    for (size_t i = 0; i < entries->exact_count; i++) {
        const hashveil_digest *digest = &entries->exact[i].digest;
        hv_hex_encode(digest->bytes, hashveil_digest_len(digest->kind), hex);
        snprintf(value, sizeof value, "%s:%s", hashveil_digest_kind_text(digest->kind), hex);
        print_entry(value, &entries->exact[i].record);
    }
}

/* One of each kind; that of MD5 is of the first picture's item. */
static bool add_digests(hashveil_entries *entries)
{
    hashveil_digests digests;
    entries->exact = hv_alloc_array(HASHVEIL_DIGEST_KINDS, sizeof *entries->exact);
    if (!entries->exact || hashveil_digests_of(NULL, 0, &digests) != HASHVEIL_OK) {
        return false;
    }
    entries->exact_count = HASHVEIL_DIGEST_KINDS;
    for (size_t i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        entries->exact[i] = (hashveil_exact_entry){
            hashveil_digests_get(&digests, (hashveil_digest_kind)i), entries->entries[0].record};
        entries->exact[i].record.id[2] = (uint8_t)i;
    }
    return true;
}

/* Three curators are named, and two of them sign. Returns whether all went well. */
static bool seal_and_sign(const char *path, const hashveil_entries *entries,
                          const hashveil_key *evaluator)
{
    hashveil_key curators[CURATORS];
    const char *where;
    bool is_done = true;
    for (size_t i = 0; i < CURATORS && is_done; i++) {
        is_done = hashveil_key_generate(HASHVEIL_KEY_CURATOR, &curators[i]) == HASHVEIL_OK;
    }
    const hashveil_seal_options options = {.evaluator_key = evaluator,
                                           .curator_keys = curators,
                                           .curator_count = CURATORS,
                                           .epoch = 7,
                                           .mask_params = HASHVEIL_MASK_PARAMS_DEFAULT};
    return is_done && hashveil_sealed_db_build(path, entries, &options, NULL) == HASHVEIL_OK &&
           hashveil_sealed_db_sign(path, &curators[2], &where) == HASHVEIL_OK &&
           hashveil_sealed_db_sign(path, &curators[0], &where) == HASHVEIL_OK;
}

int main(int argc, char **argv)
{
    char secret[2 * HASHVEIL_KEY_BYTES + 1];
    if (argc != 2) {
        return EXIT_FAILURE;
    }
    const hashveil_key key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    if (!add_digests(&entries)) {
        return EXIT_FAILURE;
    }
    strcpy(entries.entries[1].record.labels[1], "longest label there is."); /* 23 bytes */
    strcpy(entries.entries[1].record.labels[2], "z");
    if (!seal_and_sign(argv[1], &entries, &key)) {
        return EXIT_FAILURE;
    }
    hv_hex_encode(key.secret_bytes, sizeof key.secret_bytes, secret);
    puts(secret); /* of a key made for this test */
    print_entries(&entries);
    hashveil_entries_clear(&entries);
    return EXIT_SUCCESS;
}
