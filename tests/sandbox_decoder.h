/* SPDX-License-Identifier: Apache-2.0 */
/* A sandbox of one of the decoders that the build made for tests. */
#ifndef HV_TESTS_SANDBOX_DECODER_H
#define HV_TESTS_SANDBOX_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hashveil/fingerprint.h>
#include <hashveil/sandbox.h>

/* variable: of the environment, names the program, in the place of the options' own. */
hashveil_sandbox *open_sandbox(const char *variable, const hashveil_sandbox_options *given);

/* Gives the sandbox a file of this text, which a hostile decoder obeys. */
hashveil_status ask_sandbox(hashveil_sandbox *sandbox, const char *act, hashveil_fingerprint *out);

/* A hostile decoder is asked to behave, and does. */
void ck_assert_sandbox_works(hashveil_sandbox *sandbox);

struct sandbox_file {
    uint8_t *bytes;
    size_t len;
};

bool is_same_fingerprint(const hashveil_fingerprint *a, const hashveil_fingerprint *b);

/* Of the file, of its turned and mirrored forms, and under both policies, in the sandbox and in
 * this process. */
void ck_assert_sandbox_same(const struct sandbox_file *file, hashveil_fingerprint_options options,
                            hashveil_sandbox *sandbox);

/* The only child of this thread. */
pid_t only_child(void);

#endif
