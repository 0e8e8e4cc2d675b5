/* SPDX-License-Identifier: Apache-2.0 */
/* The text formats beside plain lines of hashes and digests: what each row says, what is refused,
 * and that what is written is read again. The samples follow the formats' public descriptions. */
#include "list_items.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

#define A "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
#define B "0000000000000000000000000000000000000000000000000000000000000001"
/* Of a file with an x in it. */
#define MD5 "9dd4e461268c8034f5c8564e155c67a6"
#define SHA1 "11f6ad8ec52a2984abaafd7c3b516503785c2072"
#define SHA256 "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
#define TIGER "bbc1627a054f0f34d6de631f1097094736a4ebbf0b24dd31"
#define MD5_OF_NOTHING "d41d8cd98f00b204e9800998ecf8427e"
#define MARK "\xef\xbb\xbf"
#define TEN(x) x x x x x x x x x x

#define NAMES_A "names pdq=f8f8f0ce/100; "
#define NAMES_B "names pdq=00000000/100; "
#define NAMES_MD5 "names md5=9dd4e461; "
#define PROBLEM(line, text) #line ": " text "; "
#define MALFORMED(line) PROBLEM(line, "malformed or damaged")
#define UNKNOWN(line) PROBLEM(line, "not a format that this build reads")
#define TOO_LONG(line) PROBLEM(line, "above a configured limit")

/* A text of a format by content, and what its reader makes of it. */
struct sample {
    const char *what, *text, *log;
};

static void ck_assert_sample(const struct hv_list_format *format, const struct sample *sample)
{
    struct list_items items;
    const hashveil_status status =
        list_items_read(format, sample->text, strlen(sample->text), &items);
    ck_assert_msg(status == HASHVEIL_OK && strcmp(items.log, sample->log) == 0, "%s: %s, %s",
                  sample->what, hashveil_status_text(status), items.log);
}

static const struct sample pdq_lines[] = {
    {"a hash with its kind", "pdq " A "\n", NAMES_A},
    {"both forms", "pdq " A "\n" B ",87,x\n", NAMES_A "names pdq=00000000/87; "},
    {"a kind alone", "pdq \n", MALFORMED(1)},
    {"a digit too few", "pdq 000000000000000000000000000000000000000000000000000000000000000\n",
     MALFORMED(1)},
    {"a digit too many", "pdq " A "0\n", MALFORMED(1)},
    {"two blanks", "pdq  " A "\n", MALFORMED(1)},
    {"another kind", "md5 " MD5 "\n", MALFORMED(1)},
    {"a kind in capitals", "PDQ " A "\n", MALFORMED(1)},
    {"something behind", "pdq " A " x\n", MALFORMED(1)},
};

START_TEST(reads_pdq_lines)
{
    ck_assert_sample(&hv_list_pdq_text, &pdq_lines[_i]);
}
END_TEST

static const struct sample field_lines[] = {
    {"all fields", "hash=" A ",norm=128,delta=0,quality=87,filename=a.jpg\n",
     "names pdq=f8f8f0ce/87; "},
    {"a hash alone", "hash=" A "\n", NAMES_A},
    {"another order", "quality=87,hash=" A "\n", "names pdq=f8f8f0ce/87; "},
    {"fields that we don't know", "xform=orig,hash=" A ",elapsed=0.1,quality=7\n",
     "names pdq=f8f8f0ce/7; "},
    {"a field that says nothing", "hash=" A ",norm=,quality=7\n", "names pdq=f8f8f0ce/7; "},
    {"a name with commas", "hash=" A ",filename=a,hash=x,,=\n", NAMES_A},
    {"no name", "hash=" A ",filename=\n", NAMES_A},
    {"quality 0", "hash=" A ",quality=0\n", "names pdq=f8f8f0ce/0; "},
    {"quality 100", "hash=" A ",quality=100\n", NAMES_A},
    {"quality 101", "hash=" A ",quality=101\n", MALFORMED(1)},
    {"no quality", "hash=" A ",quality=\n", MALFORMED(1)},
    {"no hash", "norm=128,quality=87\n", MALFORMED(1)},
    {"an empty hash", "hash=,quality=87\n", MALFORMED(1)},
    {"a hash in a file's name", "filename=x,hash=" A "\n", MALFORMED(1)},
    {"two hashes", "hash=" A ",hash=" B "\n", MALFORMED(1)},
    {"a long hash", "hash=" A "0\n", MALFORMED(1)},
    {"a comma at the end", "hash=" A ",\n", MALFORMED(1)},
    {"two commas", "hash=" A ",,quality=7\n", MALFORMED(1)},
    {"a field without a name", "hash=" A ",=7\n", MALFORMED(1)},
    {"a field without a value", "hash=" A ",quality\n", MALFORMED(1)},
    {"a plain hash", A ",87\n", MALFORMED(1)},
    {"lines", "# x\n\nhash=" A "\r\nx\nhash=" B "\n", NAMES_A MALFORMED(4) NAMES_B},
};

