/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory a large JPEG takes to be hashed: the peak of a process that does nothing else,
 * less the file itself. "bench_memory FILE WAY" is that process, which prints its peak. */
#include <hashveil/fingerprint.h>

#include "base/files.h"
#include "picture.h"

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE_PX = 10000, TILE_PX = 1000, LINE_ROOM = 256, COMMAND_ROOM = 512 };

static const struct {
    const char *what;
    bool is_progressive, is_exact;
} cases[] = {
    {"JPEG, 100 MP", false, false},
    {"JPEG, 100 MP, exact way", false, true},
    {"JPEG, 100 MP progressive", true, false},
    {"JPEG, 100 MP progressive, exact way", true, true},
};

/* In kibibytes; 0 when the system does not tell. */
static unsigned long peak_kib(void)
{
    char line[LINE_ROOM];
    unsigned long peak = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            peak = strtoul(line + 6, NULL, 10);
        }
    }
    if (status) {
        fclose(status);
    }
    return peak;
}

static int hash_and_tell(const char *path, bool is_exact)
{
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint fingerprint;
    uint8_t *bytes = NULL;
    size_t len = 0;
    options.is_exact_decode = is_exact;
    hashveil_status status = hv_read_file(path, UINT32_MAX, &bytes, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_fingerprint_file(bytes, len, &options, &fingerprint);
    }
    free(bytes);
    printf("%lu %zu\n", peak_kib(), len / 1024);
    return status == HASHVEIL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The tile again and again, so that it need not be drawn at full size. */
static void write_jpeg(FILE *out, bool is_progressive)
{
    struct jpeg_compress_struct file;
    struct jpeg_error_mgr errors;
    hashveil_image tile;
    static uint8_t row[3 * SIDE_PX];
    uint8_t *rows = row;
    picture_draw(&tile, TILE_PX, TILE_PX, 3, 1);
    file.err = jpeg_std_error(&errors);
    jpeg_create_compress(&file);
    jpeg_stdio_dest(&file, out);
    file.image_width = file.image_height = SIDE_PX;
    file.input_components = 3;
    file.in_color_space = JCS_RGB;
    jpeg_set_defaults(&file);
    if (is_progressive) {
        jpeg_simple_progression(&file);
    }
    jpeg_start_compress(&file, TRUE);
    for (size_t y = 0; y < SIDE_PX; y++) {
        for (size_t x = 0; x < SIDE_PX; x += TILE_PX) {
            memcpy(row + 3 * x, tile.pixels + y % TILE_PX * tile.stride_bytes, tile.stride_bytes);
        }
        jpeg_write_scanlines(&file, &rows, 1);
    }
    jpeg_finish_compress(&file);
    jpeg_destroy_compress(&file);
    hashveil_image_clear(&tile);
}

/* Starts this program once more. Returns whether it ended well. */
static bool measure(const char *program, const char *path, const char *what, bool is_exact)
{
    char command[COMMAND_ROOM];
    char line[LINE_ROOM];
    char *rest = NULL;
    snprintf(command, sizeof command, "'%s' '%s' %s", program, path, is_exact ? "exact" : "short");
    FILE *child = popen(command, "r"); /* NOLINT(cert-env33-c): of our own making */
    const bool is_read = child && fgets(line, sizeof line, child);
    const bool is_well = child && pclose(child) == 0;
    if (is_read && is_well) {
        const unsigned long peak = strtoul(line, &rest, 10);
        const unsigned long file = strtoul(rest, NULL, 10);
        printf("%s: %.1f MiB above the %.1f MiB of the file\n", what,
               ((double)peak - (double)file) / 1024, (double)file / 1024);
    }
    return is_read && is_well;
}

int main(int argc, char **argv)
{
    bool is_well = true;
    if (argc == 3) {
        return hash_and_tell(argv[1], strcmp(argv[2], "exact") == 0);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = "/tmp/bench_memory_XXXXXX";
        const int fd = mkstemp(path);
        FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
        if (!out) {
            fputs("bench_memory: no room for a file\n", stderr);
            return EXIT_FAILURE;
        }
        write_jpeg(out, cases[i].is_progressive);
        fclose(out);
        is_well = measure(argv[0], path, cases[i].what, cases[i].is_exact) && is_well;
        unlink(path);
    }
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
