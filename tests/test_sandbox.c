/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox: what comes out of it is what decoding in this process gives. */
#include "picture.h"
#include "run_suite.h"
#include "sandbox_decoder.h"

#include <png.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { SECONDS = 240, THREADS = 4, RUNS = 25, LARGE_BYTES = 48 << 20 };

static hashveil_sandbox *open_decoder(void)
{
    return open_sandbox("HASHVEIL_DECODER", &(hashveil_sandbox_options){.processes = 1});
}

static struct sandbox_file draw_file(int kind)
{
    struct sandbox_file file;
    hashveil_image picture;
    picture_draw(&picture, 900 + 10 * (uint32_t)kind, 700, 3, (uint64_t)kind);
    if (kind % 2 == 0) {
        const struct picture_jpeg jpeg = {
            .quality = 85, .is_progressive = kind % 4 == 0, .orientation = (unsigned)kind % 8 + 1};
        picture_to_jpeg(&picture, &jpeg, &file.bytes, &file.len);
    } else {
        const struct picture_png png = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8};
        picture_to_png(&picture, &png, &file.bytes, &file.len);
    }
    hashveil_image_clear(&picture);
    return file;
}

enum { KINDS = 8 };

START_TEST(what_comes_out_is_what_this_process_would_give)
{
    hashveil_sandbox *sandbox = open_decoder();
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint_options others = options;
    struct sandbox_file file = draw_file(_i);
    others.image.applies_orientation = true;
    others.is_exact_decode = true;
    ck_assert_sandbox_same(&file, options, sandbox);
    ck_assert_sandbox_same(&file, others, sandbox);
    others.policy = HASHVEIL_PDQ_POLICY_NEAREST512;
    ck_assert_sandbox_same(&file, others, sandbox);
    others.image.limits.max_pixels = 10; /* refused alike */
    ck_assert_sandbox_same(&file, others, sandbox);
    file.len /= 2;
    ck_assert_sandbox_same(&file, options, sandbox);
    file.len = 0;
    ck_assert_sandbox_same(&file, options, sandbox);
    free(file.bytes);
    hashveil_sandbox_close(sandbox);
}
END_TEST

static size_t shared_kib(void)
{
    static const char name[] = "RssShmem:";
    char line[256];
    size_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0) {
            kib = strtoul(line + strlen(name), NULL, 10);
        }
    }
    fclose(file);
    return kib;
}

START_TEST(memory_of_a_large_file_is_given_back)
{
    enum { KEPT_KIB = 8 << 10 };
    hashveil_sandbox *sandbox = open_decoder();
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .sandbox = sandbox};
    hashveil_fingerprint out;
    uint8_t *bytes = calloc(1, LARGE_BYTES);
    ck_assert_ptr_nonnull(bytes);
    const size_t before = shared_kib();
    ck_assert_int_eq(hashveil_fingerprint_file(bytes, LARGE_BYTES, &options, &out),
                     HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_uint_lt(shared_kib(), before + KEPT_KIB);
    free(bytes);
    hashveil_sandbox_close(sandbox);
}
END_TEST

START_TEST(a_file_that_its_memory_has_no_room_for_is_refused)
{
    const struct sandbox_file file = draw_file(1);
    hashveil_sandbox_options room = {.processes = 1, .max_file_bytes = file.len};
    hashveil_sandbox *sandbox = open_sandbox("HASHVEIL_DECODER", &room);
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .sandbox = sandbox};
    hashveil_fingerprint out;
    ck_assert_int_eq(hashveil_fingerprint_file(file.bytes, file.len, &options, &out), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_fingerprint_file(file.bytes, file.len + 1, &options, &out),
                     HASHVEIL_ERR_LIMIT);
    free(file.bytes);
    hashveil_sandbox_close(sandbox);
}
END_TEST

struct asker {
    pthread_t thread;
    hashveil_sandbox *sandbox;
    const struct sandbox_file *file;
    hashveil_fingerprint expected;
    int wrong;
};

static void *ask_often(void *argument)
{
    struct asker *asker = argument;
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .sandbox = asker->sandbox};
    for (int i = 0; i < RUNS; i++) {
        hashveil_fingerprint out;
        if (hashveil_fingerprint_file(asker->file->bytes, asker->file->len, &options, &out) !=
                HASHVEIL_OK ||
            !is_same_fingerprint(&out, &asker->expected)) {
            asker->wrong++;
        }
    }
    return NULL;
}

/* More threads than processes, and fewer: each gets its own file's answer. */
START_TEST(threads_share_it)
{
    hashveil_sandbox *sandbox =
        open_sandbox("HASHVEIL_DECODER", &(hashveil_sandbox_options){.processes = (unsigned)_i});
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    struct sandbox_file files[THREADS];
    struct asker askers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        files[i] = draw_file(i);
        askers[i] = (struct asker){.sandbox = sandbox, .file = &files[i]};
        ck_assert_int_eq(
            hashveil_fingerprint_file(files[i].bytes, files[i].len, &options, &askers[i].expected),
            HASHVEIL_OK);
        ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        ck_assert_int_eq(askers[i].wrong, 0);
        free(files[i].bytes);
    }
    hashveil_sandbox_close(sandbox);
}
END_TEST

static const struct {
    const char *path;
    hashveil_status expected;
} programs[] = {
    {"/nowhere/hashveil-decoder", HASHVEIL_ERR_NOT_FOUND},
    {"/etc/passwd", HASHVEIL_ERR_ACCESS},
    {"/bin/true", HASHVEIL_ERR_VERSION},
};

START_TEST(without_its_program_it_does_not_open)
{
    hashveil_sandbox *sandbox = (void *)1;
    ck_assert_int_eq(hashveil_sandbox_open(
                         &(hashveil_sandbox_options){.decoder_path = programs[_i].path}, &sandbox),
                     programs[_i].expected);
    ck_assert_ptr_null(sandbox);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(closing_none_does_nothing)
{
    hashveil_sandbox_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *answer = tcase_create("answer");
    TCase *pool = tcase_create("pool");

    tcase_set_timeout(answer, SECONDS);
    tcase_add_loop_test(answer, what_comes_out_is_what_this_process_would_give, 0, KINDS);
    tcase_add_test(answer, a_file_that_its_memory_has_no_room_for_is_refused);
    suite_add_tcase(suite, answer);

    tcase_set_timeout(pool, SECONDS);
    tcase_add_loop_test(pool, threads_share_it, 1, THREADS + 2);
    tcase_add_test(pool, memory_of_a_large_file_is_given_back);
    tcase_add_loop_test(pool, without_its_program_it_does_not_open, 0, COUNT(programs));
    tcase_add_test(pool, closing_none_does_nothing);
    suite_add_tcase(suite, pool);
    return run_suite(suite);
}