START_TEST(reads_lines_of_fields)
{
    ck_assert_sample(&hv_list_pdq_fields, &field_lines[_i]);
}
END_TEST

#define DEEP "%%%% HASHDEEP-1.0\n"
#define ALL_COLUMNS "%%%% size,md5,sha1,sha256,filename\n"
#define MD5_COLUMN DEEP "%%%% size,md5,filename\n"

static const struct sample hashdeep_files[] = {
    {"all digests", DEEP ALL_COLUMNS "1," MD5 "," SHA1 "," SHA256 ",/a\n",
     "names md5=9dd4e461 sha1=11f6ad8e sha256=2d711642; "},
    {"comments", DEEP ALL_COLUMNS "## x\n## # x\n## \n1," MD5 "," SHA1 "," SHA256 ",/a\n",
     "names md5=9dd4e461 sha1=11f6ad8e sha256=2d711642; "},
    {"other names of columns", DEEP "%%%% size,sha-256,sha-1,filename\n1," SHA256 "," SHA1 ",a\n",
     "names sha1=11f6ad8e sha256=2d711642; "},
    {"a digest that we don't know", DEEP "%%%% size,tiger,md5,filename\n1," TIGER "," MD5 ",a\n",
     NAMES_MD5},
    {"none that we know", DEEP "%%%% size,tiger,filename\n1," TIGER ",a\n", UNKNOWN(3)},
    {"a name with commas", MD5_COLUMN "1," MD5 ",a,b,," MD5 "\n", NAMES_MD5},
    {"an empty column", DEEP ALL_COLUMNS "1," MD5 ",,,a\n", NAMES_MD5},
    {"empty columns alone", DEEP ALL_COLUMNS "1,,,,a\n", UNKNOWN(3)},
    {"an empty file", MD5_COLUMN "0," MD5_OF_NOTHING ",a\n", PROBLEM(3, "it is empty")},
    {"files one behind the other",
     MD5_COLUMN "1," MD5 ",a\n" DEEP "%%%% size,sha1,filename\n1," SHA1 ",a\n",
     NAMES_MD5 "names sha1=11f6ad8e; "},
    {"CRLF and a mark", MARK "%%%% HASHDEEP-1.0\r\n%%%% size,md5,filename\r\n1," MD5 ",a\r\n",
     NAMES_MD5},
    {"a column too few", MD5_COLUMN "1," MD5 "\n", MALFORMED(3)},
    {"no name", MD5_COLUMN "1," MD5 ",\n", MALFORMED(3)},
    {"no size", MD5_COLUMN "," MD5 ",a\n", MALFORMED(3)},
    {"a size of letters", MD5_COLUMN "1x," MD5 ",a\n", MALFORMED(3)},
    {"a digest of another kind", MD5_COLUMN "1," SHA1 ",a\n", MALFORMED(3)},
    {"no columns", DEEP "1," MD5 ",a\n", MALFORMED(2)},
    {"another version", "%%%% HASHDEEP-1.1\n%%%% size,md5,filename\n1," MD5 ",a\n",
     PROBLEM(1, "written by another version of the format") NAMES_MD5},
    {"no column for the name", DEEP "%%%% size,md5\n1," MD5 "\n", MALFORMED(2) MALFORMED(3)},
    {"no column for the size", DEEP "%%%% md5,filename\n" MD5 ",a\n", MALFORMED(2) MALFORMED(3)},
    {"a kind twice", DEEP "%%%% size,md5,md5,filename\n1," MD5 "," MD5 ",a\n", MALFORMED(3)},
    {"too many columns", DEEP "%%%% size,md5" TEN(",x") TEN(",x") ",filename\n1," MD5 ",a\n",
     TOO_LONG(2) MALFORMED(3)},
    {"a column with a long name", DEEP "%%%% size,md5," TEN("xx") ",filename\n1," MD5 ",a\n",
     TOO_LONG(2) MALFORMED(3)},
};

