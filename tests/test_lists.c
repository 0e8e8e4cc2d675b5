/* SPDX-License-Identifier: Apache-2.0 */
/* Text lists of hashes and of digests: every form that is read, every form that is refused, and
 * where. */
#include "base/hex.h"
#include "hashdb/lists/list_format.h"
#include "run_suite.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

#define A "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
#define UPPER_A "F8F8F0CEE0F4A84F06370A22038F63F0B36E2ED596621E1D33E6B39C4E9C9B22"
#define B "0000000000000000000000000000000000000000000000000000000000000001"
#define MD5 "d41d8cd98f00b204e9800998ecf8427f"
#define UPPER_MD5 "D41D8CD98F00B204E9800998ECF8427F"
#define SHA1 "aa39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256 "bb7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA512 SHA256 SHA256
#define MARK "\xef\xbb\xbf"

enum { NOBODY = 65534, MAX_LINE_BYTES = 8192, LOG_BYTES = 400 };

static char folder[40];
static char path[64];
static int first_free_fd;

static int find_free_fd(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    close(fd);
    return fd;
}

static void make_folder(void)
{
    first_free_fd = find_free_fd();
    snprintf(folder, sizeof folder, "/tmp/hashveil-list-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/list", folder);
}

static void remove_folder(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left behind */
    ck_assert_int_eq(find_free_fd(), first_free_fd);
}

static void put(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

/* All that a sink is told, in order, as text: "A 87; 3: malformed or damaged; ". */
struct record {
    char log[LOG_BYTES];
    size_t len;
    uint64_t taken, problems, last_problem_line, lines;
    uint64_t fails_at; /* the event that this sink refuses, from 1; 0 for none */
};

static void note(struct record *record, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof record->log - record->len;
    const int len = vsnprintf(record->log + record->len, room, format, arguments);
    va_end(arguments);
    record->len += len > 0 && (size_t)len < room ? (size_t)len : 0;
}

static hashveil_status answer(const struct record *record)
{
    return record->taken + record->problems == record->fails_at ? HASHVEIL_ERR_NO_SPACE
                                                                : HASHVEIL_OK;
}

/* "A 87; " */
static void note_hash(struct record *record, const struct hv_list_item *item)
{
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    hashveil_pdq_to_hex(&item->hash, hex);
    note(record, "%s %u; ",
         strcmp(hex, A) == 0   ? "A"
         : strcmp(hex, B) == 0 ? "B"
                               : hex,
         item->quality);
}

/* "sha1 da39a3ee; ", by the first bytes. */
static void note_digest(struct record *record, const struct hv_list_item *item,
                        hashveil_digest_kind kind)
{
    const hashveil_digest digest = hashveil_digests_get(&item->digests, kind);
    char hex[9];
    hv_hex_encode(digest.bytes, 4, hex);
    note(record, "%s %s; ", hashveil_digest_kind_text(kind), hex);
}

static hashveil_status take(void *context, const struct hv_list_item *item)
{
    struct record *record = context;
    if (item->has_hash) {
        note_hash(record, item);
    }
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        if (item->has_digest[kind]) {
            note_digest(record, item, (hashveil_digest_kind)kind);
        }
    }
    record->taken++;
    return answer(record);
}

static hashveil_status problem(void *context, uint64_t line, hashveil_status status)
{
    struct record *record = context;
    ck_assert_uint_gt(line, record->last_problem_line);
    note(record, "%" PRIu64 ": %s; ", line, hashveil_status_text(status));
    record->last_problem_line = line;
    record->problems++;
    return answer(record);
}

static void progress(void *context, uint64_t lines)
{
    struct record *record = context;
    ck_assert_uint_gt(lines, record->lines);
    record->lines = lines;
}

static hashveil_status read_into(struct record *record)
{
    const struct hv_list_sink sink = {take, problem, progress, record};
    return hv_list_read(path, NULL, &sink);
}

static hashveil_status read_text(const char *text, struct record *record)
{
    put(text, strlen(text));
    return read_into(record);
}

