/* SPDX-License-Identifier: Apache-2.0 */
/* Files whose hashes the published C++ reference computed, where that collection is at hand: the
 * folder that HASHVEIL_SHARED_DATA names. Without it nothing is compared here. */
#include <hashveil/pdq.h>

#include "base/files.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, LINE_ROOM = 1024 };

#define X(name, number, text) +1
enum { POLICIES = 0 HASHVEIL_PDQ_POLICY_TABLE(X) };
#undef X

/* path: below the collection. Returns false when there is no collection. */
static bool shared_path(const char *path, char out[PATH_ROOM])
{
    const char *folder = getenv("HASHVEIL_SHARED_DATA");
    snprintf(out, PATH_ROOM, "%s/%s", folder ? folder : "", path);
    return folder && access(out, R_OK) == 0;
}

/* Released by hashveil_image_clear. */
static hashveil_image decoded(const char *path)
{
    const hashveil_image_options options = HASHVEIL_IMAGE_OPTIONS_DEFAULT;
    hashveil_image image = {0};
    uint8_t *bytes;
    size_t len;
    ck_assert_msg(hv_read_file(path, options.limits.max_file_bytes, &bytes, &len) == HASHVEIL_OK,
                  "%s", path);
    ck_assert_msg(hashveil_image_decode(bytes, len, &options, &image) == HASHVEIL_OK, "%s", path);
    free(bytes);
    return image;
}

/* A row of a list: a file, then hash and quality under each policy, "-" where there is none. */
struct row {
    const char *path;
    struct {
        bool is_known;
        hashveil_pdq hash;
        unsigned quality;
    } expected[POLICIES];
};

/* line: is cut into its fields, which the row then borrows. Returns false for a comment. */
static bool parse_row(char *line, struct row *out)
{
    char *rest = NULL;
    out->path = strtok_r(line, "\t\n", &rest);
    if (!out->path || out->path[0] == '#') {
        return false;
    }
    for (size_t policy = 0; policy < POLICIES; policy++) {
        const char *hex = strtok_r(NULL, "\t\n", &rest);
        const char *quality = strtok_r(NULL, "\t\n", &rest);
        ck_assert(hex && quality);
        out->expected[policy].is_known = strcmp(hex, "-") != 0;
        if (out->expected[policy].is_known) {
            ck_assert_int_eq(hashveil_pdq_from_hex(hex, strlen(hex), &out->expected[policy].hash),
                             HASHVEIL_OK);
            out->expected[policy].quality = (unsigned)strtoul(quality, NULL, 10);
        }
    }
    return true;
}

/* Of real pictures no bit is so near to the median that rounding decides. */
static void check_turning(const char *path, const hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL])
{
    for (size_t form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        hashveil_fingerprint turned;
        hashveil_pdq_turn(&forms[0], (hashveil_dihedral)form, &turned);
        const unsigned distance = hashveil_pdq_distance(&turned.hash, &forms[form].hash);
        ck_assert_msg(distance == 0, "%s, form %zu: %u bits off", path, form, distance);
    }
}

/* counts: of the pictures under each policy. */
static void check_row(const struct row *row, const char *path, unsigned counts[POLICIES])
{
    hashveil_image image = decoded(path);
    for (size_t policy = 0; policy < POLICIES; policy++) {
        hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
        if (!row->expected[policy].is_known) {
            continue;
        }
        ck_assert_int_eq(hashveil_pdq_dihedral(&image, (hashveil_pdq_policy)policy, forms),
                         HASHVEIL_OK);
        const unsigned distance =
            hashveil_pdq_distance(&forms[0].hash, &row->expected[policy].hash);
        ck_assert_msg(distance == 0 && forms[0].quality == row->expected[policy].quality,
                      "%s, %s: %u bits off, quality %u instead of %u", path,
                      hashveil_pdq_policy_text((hashveil_pdq_policy)policy), distance,
                      forms[0].quality, row->expected[policy].quality);
        check_turning(path, forms);
        counts[policy]++;
    }
    hashveil_image_clear(&image);
}

/* The folder that a list's paths count from, and how many of its pictures have a hash, in the order
 * of HASHVEIL_PDQ_POLICY_TABLE. */
static const struct {
    const char *list, *folder;
    unsigned counts[POLICIES];
} collections[] = {
    {"pdq-reference/hashes.tsv", "pdq-reference", {29, 31}},
    {"pdq-reference/photos.tsv", ".", {1269, 1269}},
};
enum { COLLECTION_COUNT = sizeof collections / sizeof collections[0] };

START_TEST(hash_and_quality_are_the_references_bit_for_bit_under_both_policies)
{
    char path[PATH_ROOM];
    char line[LINE_ROOM];
    unsigned counts[POLICIES] = {0};
    if (!shared_path(collections[_i].list, path)) {
        return;
    }
    FILE *list = fopen(path, "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        char below[PATH_ROOM];
        struct row row;
        if (!parse_row(line, &row)) {
            continue;
        }
        snprintf(below, sizeof below, "%s/%s", collections[_i].folder, row.path);
        ck_assert_msg(shared_path(below, path), "%s", below);
        check_row(&row, path, counts);
    }
    fclose(list);
    for (size_t policy = 0; policy < POLICIES; policy++) {
        ck_assert_uint_eq(counts[policy], collections[_i].counts[policy]);
    }
}
END_TEST

/* In the order of HASHVEIL_DIHEDRAL_TABLE; each was turned as a file and saved again. */
static const char *const turned_files[HASHVEIL_PDQ_DIHEDRAL] = {
    "pdq-reference/dih/bridge-1-original.jpg",    "pdq-reference/dih/bridge-2-rotate-90.jpg",
    "pdq-reference/dih/bridge-3-rotate-180.jpg",  "pdq-reference/dih/bridge-4-rotate-270.jpg",
    "pdq-reference/dih/bridge-5-flipx.jpg",       "pdq-reference/dih/bridge-6-flipy.jpg",
    "pdq-reference/dih/bridge-7-flip-plus-1.jpg", "pdq-reference/dih/bridge-8-flip-minus-1.jpg",
};

START_TEST(forms_derived_from_one_photo_are_near_its_turned_files)
{
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    char path[PATH_ROOM];
    if (!shared_path(turned_files[0], path)) {
        return;
    }
    hashveil_image image = decoded(path);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, forms), HASHVEIL_OK);
    hashveil_image_clear(&image);
    for (size_t form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        hashveil_fingerprint own;
        ck_assert(shared_path(turned_files[form], path));
        image = decoded(path);
        ck_assert_int_eq(hashveil_pdq_fingerprint(&image, HASHVEIL_PDQ_POLICY_FULL, &own),
                         HASHVEIL_OK);
        const unsigned distance = hashveil_pdq_distance(&forms[form].hash, &own.hash);
        ck_assert_msg(distance <= 10, "%s: %u bits", turned_files[form], distance);
        hashveil_image_clear(&image);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pdq reference");
    char path[PATH_ROOM];
    if (!shared_path(collections[0].list, path)) {
        puts("# skipped: HASHVEIL_SHARED_DATA names no collection");
    }
    TCase *reference = tcase_create("reference");
    tcase_set_timeout(reference, 240); /* with sanitizers, on a busy machine */
    tcase_add_loop_test(reference,
                        hash_and_quality_are_the_references_bit_for_bit_under_both_policies, 0,
                        COLLECTION_COUNT);
    tcase_add_test(reference, forms_derived_from_one_photo_are_near_its_turned_files);
    suite_add_tcase(suite, reference);
    return run_suite(suite);
}