START_TEST(reads_a_hashdeep_file)
{
    ck_assert_sample(&hv_list_hashdeep, &hashdeep_files[_i]);
}
END_TEST

#define CSV "signal_type,signal_str\n"
#define ID_63 TEN("123456") "123"
#define LABEL_23 TEN("12") "123"
#define MEMBER_31 TEN("123") "1"
#define FULL "signal_type,signal_str,quality,item,id,label,member,status,time_s\n"

static const struct sample csv_files[] = {
    {"a hash", CSV "pdq," A "\n", NAMES_A},
    {"digests", CSV "md5," MD5 "\nsha1," SHA1 "\nSHA256," SHA256 "\n",
     NAMES_MD5 "names sha1=11f6ad8e; names sha256=2d711642; "},
    {"all columns", FULL "pdq," A ",87,1,i7,VIC_US:1,police,active,1700000000\n",
     "names pdq=f8f8f0ce/87 member=police id=i7 label=VIC_US:1 time=1700000000; "},
    {"columns in another order, and others", "id,x,signal_str,signal_type\n7,y," MD5 ",md5\n",
     "names md5=9dd4e461 id=7; "},
    {"a category", "signal_type,signal_str,category\nmd5," MD5 ",A1\n",
     "names md5=9dd4e461 label=A1; "},
    {"columns in capitals", "SIGNAL_TYPE,Signal_Str\nmd5," MD5 "\n", NAMES_MD5},
    {"a row too short", FULL "md5," MD5 "\n", NAMES_MD5},
    {"a row too long", CSV "md5," MD5 ",x,y\n", NAMES_MD5},
    {"quotes", "\"signal_type\",\"signal_str\",id\n\"md5\",\"" MD5 "\",\"a,\"\"b\"\"\"\n",
     "names md5=9dd4e461 id=a,\"b\"; "},
    {"blanks around", CSV " md5 , " MD5 " \n", NAMES_MD5},
    {"CRLF, a mark, no last line's end", MARK "signal_type,signal_str\r\nmd5," MD5 "\r\nmd5," MD5,
     NAMES_MD5 NAMES_MD5},
    {"empty lines", CSV "\n\nmd5," MD5 "\n\n", NAMES_MD5},
    {"one file's rows", FULL "pdq," A ",87,1,i\nmd5," MD5 ",,1,i\nsha1," SHA1 ",,2,i\n",
     "names pdq=f8f8f0ce/87 md5=9dd4e461 id=i; names sha1=11f6ad8e id=i; "},
    {"two hashes of one file", FULL "pdq," A ",,1\npdq," B ",,1\nmd5," MD5 ",,1\n",
     MALFORMED(3) "names pdq=f8f8f0ce/100 md5=9dd4e461; "},
    {"one file's rows of two claims", FULL "pdq," A ",,1\nmd5," MD5 ",,1,,,,withdrawn\n",
     NAMES_A "withdraws md5=9dd4e461; "},
    {"withdrawn, by each word",
     (FULL "md5," MD5 ",,,,,,withdrawn\nmd5," MD5 ",,,,,,deleted\nmd5," MD5 ",,,,,,Removed\n"),
     "withdraws md5=9dd4e461; withdraws md5=9dd4e461; withdraws md5=9dd4e461; "},
    {"withdrawn by its id", FULL ",,,,i7,,,withdrawn\n", "withdraws id=i7; "},
    {"withdrawn by nothing", FULL ",,,,,,,withdrawn\n", MALFORMED(2)},
    {"listed by its id", FULL ",,,,i7,,,active\n", MALFORMED(2)},
    {"known to be good", FULL "md5," MD5 ",,,,,,allowed\nmd5," MD5 ",,,,,,non_malicious\n",
     "allows md5=9dd4e461; allows md5=9dd4e461; "},
    {"disputed", FULL "pdq," A ",,,,,,disputed\n", "allows pdq=f8f8f0ce/100; "},
    {"another status", FULL "md5," MD5 ",,,,,,maybe\n", UNKNOWN(2)},
    {"a kind that we don't know", CSV "photodna,xyz\nmd5," MD5 "\n", UNKNOWN(2) NAMES_MD5},
    {"no kind", CSV "," MD5 "\n", UNKNOWN(2)},
    {"no value", CSV "md5,\n", MALFORMED(2)},
    {"the digest of nothing", CSV "md5," MD5_OF_NOTHING "\n", PROBLEM(2, "it is empty")},
    {"a bad value", CSV "md5,x" MD5 "\n", MALFORMED(2)},
    {"a bad quality", FULL "pdq," A ",101\n", MALFORMED(2)},
    {"a quality of a digest", FULL "md5," MD5 ",87\n", NAMES_MD5},
    {"a bad time", FULL "md5," MD5 ",,,,,,,-1\n", MALFORMED(2)},
    {"a time beyond 64 bits", FULL "md5," MD5 ",,,,,,,18446744073709551616\n", MALFORMED(2)},
    {"an id of no text", FULL "md5," MD5 ",,,\xff\n", MALFORMED(2)},
    {"an id with a line's end", FULL "md5," MD5 ",,,\"a\nb\"\nmd5," MD5 "\n",
     MALFORMED(2) NAMES_MD5},
    {"a long id", FULL "md5," MD5 ",,," ID_63 "\nmd5," MD5 ",,," ID_63 "x\n",
     "names md5=9dd4e461 id=" ID_63 "; " TOO_LONG(3)},
    {"a long label", FULL "md5," MD5 ",,,," LABEL_23 "\nmd5," MD5 ",,,," LABEL_23 "x\n",
     "names md5=9dd4e461 label=" LABEL_23 "; " TOO_LONG(3)},
    {"a long member", FULL "md5," MD5 ",,,,," MEMBER_31 "\nmd5," MD5 ",,,,," MEMBER_31 "x\n",
     "names md5=9dd4e461 member=" MEMBER_31 "; " TOO_LONG(3)},
    {"a long item",
     FULL "md5," MD5 ",," ID_63 "\nsha1," SHA1 ",," ID_63 "\nmd5," MD5 ",," ID_63 "x\n",
     TOO_LONG(4) "names md5=9dd4e461 sha1=11f6ad8e; "},
    {"a field over two lines", "signal_type,x,signal_str\nmd5,\"a\n\nb\"," MD5 "\nmd5,," MD5 "\n",
     NAMES_MD5 NAMES_MD5},
    {"an open quote", CSV "md5,\"" MD5 "\nmd5," MD5 "\nmd5," MD5 "\n",
     MALFORMED(2) NAMES_MD5 NAMES_MD5},
    {"an open quote at the end", CSV "md5," MD5 "\nmd5,\"" MD5, NAMES_MD5 MALFORMED(3)},
    {"a quote within a field", CSV "md5,9\"d\nmd5," MD5 "\n", MALFORMED(2) NAMES_MD5},
    {"something behind a quote", CSV "md5,\"9\"d\nmd5," MD5 "\n", MALFORMED(2) NAMES_MD5},
    {"too many fields", CSV "md5," MD5 TEN(",,,,,,,") "\nmd5," MD5 "\n", TOO_LONG(2) NAMES_MD5},
    {"a header alone", CSV, ""},
};

