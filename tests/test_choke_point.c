/* SPDX-License-Identifier: Apache-2.0 */
/* What the messenger encrypts: only what the policy lets pass, and only the bytes that were
 * checked.
 */
#include "run_suite.h"
#include "tools/messenger/choke_point.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char original[] = "the picture that is checked";

/* What the wrapped functions do, and what was done to them. */
struct scene {
    struct screening_outcome outcome;
    const char *path; /* rewritten while it is checked */
    unsigned encryptions;
};

static struct scene *current; /* of the one case that runs in this process */

hashveil_status __real_attachment_encrypt(const struct attachment *attachment,
                                          struct attachment_key *key_out, struct blob *out);
hashveil_status __wrap_attachment_encrypt(const struct attachment *attachment,
                                          struct attachment_key *key_out, struct blob *out);
struct screening_outcome __wrap_screening_check(struct screening *screening,
                                                const struct attachment *attachment);

hashveil_status __wrap_attachment_encrypt(const struct attachment *attachment,
                                          struct attachment_key *key_out, struct blob *out)
{
    current->encryptions++;
    return __real_attachment_encrypt(attachment, key_out, out);
}

struct screening_outcome __wrap_screening_check(struct screening *screening,
                                                const struct attachment *attachment)
{
    (void)screening;
    FILE *file = fopen(current->path, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite("XXX", 1, 3, file), 3);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_mem_eq(attachment->bytes, original, attachment->len);
    return current->outcome;
}

/* path: a template for mkstemp. */
static void write_file(char *path, size_t len)
{
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, original, sizeof original), sizeof original);
    ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
    close(fd);
}

static const struct {
    const char *what;
    struct screening_outcome outcome;
    struct policy policy;
    bool passes;
} passages[] = {
    {"clear", {.kind = SCREENING_CLEAR}, {0}, true},
    {"too plain", {.kind = SCREENING_TOO_PLAIN}, {0}, true},
    {"listed", {.kind = SCREENING_LISTED, .is_reported = true}, {0}, false},
    {"listed, unchecked ones sent",
     {.kind = SCREENING_LISTED, .is_reported = true},
     {.sends_unchecked = true},
     false},
    {"listed and sent",
     {.kind = SCREENING_LISTED, .is_reported = true},
     {.sends_listed = true},
     true},
    {"listed, not reported",
     {.kind = SCREENING_LISTED, .status = HASHVEIL_ERR_NO_SPACE},
     {.sends_listed = true},
     false},
    {"listed, not reported, both sent",
     {.kind = SCREENING_LISTED, .status = HASHVEIL_ERR_NO_SPACE},
     {.sends_listed = true, .sends_unchecked = true},
     true},
    {"unchecked", {.kind = SCREENING_UNCHECKED, .status = HASHVEIL_ERR_TIMEOUT}, {0}, false},
    {"unchecked, listed ones sent",
     {.kind = SCREENING_UNCHECKED, .status = HASHVEIL_ERR_TIMEOUT},
     {.sends_listed = true},
     false},
    {"unchecked and sent",
     {.kind = SCREENING_UNCHECKED, .status = HASHVEIL_ERR_TIMEOUT},
     {.sends_unchecked = true},
     true},
};
enum { PASSAGES = sizeof passages / sizeof *passages };

START_TEST(encrypts_what_was_checked_where_the_policy_lets_it_pass_and_never_else)
{
    char path[] = "/tmp/hashveil-choke-XXXXXX";
    struct scene scene = {.outcome = passages[_i].outcome, .path = path};
    struct passage passage;
    struct blob opened;
    write_file(path, sizeof original);
    current = &scene;

    ck_assert_int_eq(choke_point_pass(NULL, &passages[_i].policy, path, &passage), HASHVEIL_OK);
    ck_assert_msg(passage.is_passed == passages[_i].passes, "%s", passages[_i].what);
    ck_assert_msg(scene.encryptions == passages[_i].passes, "%s: encryptions", passages[_i].what);
    if (passage.is_passed) {
        ck_assert_int_eq(
            attachment_decrypt(&passage.key, passage.blob.bytes, passage.blob.len, &opened),
            HASHVEIL_OK);
        ck_assert_uint_eq(opened.len, sizeof original);
        ck_assert_mem_eq(opened.bytes, original, sizeof original);
        blob_clear(&opened);
    } else {
        ck_assert_ptr_null(passage.blob.bytes);
    }
    passage_clear(&passage);
    unlink(path);
}
END_TEST

