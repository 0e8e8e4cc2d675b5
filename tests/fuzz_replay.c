/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for libFuzzer: runs a fuzz target over each file of its corpus, in order of their
 * names, and prints TAP. Each file has its own process, so a crash or a leak costs that case alone.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The buffer ends where the data ends, so the sanitizer sees one byte too many. */
static bool run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    uint8_t *bytes = NULL;
    const bool is_sized = fseek(file, 0, SEEK_END) == 0;
    const long len = is_sized ? ftell(file) : -1;
    bool is_read = false;
    if (len >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc(len > 0 ? (size_t)len : 1);
        is_read = bytes && fread(bytes, 1, (size_t)len, file) == (size_t)len;
    }
    if (is_read) {
        LLVMFuzzerTestOneInput(bytes, (size_t)len);
    }
    free(bytes);
    fclose(file);
    return is_read;
}

static bool survives(const char *path)
{
    const pid_t child = fork();
    if (child == 0) {
        exit(run_file(path) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* Returns whether every file passed. An empty corpus would prove nothing, so it fails. */
static bool replay(const char *folder, struct dirent **entries, int count)
{
    bool all_passed = count > 0;

    printf("1..%d\n", count > 0 ? count : 1);
    if (count <= 0) {
        printf("not ok 1 - no files in %s\n", folder);
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        const int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        fflush(stdout); /* or the child prints it again */
        const bool passed = len > 0 && (size_t)len < sizeof path && survives(path);
        printf("%s %d - %s\n", passed ? "ok" : "not ok", i + 1, entries[i]->d_name);
        all_passed &= passed;
    }
    return all_passed;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    struct dirent **entries = NULL;
    const int count = scandir(argv[1], &entries, is_visible, alphasort);
    const bool all_passed = replay(argv[1], entries, count);
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return all_passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