START_TEST(reads_a_csv_file)
{
    ck_assert_sample(&hv_list_signals_csv, &csv_files[_i]);
}
END_TEST

static const char *const bad_headers[] = {
    "", "x\n", "signal_type,x\n", "signal_str\nmd5\n", "\"signal_type,signal_str\n", ("\n" CSV)};

START_TEST(a_csv_file_without_our_header_is_refused)
{
    struct list_items items;
    const char *text = bad_headers[_i];
    ck_assert_int_eq(list_items_read(&hv_list_signals_csv, text, strlen(text), &items),
                     HASHVEIL_ERR_FORMAT);
    ck_assert_str_eq(items.log, "");
    ck_assert(!hv_list_signals_csv.recognise((const uint8_t *)text, strlen(text)));
}
END_TEST

/* A quote that is never closed takes neither the rest of a long list nor much time. */
START_TEST(an_open_quote_costs_its_line_alone)
{
    enum { LINES = 2000 };
    static struct list_items items;
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    fputs(CSV "md5,\"\n", out);
    for (int i = 0; i < LINES; i++) {
        fputs("md5," MD5 "\n", out);
    }
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(list_items_read(&hv_list_signals_csv, text, len, &items), HASHVEIL_OK);
    ck_assert_uint_eq(items.count, LINES);
    ck_assert_uint_eq(items.problems, 1);
    ck_assert_mem_eq(items.log, TOO_LONG(2), strlen(TOO_LONG(2)));
    free(text);
}
END_TEST

