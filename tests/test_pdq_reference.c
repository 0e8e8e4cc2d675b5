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

/* Of a row "path, full hash, its quality, ...". Returns false for a row without a full hash. */
static bool parse_row(char *line, const char **path_out, hashveil_pdq *hash_out,
                      unsigned *quality_out)
{
    char *rest = NULL;
    const char *path = strtok_r(line, "\t", &rest);
    const char *hex = strtok_r(NULL, "\t", &rest);
    const char *quality = strtok_r(NULL, "\t", &rest);
    ck_assert(path && hex && quality);
    if (path[0] == '#' || strcmp(hex, "-") == 0) {
        return false;
    }
    ck_assert_int_eq(hashveil_pdq_from_hex(hex, strlen(hex), hash_out), HASHVEIL_OK);
    *path_out = path;
    *quality_out = (unsigned)strtoul(quality, NULL, 10);
    return true;
}

static void check_row(const char *path, const hashveil_pdq *expected, unsigned quality)
{
    hashveil_fingerprint fingerprint;
    hashveil_image image = decoded(path);
    ck_assert_int_eq(hashveil_pdq_fingerprint(&image, HASHVEIL_PDQ_POLICY_FULL, &fingerprint),
                     HASHVEIL_OK);
    const unsigned distance = hashveil_pdq_distance(&fingerprint.hash, expected);
    ck_assert_msg(distance == 0 && fingerprint.quality == quality,
                  "%s: %u bits off, quality %u instead of %u", path, distance, fingerprint.quality,
                  quality);
    hashveil_image_clear(&image);
}

/* The folder that a list's paths count from, and how many rows it has at least. */
static const struct {
    const char *list, *folder;
    unsigned min_count;
} collections[] = {
    {"pdq-reference/hashes.tsv", "pdq-reference", 29},
    {"pdq-reference/photos.tsv", ".", 1269},
};
enum { COLLECTION_COUNT = sizeof collections / sizeof collections[0] };

START_TEST(hash_and_quality_are_the_references_bit_for_bit)
{
    char path[PATH_ROOM];
    char line[LINE_ROOM];
    unsigned count = 0;
    if (!shared_path(collections[_i].list, path)) {
        return;
    }
    FILE *list = fopen(path, "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        char below[PATH_ROOM];
        const char *name;
        hashveil_pdq expected;
        unsigned quality;
        if (!parse_row(line, &name, &expected, &quality)) {
            continue;
        }
        snprintf(below, sizeof below, "%s/%s", collections[_i].folder, name);
        ck_assert_msg(shared_path(below, path), "%s", below);
        check_row(path, &expected, quality);
        count++;
    }
    fclose(list);
    ck_assert_uint_ge(count, collections[_i].min_count);
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
    TCase *reference = tcase_create("reference");
    tcase_set_timeout(reference, 240); /* with sanitizers, on a busy machine */
    tcase_add_loop_test(reference, hash_and_quality_are_the_references_bit_for_bit, 0,
                        COLLECTION_COUNT);
    tcase_add_test(reference, forms_derived_from_one_photo_are_near_its_turned_files);
    suite_add_tcase(suite, reference);
    return run_suite(suite);
}
