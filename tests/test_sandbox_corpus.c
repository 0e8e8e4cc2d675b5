/* SPDX-License-Identifier: Apache-2.0 */
/* Files of all formats, whole, damaged and hostile: the sandbox gives what this process gives. */
#include "run_suite.h"
#include "sandbox_decoder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { SECONDS = 240, MAX_BYTES = 1 << 24 };

/* Folders of corpus/. */
static const char *const formats[] = {"gif", "heif", "jpeg", "jpeg_scans", "png", "webp"};

static bool is_compared(const char *path, hashveil_sandbox *sandbox)
{
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint_options exact = options;
    struct sandbox_file file;
    exact.is_exact_decode = true;
    exact.image.applies_orientation = true;
    if (hv_read_file(path, MAX_BYTES, &file.bytes, &file.len) != HASHVEIL_OK) {
        return false; /* a folder */
    }
    ck_assert_sandbox_same(&file, options, sandbox);
    ck_assert_sandbox_same(&file, exact, sandbox);
    free(file.bytes);
    return true;
}

START_TEST(files_of_the_corpus_come_out_alike)
{
    char path[4096];
    int count = 0;
    hashveil_sandbox *sandbox =
        open_sandbox("HASHVEIL_DECODER", &(hashveil_sandbox_options){.processes = 1});
    snprintf(path, sizeof path, "%s/../corpus/%s", getenv("HASHVEIL_TEST_DATA"), formats[_i]);
    const size_t len = strlen(path);
    DIR *folder = opendir(path);
    ck_assert_msg(folder, "%s", path);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        snprintf(path + len, sizeof path - len, "/%s", entry->d_name);
        count += is_compared(path, sandbox);
    }
    closedir(folder);
    ck_assert_int_gt(count, 0);
    hashveil_sandbox_close(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox_corpus");
    TCase *answer = tcase_create("answer");

    tcase_set_timeout(answer, SECONDS);
    tcase_add_loop_test(answer, files_of_the_corpus_come_out_alike, 0, COUNT(formats));
    suite_add_tcase(suite, answer);
    return run_suite(suite);
}