/* What stands before and behind a line of any length is read. */
static const struct {
    const struct hv_list_format *format;
    const char *header, *line, *log;
} texts[] = {
    {&hv_list_pdq_text, "", "pdq " A "\n", NAMES_A},
    {&hv_list_pdq_fields, "", "hash=" A "\n", NAMES_A},
    {&hv_list_checksums, "", MD5 "\n", NAMES_MD5},
    {&hv_list_hashdeep, MD5_COLUMN, "1," MD5 ",a\n", NAMES_MD5},
    {&hv_list_signals_csv, CSV, "md5," MD5 "\n", NAMES_MD5},
};

/* Around the limits of a line, of what is read at once, and of a row of CSV. */
static const size_t lens[] = {8191,  8192,   8193,   32768,  65535,  65536,
                              65537, 131071, 131072, 131073, 1 << 22};

START_TEST(a_long_line_costs_itself_alone)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        static struct list_items items;
        char *text;
        size_t len;
        char log[200];
        uint64_t line = 2;
        FILE *out = open_memstream(&text, &len);
        ck_assert_ptr_nonnull(out);
        fprintf(out, "%s%s", texts[i].header, texts[i].line);
        for (const char *rest = texts[i].header; *rest != '\0'; rest++) {
            line += *rest == '\n';
        }
        for (size_t j = 0; j < lens[_i]; j++) {
            fputc(j % 7 == 0 ? '"' : 'x', out);
        }
        fprintf(out, "\n%s", texts[i].line);
        ck_assert_int_eq(fclose(out), 0);
        ck_assert_int_eq(list_items_read(texts[i].format, text, len, &items), HASHVEIL_OK);
        snprintf(log, sizeof log, "%s%d: %s; %s", texts[i].log, (int)line,
                 lens[_i] > 8192 ? "above a configured limit" : "malformed or damaged",
                 texts[i].log);
        ck_assert_str_eq(items.log, log);
        free(text);
    }
}
END_TEST

START_TEST(a_line_of_no_text_costs_itself_alone)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {{"\0\n", 2}, {"md5,\0\n", 6}, {"\xff\xfe\n", 3}, {"\xed\xa0\x80,\xc0\x80\n", 7}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        static struct list_items items;
        char *text;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        ck_assert_ptr_nonnull(out);
        fprintf(out, "%s%s", texts[i].header, texts[i].line);
        fwrite(bad[_i].bytes, 1, bad[_i].len, out);
        fputs(texts[i].line, out);
        ck_assert_int_eq(fclose(out), 0);
        ck_assert_int_eq(list_items_read(texts[i].format, text, len, &items), HASHVEIL_OK);
        ck_assert_msg(items.count == 2 && items.problems == 1, "%s: %s", texts[i].format->name,
                      items.log);
        free(text);
    }
}
END_TEST

