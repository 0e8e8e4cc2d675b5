/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* At exit, so that --help into a full disk is told as well. */
static void close_stdout(void)
{
    const bool has_output = __fpending(stdout) > 0;
    const bool failed = ferror(stdout);
    errno = 0;
    /* A stdout that was closed from the start is fine as long as nothing is written to it. */
    const bool close_failed = fclose(stdout) != 0 && (has_output || errno != EBADF);
    if (failed || close_failed) {
        complain("standard output", "%s",
                 errno ? strerror(errno) : hashveil_status_text(HASHVEIL_ERR_IO));
        _exit(EXIT_TROUBLE);
    }
}

void output_init(void)
{
    /* A stream that is closed must not give its number to a file that is opened later: messages
     * would be written into that file. Opened the wrong way round, it still fails when used. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            _exit(EXIT_TROUBLE);
        }
    }
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, told and counted as such */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (atexit(close_stdout) != 0) {
        _exit(EXIT_TROUBLE);
    }
}

bool output_failed(void)
{
    return ferror(stdout);
}

void complain(const char *subject, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flockfile(stderr);
    fprintf(stderr, "hashveil: %s: ", subject);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(arguments);
}

void complain_status(const char *subject, hashveil_status status)
{
    complain(subject, "%s", hashveil_status_text(status));
}

void complain_database(const char *path, const char *where, hashveil_status status)
{
    complain(path, "%s%s%s", where, *where ? ": " : "", hashveil_status_text(status));
}

void format_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void format_time(uint64_t seconds, char out[TIME_TEXT_BYTES])
{
    struct tm parts;
    const time_t time = (time_t)seconds;
    /* A year of more than four digits is no time that anybody saw. */
    if (seconds > UINT64_C(253402300799) || !gmtime_r(&time, &parts) ||
        strftime(out, TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        memcpy(out, "-", 2);
    }
}

/* Returns the bytes of the UTF-8 sequence that text begins with, or 0 when it begins with none.
 * Ranges: Unicode 15, table 3-7. */
static size_t utf8_len(const uint8_t *text)
{
    const uint8_t lead = text[0];
    const uint8_t second_min = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t second_max = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    const size_t len = lead < 0x80                    ? 1
                       : lead >= 0xc2 && lead <= 0xdf ? 2
                       : lead >= 0xe0 && lead <= 0xef ? 3
                       : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                      : 0;
    for (size_t i = 1; i < len; i++) {
        const uint8_t min = i == 1 ? second_min : 0x80;
        const uint8_t max = i == 1 ? second_max : 0xbf;
        if (text[i] < min || text[i] > max) { /* the final NUL stops here too */
            return 0;
        }
    }
    return len;
}

/* C0, DEL, and C1 as UTF-8 writes it. */
static bool is_control(const uint8_t *text)
{
    return text[0] < 0x20 || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

char *escape_foreign(const char *text, bool escapes_controls)
{
    enum { ESCAPED_LEN = 4 };
    const uint8_t *in = (const uint8_t *)text;
    char *out = calloc(strlen(text) + 1, ESCAPED_LEN);
    size_t used = 0;
    while (out && *in) {
        const size_t len = utf8_len(in);
        if (len > 0 && !(escapes_controls && is_control(in))) {
            memcpy(out + used, in, len);
            used += len;
            in += len;
        } else {
            out[used++] = '\\';
            out[used++] = 'x';
            format_hex(in, 1, out + used);
            used += 2;
            in++;
        }
    }
    return out;
}

void print_foreign(const char *text)
{
    char *escaped = escape_foreign(text, true);
    fputs(escaped ? escaped : "?", stdout);
    free(escaped);
}
