/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox_decoder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hashveil_sandbox *open_sandbox(const char *variable, const hashveil_sandbox_options *given)
{
    hashveil_sandbox_options options = *given;
    hashveil_sandbox *sandbox;
    options.decoder_path = getenv(variable);
    ck_assert_msg(options.decoder_path, "%s is not set", variable);
    const hashveil_status status = hashveil_sandbox_open(&options, &sandbox);
    ck_assert_msg(status == HASHVEIL_OK, "%s", hashveil_status_text(status));
    return sandbox;
}

hashveil_status ask_sandbox(hashveil_sandbox *sandbox, const char *act, hashveil_fingerprint *out)
{
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .sandbox = sandbox};
    return hashveil_fingerprint_file((const uint8_t *)act, strlen(act), &options, out);
}

void ck_assert_sandbox_works(hashveil_sandbox *sandbox)
{
    hashveil_fingerprint out;
    ck_assert_int_eq(ask_sandbox(sandbox, "nothing", &out), HASHVEIL_OK);
    ck_assert_uint_eq(out.quality, 1);
}

pid_t only_child(void)
{
    char line[32];
    FILE *children = fopen("/proc/thread-self/children", "r");
    ck_assert_ptr_nonnull(children);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, children));
    fclose(children);
    return (pid_t)strtol(line, NULL, 10);
}

bool is_same_fingerprint(const hashveil_fingerprint *a, const hashveil_fingerprint *b)
{
    bool is_same = hashveil_pdq_distance(&a->hash, &b->hash) == 0 && a->quality == b->quality;
    for (int i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        is_same = is_same && a->margin[i] == b->margin[i];
    }
    return is_same;
}

/* Under both policies. options: with the sandbox. */
static void ck_assert_sandbox_same_policies(const struct sandbox_file *file,
                                            hashveil_fingerprint_options options,
                                            hashveil_status status)
{
    hashveil_fingerprint expected[HASHVEIL_PDQ_POLICIES] = {0};
    hashveil_fingerprint both[HASHVEIL_PDQ_POLICIES] = {0};
    ck_assert_int_eq(hashveil_fingerprint_file_policies(file->bytes, file->len, &options, both),
                     status);
    options.sandbox = NULL;
    ck_assert_int_eq(hashveil_fingerprint_file_policies(file->bytes, file->len, &options, expected),
                     status);
    for (int i = 0; i < HASHVEIL_PDQ_POLICIES; i++) {
        ck_assert(is_same_fingerprint(&both[i], &expected[i]));
    }
}

void ck_assert_sandbox_same(const struct sandbox_file *file, hashveil_fingerprint_options options,
                            hashveil_sandbox *sandbox)
{
    hashveil_fingerprint expected[HASHVEIL_PDQ_DIHEDRAL] = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL] = {0};
    hashveil_fingerprint alone = {0};
    const hashveil_status status =
        hashveil_fingerprint_file_dihedral(file->bytes, file->len, &options, expected);
    options.sandbox = sandbox;
    ck_assert_int_eq(hashveil_fingerprint_file_dihedral(file->bytes, file->len, &options, forms),
                     status);
    ck_assert_int_eq(hashveil_fingerprint_file(file->bytes, file->len, &options, &alone), status);
    for (int i = 0; i < HASHVEIL_PDQ_DIHEDRAL; i++) {
        ck_assert(is_same_fingerprint(&forms[i], &expected[i]));
    }
    ck_assert(is_same_fingerprint(&alone, &expected[0]));
    ck_assert_sandbox_same_policies(file, options, status);
}
