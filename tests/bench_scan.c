/* SPDX-License-Identifier: Apache-2.0 */
/* A whole scan by the real program and its private evaluator, beside the sum of what it must do:
 * read and decode, fingerprint, and the group operations of both ends, spread over all processors.
 * usage: bench_scan HASHVEIL */
#include <hashveil/image.h>
#include <hashveil/key.h>
#include <hashveil/pdq.h>

#include "base/files.h"
#include "base/threads.h"
#include "draw.h"
#include "picture.h"
#include "stopwatch.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PICTURES = 60,
    WIDTH_PX = 1280,
    HEIGHT_PX = 800,
    RUNS = 5,
    ENTRIES = 100,
    PATH_BYTES = 128,
    PROBES = 256,
    EXIT_NOTHING_FOUND = 0
};

static char folder[] = "/tmp/hashveil-bench-XXXXXX";

static void demand(bool worked, const char *what)
{
    if (!worked) {
        fprintf(stderr, "bench_scan: %s failed\n", what);
        exit(EXIT_FAILURE);
    }
}

static void path_of(const char *name, char out[PATH_BYTES])
{
    demand(snprintf(out, PATH_BYTES, "%s/%s", folder, name) < PATH_BYTES, "naming a file");
}

static void picture_path(unsigned number, char out[PATH_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "pictures/%03u.jpg", number);
    path_of(name, out);
}

static void write_picture(unsigned number)
{
    const struct picture_jpeg kind = {.quality = 85};
    char path[PATH_BYTES];
    hashveil_image image = {0};
    uint8_t *bytes;
    size_t len;
    picture_draw(&image, WIDTH_PX, HEIGHT_PX, 3, 5000 + number);
    picture_to_jpeg(&image, &kind, &bytes, &len);
    picture_path(number, path);
    FILE *file = fopen(path, "w");
    demand(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0, path);
    free(bytes);
    hashveil_image_clear(&image);
}

static void set_up(void)
{
    char path[PATH_BYTES];
    hashveil_key key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    path_of("key", path);
    demand(hashveil_key_save(&key, path) == HASHVEIL_OK, path);
    path_of("list.hvdb", path);
    draw_database(path, &entries, &key);
    path_of("pictures", path);
    demand(mkdir(path, 0700) == 0, path);
    for (unsigned i = 0; i < PICTURES; i++) {
        write_picture(i);
    }
    hashveil_entries_clear(&entries);
    hashveil_key_clear(&key);
}

static void remove_all(void)
{
    static const char *const names[] = {"key", "key.pub", "list.hvdb"};
    char path[PATH_BYTES];
    for (unsigned i = 0; i < PICTURES; i++) {
        picture_path(i, path);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(names[i], path);
        unlink(path);
    }
    path_of("pictures", path);
    rmdir(path);
    rmdir(folder);
}

/* In the child, after fork. */
static void become_scan(const char *program)
{
    char database[PATH_BYTES];
    char key[PATH_BYTES];
    char pictures[PATH_BYTES];
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    path_of("list.hvdb", database);
    path_of("key", key);
    path_of("pictures", pictures);
    if (nothing >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 && dup2(nothing, STDERR_FILENO) >= 0) {
        execl(program, program, "scan", "--quiet", "--db", database, "--key", key, pictures,
              (char *)NULL);
    }
    _exit(EXIT_FAILURE);
}

static double scan_ms(const char *program)
{
    int status = 0;
    const double start = now_ms();
    const pid_t pid = fork();
    if (pid == 0) {
        become_scan(program);
    }
    demand(pid > 0 && waitpid(pid, &status, 0) == pid, program);
    const double end = now_ms();
    demand(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOTHING_FOUND, program);
    return end - start;
}

/* Reading, decoding and fingerprinting all pictures, on this thread alone. */
static double fingerprint_ms(void)
{
    const hashveil_image_options options = HASHVEIL_IMAGE_OPTIONS_DEFAULT;
    const double start = now_ms();
    for (unsigned i = 0; i < PICTURES; i++) {
        char path[PATH_BYTES];
        hashveil_image image = {0};
        hashveil_fingerprint fingerprint;
        uint8_t *bytes = NULL;
        size_t len;
        picture_path(i, path);
        demand(hv_read_file(path, options.limits.max_file_bytes, &bytes, &len) == HASHVEIL_OK &&
                   hashveil_image_decode(bytes, len, &options, &image) == HASHVEIL_OK &&
                   hashveil_pdq_fingerprint(&image, HASHVEIL_PDQ_POLICY_FULL, &fingerprint) ==
                       HASHVEIL_OK,
               path);
        hashveil_image_clear(&image);
        free(bytes);
    }
    return now_ms() - start;
}

/* The group operations of both ends: two multiplications and a hash for each probe here, one
 * multiplication there. */
static double group_ms(void)
{
    uint8_t scalar[32];
    uint8_t element[32];
    uint8_t uniform[64];
    crypto_core_ristretto255_scalar_random(scalar);
    randombytes_buf(uniform, sizeof uniform);
    const double start = now_ms();
    for (unsigned i = 0; i < PROBES; i++) {
        crypto_core_ristretto255_from_hash(element, uniform);
        for (unsigned k = 0; k < 3; k++) {
            demand(crypto_scalarmult_ristretto255(element, scalar, element) == 0, "multiplying");
        }
    }
    return (now_ms() - start) * PICTURES;
}

int main(int argc, char **argv)
{
    double scan[RUNS];
    double decode[RUNS];
    double group[RUNS];
    if (argc != 2 || sodium_init() < 0 || !mkdtemp(folder)) {
        return EXIT_FAILURE;
    }
    set_up();
    for (size_t i = 0; i < RUNS; i++) {
        scan[i] = scan_ms(argv[1]);
        decode[i] = fingerprint_ms();
        group[i] = group_ms();
    }
    remove_all();
    const unsigned processors = hv_processor_count();
    const double wall = median(scan, RUNS);
    const double bound = (median(decode, RUNS) + median(group, RUNS)) / processors;
    printf("scan of %d pictures of 1 MP: %.1f images/s on %u processors; the bare work (decode "
           "%.1f ms, group operations %.1f ms an image) allows %.1f/s, ratio %.2f\n",
           PICTURES, PICTURES / wall * 1e3, processors, median(decode, RUNS) / PICTURES,
           median(group, RUNS) / PICTURES, PICTURES / bound * 1e3, bound / wall);
    return EXIT_SUCCESS;
}