/* By content, whatever else a file's lines might be. */
static const struct {
    const char *start;
    const struct hv_list_format *format;
} starts[] = {
    {"pdq " A "\n", &hv_list_pdq_text},
    {"hash=" A ",quality=1\n", &hv_list_pdq_fields},
    {"# x\nhash=" A "\n" MD5 "\n", &hv_list_pdq_fields},
    {MD5 "\nhash=" A "\n", &hv_list_checksums},
    {"pdq " A "\nhash=" A "\n", &hv_list_pdq_text},
    {MD5_COLUMN, &hv_list_hashdeep},
    {MARK MD5_COLUMN, &hv_list_hashdeep},
    {"%%%% HASHDEEP-2.0\n", &hv_list_hashdeep},
    {"%%%% size,md5,filename\n" MD5 "\n", &hv_list_checksums},
    {CSV, &hv_list_signals_csv},
    {"signal_type,signal_str", &hv_list_signals_csv},
    {MARK "\"signal_type\",\"x\",\"signal_str\"\r\nx", &hv_list_signals_csv},
    {"signal_type,x\n" A, &hv_list_pdq_text},
    {"signal_type;signal_str\n" A, &hv_list_pdq_text},
};

START_TEST(the_first_bytes_tell_the_format)
{
    const char *start = starts[_i].start;
    ck_assert_ptr_eq(hv_list_recognise((const uint8_t *)start, strlen(start)), starts[_i].format);
}
END_TEST

START_TEST(a_format_has_one_name)
{
    size_t count = 0;
    for (; hv_list_formats[count]; count++) {
        const struct hv_list_format *format = hv_list_formats[count];
        ck_assert_ptr_eq(hv_list_format_named(format->name), format);
        ck_assert_uint_gt(strlen(format->meaning), 0);
    }
    ck_assert_uint_ge(count, (size_t)COUNT(texts));
    ck_assert_ptr_null(hv_list_format_named("PDQ"));
    ck_assert_ptr_null(hv_list_format_named(""));
}
END_TEST

/* Written and read again. */
static struct hv_list_item item_of(enum hv_list_claim claim, bool has_hash, bool has_digests)
{
    struct hv_list_item item = {.claim = claim, .has_hash = has_hash, .quality = 77};
    ck_assert_int_eq(hashveil_pdq_from_hex(A, HASHVEIL_PDQ_HEX_LEN, &item.hash), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_digests_of((const uint8_t *)"x", 1, &item.digests), HASHVEIL_OK);
    memset(item.has_digest, has_digests, sizeof item.has_digest);
    snprintf(item.id, sizeof item.id, "%s", "a, \"b\"");
    snprintf(item.label, sizeof item.label, "VIC_US:%d", has_digests);
    snprintf(item.member, sizeof item.member, " \xc3\xa9");
    item.time_s = UINT64_MAX;
    return item;
}

enum { ALL_ITEMS = 9 };

/* Of each claim one with a hash, one with digests, and one with both; a withdrawn one has an id
 * alone. */
static void make_items(struct hv_list_item *out)
{
    for (int i = 0; i < ALL_ITEMS; i++) {
        const enum hv_list_claim claims[] = {HV_LIST_NAMES, HV_LIST_WITHDRAWS, HV_LIST_ALLOWS};
        const bool has_id_alone = i == 4;
        out[i] = item_of(claims[i / 3], i % 3 != 1 && !has_id_alone, i % 3 != 0 && !has_id_alone);
    }
}

#define A_DIGESTS MD5 "," SHA1 "," SHA256
#define CSV_END(label, status)                                                                     \
    "\"a, \"\"b\"\"\",\"VIC_US:" label "\",\" \xc3\xa9\"," status ",18446744073709551615\n"
#define CSV_HASH(item, label, status) "pdq," A ",77," item "," CSV_END(label, status)
#define CSV_DIGESTS(item, label, status)                                                           \
    "md5," MD5 ",," item "," CSV_END(label, status) "sha1," SHA1 ",," item "," CSV_END(            \
        label, status) "sha256," SHA256 ",," item "," CSV_END(label, status)