#define MALFORMED(line) #line ": malformed or damaged; "

/* What a list says, and what its reader makes of it. */
static const struct {
    const char *what, *text, *log;
} lists[] = {
    {"a hash alone", A "\n", "A 100; "},
    {"no final newline", B "\n" A, "B 100; A 100; "},
    {"no final newline after a name", A ",87,x", "A 87; "},
    {"upper case", UPPER_A "\n", "A 100; "},
    {"a quality", A ",87\n", "A 87; "},
    {"a name", A ",87,holiday.jpg\n", "A 87; "},
    {"an empty name", A ",87,\n", "A 87; "},
    {"a name with commas", A ",87,a,b,,c\n", "A 87; "},
    {"a name that looks like a hash", A ",87," B "\n", "A 87; "},
    {"a name with quotes, blanks, bytes of no text", A ",87,\" \t\x01\xff\"\n", "A 87; "},
    {"a turned form", A ",87,holiday.jpg,rotate-90\n", "A 87; "},
    {"CRLF", A "\r\n" B ",87\r\n" B ",86,x\r\n", "A 100; B 87; B 86; "},
    {"CRLF without the last LF", A "\r\n" B "\r", "A 100; B 100; "},
    {"CR alone ends no line", A "\r" B "\n", MALFORMED(1)},
    {"two CR", A "\r\r\n", MALFORMED(1)},
    {"empty lines", "\n\r\n" A "\n\n\n" B "\n\n", "A 100; B 100; "},
    {"empty lines alone", "\n\r\n\n", ""},
    {"comments", "# pdq\n" A "\n#" B "\n#\n" B "\n", "A 100; B 100; "},
    {"a comment within a line", A " # no\n", MALFORMED(1)},
    {"a blank before a comment", " #\n" A "\n", MALFORMED(1) "A 100; "},
    {"a byte-order mark", MARK A "\n" B "\n", "A 100; B 100; "},
    {"a byte-order mark before a comment", MARK "# x\n" A "\n", "A 100; "},
    {"a byte-order mark before an empty line", MARK "\r\n" A "\n", "A 100; "},
    {"a byte-order mark alone", MARK, ""},
    {"half a byte-order mark", "\xef\xbb" A "\n", MALFORMED(1)},
    {"two byte-order marks", MARK MARK A "\n", MALFORMED(1)},
    {"a byte-order mark on another line", A "\n" MARK B "\n", "A 100; " MALFORMED(2)},
    {"quality 0", A ",0\n", "A 0; "},
    {"quality 100", A ",100\n", "A 100; "},
    {"quality 101", A ",101\n", MALFORMED(1)},
    {"quality with leading zeros", A ",007\n", "A 7; "},
    {"quality 2^32", A ",4294967296\n", MALFORMED(1)},
    {"quality 2^64", A ",18446744073709551616,x\n", MALFORMED(1)},
    {"no quality after a comma", A ",\n", MALFORMED(1)},
    {"no quality before a name", A ",,x\n", MALFORMED(1)},
    {"a name for a quality", A ",x\n", MALFORMED(1)},
    {"a negative quality", A ",-1\n", MALFORMED(1)},
    {"a signed quality", A ",+1\n", MALFORMED(1)},
    {"a blank before a quality", A ", 1\n", MALFORMED(1)},
    {"a blank after a quality", A ",1 \n", MALFORMED(1)},
    {"a fraction of a quality", A ",1.5\n", MALFORMED(1)},
    {"63 digits", "000000000000000000000000000000000000000000000000000000000000000\n",
     MALFORMED(1)},
    {"63 digits after a longer line",
     A ",87,x\n000000000000000000000000000000000000000000000000000000000000000\n",
     "A 87; " MALFORMED(2)},
    {"65 digits", A "0\n", MALFORMED(1)},
    {"128 digits", A B "\n", MALFORMED(1)},
    {"63 digits and a quality",
     "000000000000000000000000000000000000000000000000000000000000000,1\n", MALFORMED(1)},
    {"64 characters, one no digit",
     "g000000000000000000000000000000000000000000000000000000000000000\n", MALFORMED(1)},
    {"a blank before a hash", " " A "\n", MALFORMED(1)},
    {"a blank after a hash", A " \n", MALFORMED(1)},
    {"another separator", A ";87;x\n", MALFORMED(1)},
    {"a short word", "x\n", MALFORMED(1)},
    {"lines between problems", "# 1\n" A "\nx\n\n" B ",101\n" MARK "\n" B "\ny",
     "A 100; " MALFORMED(3) MALFORMED(5) MALFORMED(6) "B 100; " MALFORMED(8)},
};