START_TEST(nobody_can_change_what_was_read)
{
    char path[] = "/tmp/hashveil-choke-XXXXXX";
    struct attachment attachment;
    write_file(path, sizeof original);
    ck_assert_int_eq(attachment_read(path, &attachment), HASHVEIL_OK);

    ck_assert_int_eq(pwrite(attachment.fd, "X", 1, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_ne(ftruncate(attachment.fd, 1), 0);
    ck_assert_int_ne(ftruncate(attachment.fd, 2 * sizeof original), 0);
    ck_assert_ptr_eq(
        mmap(NULL, sizeof original, PROT_READ | PROT_WRITE, MAP_SHARED, attachment.fd, 0),
        MAP_FAILED);
    ck_assert_mem_eq(attachment.bytes, original, sizeof original);
    attachment_clear(&attachment);
    unlink(path);
}
END_TEST

static const struct {
    size_t len;
    hashveil_status status;
} sizes[] = {{0, HASHVEIL_ERR_EMPTY},
             {1, HASHVEIL_OK},
             {ATTACHMENT_MAX_BYTES, HASHVEIL_OK},
             {(size_t)ATTACHMENT_MAX_BYTES + 1, HASHVEIL_ERR_LIMIT}};
enum { SIZES = sizeof sizes / sizeof *sizes };

START_TEST(reads_files_up_to_the_limit)
{
    char path[] = "/tmp/hashveil-choke-XXXXXX";
    struct attachment attachment;
    write_file(path, sizes[_i].len);
    ck_assert_int_eq(attachment_read(path, &attachment), sizes[_i].status);
    if (sizes[_i].status == HASHVEIL_OK) {
        ck_assert_uint_eq(attachment.len, sizes[_i].len);
    }
    attachment_clear(&attachment);
    unlink(path);
}
END_TEST

START_TEST(opens_only_what_was_published)
{
    char path[] = "/tmp/hashveil-choke-XXXXXX";
    struct attachment attachment;
    struct attachment_key key;
    struct blob blob;
    struct blob opened;
    struct scene scene = {0};
    current = &scene;
    write_file(path, sizeof original);
    ck_assert_int_eq(attachment_read(path, &attachment), HASHVEIL_OK);
    ck_assert_int_eq(attachment_encrypt(&attachment, &key, &blob), HASHVEIL_OK);

    blob.bytes[_i % (int)blob.len] ^= 1;
    ck_assert_int_eq(attachment_decrypt(&key, blob.bytes, blob.len, &opened), HASHVEIL_ERR_DIGEST);
    blob.bytes[_i % (int)blob.len] ^= 1;
    ck_assert_int_eq(attachment_decrypt(&key, blob.bytes, blob.len - 1, &opened),
                     HASHVEIL_ERR_DIGEST);
    key.key[_i % ATTACHMENT_KEY_BYTES] ^= 1;
    ck_assert_int_eq(attachment_decrypt(&key, blob.bytes, blob.len, &opened),
                     HASHVEIL_ERR_PROTOCOL);
    ck_assert_ptr_null(opened.bytes);
    blob_clear(&blob);
    attachment_clear(&attachment);
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("choke_point");
    TCase *passing = tcase_create("passing");
    TCase *reading = tcase_create("reading");

    tcase_add_loop_test(passing,
                        encrypts_what_was_checked_where_the_policy_lets_it_pass_and_never_else, 0,
                        PASSAGES);
    tcase_add_test(reading, nobody_can_change_what_was_read);
    tcase_add_loop_test(reading, reads_files_up_to_the_limit, 0, SIZES);
    tcase_add_loop_test(reading, opens_only_what_was_published, 0, 44);
    suite_add_tcase(suite, passing);
    suite_add_tcase(suite, reading);
    return run_suite(suite);
}