static const struct {
    const struct hv_list_format *format;
    const char *text, *log;
    uint64_t left_out;
} written[] = {
    {&hv_list_pdq_text, A ",77\n" A ",77\n", "names pdq=f8f8f0ce/77; names pdq=f8f8f0ce/77; ", 7},
    {&hv_list_pdq_fields,
     "hash=" A ",norm=128,delta=0,quality=77,filename=a, \"b\"\n"
     "hash=" A ",norm=128,delta=0,quality=77,filename=a, \"b\"\n",
     "names pdq=f8f8f0ce/77; names pdq=f8f8f0ce/77; ", 7},
    {&hv_list_checksums,
     MD5 "  a, \"b\"\n" SHA1 "  a, \"b\"\n" SHA256 "  a, \"b\"\n" MD5 "  a, \"b\"\n" SHA1
         "  a, \"b\"\n" SHA256 "  a, \"b\"\n",
     "names md5=9dd4e461; names sha1=11f6ad8e; names sha256=2d711642; "
     "names md5=9dd4e461; names sha1=11f6ad8e; names sha256=2d711642; ",
     7},
    {&hv_list_hashdeep,
     DEEP ALL_COLUMNS "## sizes are not known\n"
                      "0," A_DIGESTS ",a, \"b\"\n0," A_DIGESTS ",a, \"b\"\n",
     "names md5=9dd4e461 sha1=11f6ad8e sha256=2d711642; "
     "names md5=9dd4e461 sha1=11f6ad8e sha256=2d711642; ",
     7},
    {&hv_list_signals_csv,
     FULL CSV_HASH("1", "0", "active") CSV_DIGESTS("2", "1", "active") CSV_HASH("3", "1", "active")
         CSV_DIGESTS("3", "1", "active") CSV_HASH("4", "0", "withdrawn") ",,,5," CSV_END(
             "0", "withdrawn") CSV_HASH("6", "1", "withdrawn") CSV_DIGESTS("6", "1", "withdrawn")
             CSV_HASH("7", "0", "allowed") CSV_DIGESTS("8", "1", "allowed")
                 CSV_HASH("9", "1", "allowed") CSV_DIGESTS("9", "1", "allowed"),
     NULL, 0},
};

START_TEST(what_is_written_is_read_again)
{
    static struct list_items items;
    struct hv_list_item all[ALL_ITEMS];
    char *text;
    size_t len;
    uint64_t left_out;
    make_items(all);
    ck_assert_int_eq(list_items_write(written[_i].format, all, ALL_ITEMS, &text, &len, &left_out),
                     HASHVEIL_OK);
    ck_assert_str_eq(text, written[_i].text);
    ck_assert_uint_eq(left_out, written[_i].left_out);
    ck_assert_ptr_eq(hv_list_recognise((const uint8_t *)text, len), written[_i].format);
    ck_assert_int_eq(list_items_read(written[_i].format, text, len, &items), HASHVEIL_OK);
    ck_assert_uint_eq(items.problems, 0);
    if (written[_i].log) {
        ck_assert_str_eq(items.log, written[_i].log);
    } else {
        ck_assert_uint_eq(items.count, ALL_ITEMS);
        for (int i = 0; i < ALL_ITEMS; i++) {
            ck_assert_msg(list_items_are_same(&items.items[i], &all[i]), "%d: %s", i, items.log);
        }
    }
    free(text);
}
END_TEST

/* What an item lacks, a format's row lacks too. */
static const struct {
    const struct hv_list_format *format;
    const char *text;
} spare[] = {
    {&hv_list_checksums, SHA1 "  unnamed\n"},
    {&hv_list_hashdeep, DEEP ALL_COLUMNS "## sizes are not known\n0,," SHA1 ",,unnamed\n"},
    {&hv_list_signals_csv, FULL "sha1," SHA1 ",,1,,,,active,0\n"},
};