#define OTHER "md5 d41d8cd9; "

/* Each stands between two MD5 digests, so that all is of one list. */
static const struct {
    const char *what, *line, *log;
} checksum_lines[] = {
    {"an MD5 digest alone", MD5 "\n", OTHER},
    {"a SHA-1 digest alone", SHA1 "\n", "sha1 aa39a3ee; "},
    {"upper case", UPPER_MD5 "\n", OTHER},
    {"of md5sum", MD5 "  holiday.jpg\n", OTHER},
    {"of sha1sum", SHA1 "  holiday.jpg\n", "sha1 aa39a3ee; "},
    {"of sha256sum", SHA256 "  holiday.jpg\n", "sha256 bb7816bf; "},
    {"of md5sum --binary", MD5 " *holiday.jpg\n", OTHER},
    {"of sha256sum --binary", SHA256 " *holiday.jpg\n", "sha256 bb7816bf; "},
    {"of md5sum --tag", "MD5 (holiday.jpg) = " MD5 "\n", OTHER},
    {"of sha1sum --tag", "SHA1 (holiday.jpg) = " SHA1 "\n", "sha1 aa39a3ee; "},
    {"of sha256sum --tag", "SHA256 (holiday.jpg) = " SHA256 "\n", "sha256 bb7816bf; "},
    {"a name of blanks", SHA1 "    \n", "sha1 aa39a3ee; "},
    {"a name of one star", SHA1 "  *\n", "sha1 aa39a3ee; "},
    {"a name of no text", SHA1 "  \x01\xff\n", "sha1 aa39a3ee; "},
    {"a name like a digest", MD5 "  " SHA256 "\n", OTHER},
    {"a name with an end in it", "SHA1 (a) = " MD5 ") = " SHA1 "\n", "sha1 aa39a3ee; "},
    {"a backslash in a name", SHA1 "  a\\b\n", "sha1 aa39a3ee; "},
    {"an escaped name", "\\" SHA1 "  a\\\\b\\nc\\rd\n", "sha1 aa39a3ee; "},
    {"an escaped name after a tag", "\\SHA256 (a\\nb) = " SHA256 "\n", "sha256 bb7816bf; "},
    {"an escaped name of --binary", "\\" SHA1 " *\\n\n", "sha1 aa39a3ee; "},
    {"CRLF", SHA1 "  a\r\n", "sha1 aa39a3ee; "},
    {"a comment", "# " SHA1 "\n", ""},
    {"an empty line", "\r\n", ""},
    {"a PDQ hash", A "\n", MALFORMED(2)},
    {"a PDQ hash with a quality", A ",87,x\n", MALFORMED(2)},
    {"no name", MD5 "  \n", MALFORMED(2)},
    {"no name after a star", MD5 " *\n", MALFORMED(2)},
    {"one blank", MD5 " \n", MALFORMED(2)},
    {"one blank before a name", MD5 " x\n", MALFORMED(2)},
    {"a tab", MD5 "\tx\n", MALFORMED(2)},
    {"a digit too few", "41d8cd98f00b204e9800998ecf8427e  x\n", MALFORMED(2)},
    {"a digit too many", MD5 "0  x\n", MALFORMED(2)},
    {"no digit", "g41d8cd98f00b204e9800998ecf8427e  x\n", MALFORMED(2)},
    {"another kind", SHA512 "  x\n", MALFORMED(2)},
    {"another tag", "SHA512 (x) = " SHA512 "\n", MALFORMED(2)},
    {"a tag in lower case", "sha1 (x) = " SHA1 "\n", MALFORMED(2)},
    {"a tag of another length", "SHA1 (x) = " MD5 "\n", MALFORMED(2)},
    {"a tag without a name", "SHA1 () = " SHA1 "\n", MALFORMED(2)},
    {"a tag without its blank", "SHA1(x) = " SHA1 "\n", MALFORMED(2)},
    {"a tag that is not closed", "SHA1 (x = " SHA1 "\n", MALFORMED(2)},
    {"something behind a tagged digest", "SHA1 (x) = " SHA1 " \n", MALFORMED(2)},
    {"the end of a tag within its start", "MD5 () = " MD5 "\n", MALFORMED(2)},
    {"an unknown escape", "\\" SHA1 "  a\\tb\n", MALFORMED(2)},
    {"half an escape", "\\" SHA1 "  a\\\n", MALFORMED(2)},
    {"an escape of no name", "\\" SHA1 "\n", MALFORMED(2)},
    {"two backslashes", "\\\\" SHA1 "  a\n", MALFORMED(2)},
    {"a blank in front", " " SHA1 "  a\n", MALFORMED(2)},
    {"words", "no properly formatted line\n", MALFORMED(2)},
    {"the MD5 digest of nothing", "d41d8cd98f00b204e9800998ecf8427e  empty\n", "2: it is empty; "},
    {"the SHA-1 digest of nothing", "da39a3ee5e6b4b0d3255bfef95601890afd80709\n",
     "2: it is empty; "},
    {"the SHA-256 digest of nothing",
     "SHA256 (x) = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
     "2: it is empty; "},
};