START_TEST(one_digest_alone_is_written)
{
    struct hv_list_item item = item_of(HV_LIST_NAMES, false, false);
    char *text;
    size_t len;
    uint64_t left_out;
    item.has_digest[HASHVEIL_DIGEST_SHA1] = true;
    item.id[0] = '\0';
    item.label[0] = '\0';
    item.member[0] = '\0';
    item.time_s = 0;
    ck_assert_int_eq(list_items_write(spare[_i].format, &item, 1, &text, &len, &left_out),
                     HASHVEIL_OK);
    ck_assert_str_eq(text, spare[_i].text);
    ck_assert_uint_eq(left_out, 0);
    free(text);
}
END_TEST

START_TEST(the_distance_from_the_hash_before_is_written)
{
    struct hv_list_item items[2] = {item_of(HV_LIST_NAMES, true, false),
                                    item_of(HV_LIST_NAMES, true, false)};
    char *text;
    size_t len;
    uint64_t left_out;
    items[1].hash.word[3] ^= 0xff;
    ck_assert_int_eq(list_items_write(&hv_list_pdq_fields, items, 2, &text, &len, &left_out),
                     HASHVEIL_OK);
    ck_assert_ptr_nonnull(strstr(strchr(text, '\n'), ",delta=8,"));
    free(text);
}
END_TEST

static hashveil_status next_of_none(void *context, struct hv_list_item *out, bool *has_out)
{
    (void)context;
    (void)out;
    *has_out = false;
    return HASHVEIL_ERR_BUSY;
}

static hashveil_status give_for_ever(void *context, struct hv_list_item *out, bool *has_out)
{
    const struct hv_list_item *item = context;
    *out = *item;
    *has_out = true;
    return HASHVEIL_OK;
}

START_TEST(a_writer_says_what_failed)
{
    struct hv_list_item item = item_of(HV_LIST_NAMES, true, true);
    const struct hv_list_supply bad_supply = {next_of_none, NULL};
    const struct hv_list_supply supply = {give_for_ever, &item};
    uint64_t left_out;
    FILE *full = fopen("/dev/full", "w");
    FILE *null = fopen("/dev/null", "w");
    ck_assert(full && null);
    ck_assert_int_eq(texts[_i].format->write(null, &bad_supply, &left_out), HASHVEIL_ERR_BUSY);
    ck_assert_int_eq(texts[_i].format->write(full, &supply, &left_out), HASHVEIL_ERR_NO_SPACE);
    fclose(full);
    fclose(null);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lists_text");
    TCase *rows = tcase_create("rows");
    TCase *bad = tcase_create("bad");
    TCase *writers = tcase_create("writers");

    tcase_add_loop_test(rows, reads_pdq_lines, 0, COUNT(pdq_lines));
    tcase_add_loop_test(rows, reads_lines_of_fields, 0, COUNT(field_lines));
    tcase_add_loop_test(rows, reads_a_hashdeep_file, 0, COUNT(hashdeep_files));
    tcase_add_loop_test(rows, reads_a_csv_file, 0, COUNT(csv_files));
    tcase_add_loop_test(rows, the_first_bytes_tell_the_format, 0, COUNT(starts));
    tcase_add_test(rows, a_format_has_one_name);
    suite_add_tcase(suite, rows);

    tcase_add_loop_test(bad, a_csv_file_without_our_header_is_refused, 0, COUNT(bad_headers));
    tcase_add_test(bad, an_open_quote_costs_its_line_alone);
    tcase_add_loop_test(bad, a_long_line_costs_itself_alone, 0, COUNT(lens));
    tcase_add_loop_test(bad, a_line_of_no_text_costs_itself_alone, 0, 4);
    suite_add_tcase(suite, bad);

    tcase_add_loop_test(writers, what_is_written_is_read_again, 0, COUNT(written));
    tcase_add_loop_test(writers, one_digest_alone_is_written, 0, COUNT(spare));
    tcase_add_test(writers, the_distance_from_the_hash_before_is_written);
    tcase_add_loop_test(writers, a_writer_says_what_failed, 0, COUNT(texts));
    suite_add_tcase(suite, writers);
    return run_suite(suite);
}