START_TEST(reads_a_list_of_digests)
{
    struct record record = {0};
    char text[600];
    char log[LOG_BYTES];
    snprintf(text, sizeof text, "%s%s%s", MD5 "\n", checksum_lines[_i].line, MD5);
    snprintf(log, sizeof log, OTHER "%s" OTHER, checksum_lines[_i].log);
    const hashveil_status status = read_text(text, &record);
    ck_assert_msg(status == HASHVEIL_OK && strcmp(record.log, log) == 0, "%s: %s, %s",
                  checksum_lines[_i].what, hashveil_status_text(status), record.log);
}
END_TEST

/* The first line that says anything to one of them. */
static const struct {
    const char *what, *start;
    bool is_checksums;
} sorts[] = {
    {"64 digits", A "\n", false},
    {"64 digits and a quality", A ",87\n", false},
    {"64 digits and a name", A ",87,x\n", false},
    {"64 digits and a name in sha256sum's style", SHA256 "  x\n", true},
    {"64 digits and a star", SHA256 " *x\n", true},
    {"32 digits", MD5 "\n", true},
    {"40 digits", SHA1 "\n", true},
    {"32 digits without a line's end", MD5, true},
    {"a tag", "SHA256 (x) = " SHA256 "\n", true},
    {"an escaped name", "\\" SHA256 "  a\\nb\n", true},
    {"the digest of nothing", "d41d8cd98f00b204e9800998ecf8427e  x\n", true},
    {"words and a digest", "# md5\n\nwords\n" MD5 "\n" A "\n", true},
    {"words and a hash", "# pdq\n\nwords\n" A "\n" MD5 "\n", false},
    {"a mark and a digest", MARK SHA1 "\r\n", true},
    {"a mark and a hash", MARK A "\r\n" MD5 "\n", false},
    {"words alone", "words\n", false},
    {"comments alone", "# " MD5 "\n", false},
};

START_TEST(one_line_tells_the_two_sorts_of_list_apart)
{
    const struct hv_list_format *expected =
        sorts[_i].is_checksums ? &hv_list_checksums : &hv_list_pdq_text;
    ck_assert_msg(hv_list_recognise((const uint8_t *)sorts[_i].start, strlen(sorts[_i].start)) ==
                      expected,
                  "%s", sorts[_i].what);
}
END_TEST

START_TEST(reads_a_list)
{
    struct record record = {0};
    const hashveil_status status = read_text(lists[_i].text, &record);
    ck_assert_msg(status == HASHVEIL_OK, "%s: %s", lists[_i].what, hashveil_status_text(status));
    ck_assert_msg(strcmp(record.log, lists[_i].log) == 0, "%s: %s", lists[_i].what, record.log);
}
END_TEST

/* Line lengths without the line's end; a comment may have any. */
static const struct {
    const char *start, *end, *log;
    size_t len;
} long_lines[] = {
    {A ",87,", "\n", "A 87; B 100; ", MAX_LINE_BYTES},
    {A ",87,", "\r\n", "A 87; B 100; ", MAX_LINE_BYTES},
    {A ",87,", "\n", "1: above a configured limit; B 100; ", MAX_LINE_BYTES + 1},
    {A ",87,", "\r\n", "1: above a configured limit; B 100; ", MAX_LINE_BYTES + 1},
    {A ",87,", "\n", "1: above a configured limit; B 100; ", 1 << 20},
    {"", "\n", "1: malformed or damaged; B 100; ", MAX_LINE_BYTES},
    {"", "\n", "1: above a configured limit; B 100; ", MAX_LINE_BYTES + 1},
    {"#", "\n", "B 100; ", MAX_LINE_BYTES + 1},
    {"#", "\n", "B 100; ", 1 << 20},
};

START_TEST(a_line_has_a_greatest_length)
{
    struct record record = {0};
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(long_lines[_i].start, file);
    for (size_t i = strlen(long_lines[_i].start); i < long_lines[_i].len; i++) {
        fputc('x', file);
    }
    fputs(long_lines[_i].end, file);
    fputs(B "\n", file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(read_into(&record), HASHVEIL_OK);
    ck_assert_str_eq(record.log, long_lines[_i].log);
}
END_TEST

/* Where a CR stands that a reader of the first bytes alone would take for the line's end. */
START_TEST(a_cr_at_the_greatest_length_does_not_end_a_longer_line)
{
    struct record record = {0};
    char line[MAX_LINE_BYTES + 4];
    const int len = snprintf(line, sizeof line, "%s", A ",87,");
    memset(line + len, 'x', sizeof line - (size_t)len);
    line[MAX_LINE_BYTES] = '\r';
    line[sizeof line - 1] = '\n';
    put(line, sizeof line);
    ck_assert_int_eq(read_into(&record), HASHVEIL_OK);
    ck_assert_str_eq(record.log, "1: above a configured limit; ");
}
END_TEST

START_TEST(what_is_no_text_is_no_list)
{
    struct record record = {0};
    static const char utf16[] = "\xff\xfe"
                                "a\0b\0\n";
    put("", 0);
    ck_assert_int_eq(read_into(&record), HASHVEIL_ERR_EMPTY);
    put("", 1);
    ck_assert_int_eq(read_into(&record), HASHVEIL_ERR_UNSUPPORTED);
    put(A "\n", sizeof A "\n"); /* with its NUL */
    ck_assert_int_eq(read_into(&record), HASHVEIL_ERR_UNSUPPORTED);
    put(utf16, sizeof utf16);
    ck_assert_int_eq(read_into(&record), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_str_eq(record.log, "");
}
END_TEST

START_TEST(a_nul_byte_far_down_spoils_its_line_alone)
{
    enum { LINES = 1000 };
    static const char bad_line[] = "\0" A "\n";
    struct record record = {0};
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < LINES; i++) {
        fputs(A "\n", file);
    }
    fwrite(bad_line, 1, sizeof bad_line - 1, file);
    fputs(B, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(read_into(&record), HASHVEIL_OK);
    ck_assert_uint_eq(record.taken, LINES + 1);
    ck_assert_uint_eq(record.problems, 1);
    ck_assert_uint_eq(record.last_problem_line, LINES + 1);
}
END_TEST

START_TEST(what_is_no_file_is_no_list)
{
    struct record record = {0};
    const struct hv_list_sink sink = {take, problem, progress, &record};
    const bool is_root = geteuid() == 0;
    ck_assert_int_eq(read_into(&record), HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(hv_list_read(folder, NULL, &sink), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(read_into(&record), HASHVEIL_ERR_NOT_A_FILE); /* and waits for nobody */
    ck_assert_int_eq(unlink(path), 0);

    put(A, strlen(A));
    ck_assert_int_eq(chmod(path, 0), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(read_into(&record), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_str_eq(record.log, "");
}
END_TEST

START_TEST(a_sink_that_fails_stops_the_reading)
{
    static const char *const logs[] = {
        "A 100; ",
        "A 100; 2: malformed or damaged; ",
        "A 100; 2: malformed or damaged; B 87; ",
    };
    struct record record = {.fails_at = (uint64_t)_i + 1};
    ck_assert_int_eq(read_text(A "\nx\n" B ",87\n" A "\n", &record), HASHVEIL_ERR_NO_SPACE);
    ck_assert_str_eq(record.log, logs[_i]);
}
END_TEST

/* A device that gives two lines and then fails. */
static ssize_t read_until_failure(void *cookie, char *out, size_t size)
{
    static const char text[] = A "\n" B "\n" A;
    bool *is_read = cookie;
    if (*is_read) {
        return -1;
    }
    ck_assert_uint_ge(size, sizeof text - 1);
    memcpy(out, text, sizeof text - 1);
    *is_read = true;
    return sizeof text - 1;
}

START_TEST(a_device_that_fails_is_not_the_end_of_the_list)
{
    struct record record = {0};
    bool is_read = false;
    const struct hv_list_sink sink = {take, problem, progress, &record};
    FILE *file = fopencookie(&is_read, "r", (cookie_io_functions_t){.read = read_until_failure});
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(hv_list_pdq_text.read(file, &sink), HASHVEIL_ERR_IO);
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

START_TEST(the_progress_is_told_now_and_then)
{
    enum { HASHES = 40000, COMMENTS = 10000, LINES = HASHES + COMMENTS };
    struct record record = {0};
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < LINES; i++) {
        fputs(i < COMMENTS ? "# x\n" : A ",50,x\n", file);
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(read_into(&record), HASHVEIL_OK);
    ck_assert_uint_eq(record.taken, HASHES);
    ck_assert_uint_gt(record.lines, LINES / 2);
    ck_assert_uint_le(record.lines, LINES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lists");
    TCase *lines = tcase_create("lines");
    TCase *files = tcase_create("files");

    tcase_add_checked_fixture(lines, make_folder, remove_folder);
    tcase_add_loop_test(lines, reads_a_list, 0, COUNT(lists));
    tcase_add_loop_test(lines, reads_a_list_of_digests, 0, COUNT(checksum_lines));
    tcase_add_loop_test(lines, one_line_tells_the_two_sorts_of_list_apart, 0, COUNT(sorts));
    tcase_add_loop_test(lines, a_line_has_a_greatest_length, 0, COUNT(long_lines));
    tcase_add_test(lines, a_cr_at_the_greatest_length_does_not_end_a_longer_line);
    tcase_add_test(lines, a_nul_byte_far_down_spoils_its_line_alone);
    suite_add_tcase(suite, lines);

    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, what_is_no_text_is_no_list);
    tcase_add_test(files, what_is_no_file_is_no_list);
    tcase_add_loop_test(files, a_sink_that_fails_stops_the_reading, 0, 3);
    tcase_add_test(files, a_device_that_fails_is_not_the_end_of_the_list);
    tcase_add_test(files, the_progress_is_told_now_and_then);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
