/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in JSON: what each record says, what is refused and where, that hostile documents end
 * cleanly, and that what is written is read again. The samples follow the public descriptions. */
#include "hashdb/lists/json_items.h"
#include "list_items.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

#define A "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
/* Of a file with an x in it. */
#define MD5 "9dd4e461268c8034f5c8564e155c67a6"
#define SHA1 "11f6ad8ec52a2984abaafd7c3b516503785c2072"
#define SHA256 "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
#define MD5_OF_NOTHING "d41d8cd98f00b204e9800998ecf8427e"
#define MARK "\xef\xbb\xbf"
#define TEN(x) x x x x x x x x x x
#define HUNDRED(x) TEN(TEN(x))

#define NAMES_A "names pdq=f8f8f0ce/100; "
#define NAMES_MD5 "names md5=9dd4e461; "
#define PROBLEM(line, text) #line ": " text "; "
#define MALFORMED(line) PROBLEM(line, "malformed or damaged")
#define UNKNOWN(line) PROBLEM(line, "not a format that this build reads")
#define TOO_LONG(line) PROBLEM(line, "above a configured limit")

#define RECORDS(records) "{\"count\": 1, \"hashRecords\": [\n" records "]}\n"
#define PDQ_RECORD "\"signalType\": \"ImagePDQ\", \"hashValue\": \"" A "\""
#define MD5_RECORD "\"signalType\": \"VideoMD5\", \"hashValue\": \"" MD5 "\""
#define RESULTS(results) "{\"count\": 1, \"next\": null, \"results\": [\n" results "]}\n"
#define MD5_RESULT "\"hash_digest\": \"" MD5 "\", \"algorithm\": \"MD5\""
#define CONTEXT(region) "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml" region
#define MEDIA_OF(region, media)                                                                    \
    "{\"@odata.context\": \"" CONTEXT(region) "/$metadata#Media\", \"value\": [\n" media "]}\n"
#define MEDIA(media) MEDIA_OF("/US", media)
#define MD5_MEDIA "\"MD5\": \"" MD5 "\""
#define NAMES_US "names md5=9dd4e461 label=VIC_US:1; "

struct sample {
    const struct hv_list_format *format;
    const char *what, *text, *log;
};

static const struct sample documents[] = {
    {&hv_list_json_records, "a hash",
     RECORDS("{\"lastModtimestamp\": 1625167804, " PDQ_RECORD ", \"hashStatus\": \"Received\", "
             "\"caseNumbers\": {\"x\": \"Received\", \"y\": \"Active\"}}"),
     "names pdq=f8f8f0ce/100 time=1625167804; "},
    {&hv_list_json_records, "a digest", RECORDS("{" MD5_RECORD "}"), NAMES_MD5},
    {&hv_list_json_records, "kinds without a medium",
     RECORDS("{\"hashValue\": \"" SHA256 "\", \"signalType\": \"sha256\"},\n"
             "{\"hashValue\": \"" SHA1 "\", \"signalType\": \"ImageSHA-1\"}"),
     "names sha256=2d711642; names sha1=11f6ad8e; "},
    {&hv_list_json_records, "withdrawn and deleted",
     RECORDS("{" PDQ_RECORD ", \"hashStatus\": \"Withdrawn\"},\n{" MD5_RECORD
             ", \"hashStatus\": \"Deleted\"}"),
     "withdraws pdq=f8f8f0ce/100; withdraws md5=9dd4e461; "},
    {&hv_list_json_records, "a quality", RECORDS("{" PDQ_RECORD ", \"quality\": 7}"),
     "names pdq=f8f8f0ce/7; "},
    {&hv_list_json_records, "members of our names elsewhere",
     RECORDS("{" MD5_RECORD ", \"x\": {\"hashStatus\": \"Deleted\", \"hashRecords\": [{}]}}"),
     NAMES_MD5},
    {&hv_list_json_records, "a status that we don't know",
     RECORDS("{" MD5_RECORD ", \"hashStatus\": \"maybe\"},\n{" MD5_RECORD "}"),
     UNKNOWN(2) NAMES_MD5},
    {&hv_list_json_records, "a kind that we don't know",
     RECORDS("{\"signalType\": \"VideoTMK\", \"hashValue\": \"" HUNDRED("xyz") "\"},\n{" MD5_RECORD
                                                                               "}"),
     UNKNOWN(2) NAMES_MD5},
    {&hv_list_json_records, "no value", RECORDS("{\"signalType\": \"ImagePDQ\"}"), MALFORMED(2)},
    {&hv_list_json_records, "no kind", RECORDS("{\"hashValue\": \"" MD5 "\"}"), MALFORMED(2)},
    {&hv_list_json_records, "two values", RECORDS("{" MD5_RECORD ", \"hashValue\": \"" MD5 "\"}"),
     MALFORMED(2)},
    {&hv_list_json_records, "a bad value",
     RECORDS("{\"signalType\": \"ImagePDQ\", \"hashValue\": \"" MD5 "\"}"), MALFORMED(2)},
    {&hv_list_json_records, "a value of no text",
     RECORDS("{\"signalType\": \"ImagePDQ\", \"hashValue\": [1]}"), UNKNOWN(2)},
    {&hv_list_json_records, "the digest of nothing",
     RECORDS("{\"signalType\": \"VideoMD5\", \"hashValue\": \"" MD5_OF_NOTHING "\"}"),
     PROBLEM(2, "it is empty")},
    {&hv_list_json_records, "a long value",
     RECORDS("{\"signalType\": \"ImagePDQ\", \"hashValue\": \"" HUNDRED("abc") "\"}"), TOO_LONG(2)},
    {&hv_list_json_records, "a bad quality", RECORDS("{" PDQ_RECORD ", \"quality\": 101}"),
     MALFORMED(2)},
    {&hv_list_json_records, "a time beyond all",
     RECORDS("{" MD5_RECORD ", \"lastModtimestamp\": 253402300800}"), MALFORMED(2)},
    {&hv_list_json_records, "the last time of all",
     RECORDS("{" MD5_RECORD ", \"lastModtimestamp\": 253402300799}"),
     "names md5=9dd4e461 time=253402300799; "},
    {&hv_list_json_records, "records that are none",
     RECORDS("7,\n[{" MD5_RECORD "}],\nnull,\n{" MD5_RECORD "}"),
     MALFORMED(2) MALFORMED(3) MALFORMED(4) NAMES_MD5},
    {&hv_list_json_records, "pages, one behind the other",
     RECORDS("{" MD5_RECORD "}") RECORDS("{" PDQ_RECORD "}"), NAMES_MD5 NAMES_A},
    {&hv_list_json_records, "no records", RECORDS(""), ""},
    {&hv_list_json_records, "a mark and CRLF",
     MARK "\r\n{\"hashRecords\":[\r\n{\"x\": 1},\r\n{" MD5_RECORD "}]}", MALFORMED(3) NAMES_MD5},

    {&hv_list_json_results, "a digest",
     RESULTS("{\"id\": 12, " MD5_RESULT ", \"file_type\": \"image\", \"deleted\": false, "
             "\"updated_on\": \"2021-10-11T13:20:44.123456Z\"}"),
     "names md5=9dd4e461 id=12 time=1633958444; "},
    {&hv_list_json_results, "deleted",
     RESULTS("{\"id\": \"a\", " MD5_RESULT ", \"deleted\": true},\n{\"id\": 7, \"deleted\": true}"),
     "withdraws md5=9dd4e461 id=a; withdraws id=7; "},
    {&hv_list_json_results, "every kind",
     RESULTS("{\"algorithm\": \"PDQ\", \"hash_digest\": \"" A "\"},\n"
             "{\"algorithm\": \"SHA256\", \"hash_digest\": \"" SHA256 "\"}"),
     NAMES_A "names sha256=2d711642; "},
    {&hv_list_json_results, "deleted, and nothing said of what", RESULTS("{\"deleted\": true}"),
     MALFORMED(2)},
    {&hv_list_json_results, "a doubtful word", RESULTS("{" MD5_RESULT ", \"deleted\": 1}"),
     UNKNOWN(2)},
    {&hv_list_json_results, "a kind that we don't know",
     RESULTS("{\"algorithm\": \"SHA512\", \"hash_digest\": \"x\"}"), UNKNOWN(2)},
    {&hv_list_json_results, "a bad time", RESULTS("{" MD5_RESULT ", \"updated_on\": \"today\"}"),
     MALFORMED(2)},
    {&hv_list_json_results, "a long id", RESULTS("{\"id\": \"" HUNDRED("x") "\", " MD5_RESULT "}"),
     TOO_LONG(2)},
    {&hv_list_json_results, "escapes",
     RESULTS("{\"id\": \"\\u00e9\\\"\\\\\", \"hash_di\\u0067est\": \"" MD5
             "\", \"algorithm\": \"MD5\"}"),
     "names md5=9dd4e461 id=\xc3\xa9\"\\; "},
    {&hv_list_json_results, "an id with a NUL", RESULTS("{\"id\": \"a\\u0000b\", " MD5_RESULT "}"),
     MALFORMED(2)},

    {&hv_list_odata, "a medium with all that is said",
     MEDIA("{\"MediaID\": 1, \"Category\": 1, " MD5_MEDIA ", \"SHA1\": \"" SHA1
           "\", \"MediaSize\": "
           "7, \"DateUpdated\": \"2023-06-07T02:31:49.8300Z\", \"Hashes\": [{\"HashName\": "
           "\"PhotoDNA\", \"HashValue\": \"" HUNDRED(
               "abc") "\"}, {\"HashValue\": \"" A
                      "\", \"HashName\": \"PDQ\"}], \"MediaFiles\": [{\"MD5\": \"x\"}]}"),
     "names pdq=f8f8f0ce/100 md5=9dd4e461 sha1=11f6ad8e id=1 label=VIC_US:1 time=1686105109; "},
    {&hv_list_odata, "hashes by their other name",
     MEDIA("{\"AlternativeHashes\": [{\"HashName\": \"SHA256\", \"HashValue\": \"" SHA256 "\"}]}"),
     "names sha256=2d711642; "},
    {&hv_list_odata, "known to be good", MEDIA("{\"Category\": 0, " MD5_MEDIA "}"),
     "allows md5=9dd4e461 label=VIC_US:0; "},
    {&hv_list_odata, "known to be good, as a text", MEDIA("{\"Category\": \"0\", " MD5_MEDIA "}"),
     "allows md5=9dd4e461 label=VIC_US:0; "},
    {&hv_list_odata, "a category that begins with 0", MEDIA("{\"Category\": 05, " MD5_MEDIA "}"),
     NULL},
    {&hv_list_odata, "another region", MEDIA_OF("/CA", "{\"Category\": 2, " MD5_MEDIA "}"),
     "names md5=9dd4e461 label=VIC_CA:2; "},
    {&hv_list_odata, "the region with a name of its own",
     MEDIA_OF("/UK", "{\"Category\": \"A\", " MD5_MEDIA "}"),
     "names md5=9dd4e461 label=CAID_UK:A; "},
    {&hv_list_odata, "no region", MEDIA_OF("", "{\"Category\": 1, " MD5_MEDIA "}"),
     "names md5=9dd4e461 label=VIC:1; "},
    {&hv_list_odata, "the older model",
     "{\"odata.metadata\": \"http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media\", "
     "\"value\": [{\"Category\": \"1\", " MD5_MEDIA "}]}",
     "names md5=9dd4e461 label=VIC:1; "},
    {&hv_list_odata, "no context", "{\"value\": [{\"Category\": \"1\", " MD5_MEDIA "}]}",
     "names md5=9dd4e461 label=VIC:1; "},
    {&hv_list_odata, "a medium with its own context",
     MEDIA(
         "{\"@odata.context\": \"" CONTEXT("/UK") "/$metadata#Media\", \"Category\": 3, " MD5_MEDIA
                                                  "},\n{\"Category\": 1, " MD5_MEDIA "}"),
     "names md5=9dd4e461 label=CAID_UK:3; " NAMES_US},
    {&hv_list_odata, "pages of two regions",
     MEDIA("{\"Category\": 1, " MD5_MEDIA "}") MEDIA_OF("/CA", "{\"Category\": 1, " MD5_MEDIA "}"),
     NAMES_US "names md5=9dd4e461 label=VIC_CA:1; "},
    {&hv_list_odata, "no category", MEDIA("{" MD5_MEDIA "}"), NAMES_MD5},
    {&hv_list_odata, "a category that nobody gave yet",
     MEDIA("{\"Category\": null, " MD5_MEDIA "}"), UNKNOWN(2)},
    {&hv_list_odata, "removed",
     MEDIA("{\"@removed\": {\"reason\": \"deleted\"}, \"MediaID\": 7},\n"
           "{\"@removed\": {}, \"Category\": 0, " MD5_MEDIA "}"),
     "withdraws id=7; withdraws md5=9dd4e461 label=VIC_US:0; "},
    {&hv_list_odata, "removed, and nothing said of what", MEDIA("{\"@removed\": {}}"),
     MALFORMED(2)},
    {&hv_list_odata, "digests that are empty", MEDIA("{\"SHA1\": \"\", " MD5_MEDIA "}"), NAMES_MD5},
    {&hv_list_odata, "nothing that we have a use for",
     MEDIA("{\"Category\": 1, \"PhotoDNA\": \"x\"},\n{\"Category\": 1, " MD5_MEDIA "}"),
     UNKNOWN(2) NAMES_US},
    {&hv_list_odata, "a digest twice",
     MEDIA("{" MD5_MEDIA ", \"Hashes\": [{\"HashName\": \"MD5\", \"HashValue\": \"" MD5 "\"}]}"),
     MALFORMED(2)},
    {&hv_list_odata, "a region with a long name",
     MEDIA_OF("/" TEN("long"), "{\"Category\": 1, " MD5_MEDIA "}"), TOO_LONG(2)},
    {&hv_list_odata, "a context without end",
     MEDIA_OF("/" HUNDRED("long"), "{\"Category\": 1, " MD5_MEDIA "}"), TOO_LONG(2)},
    {&hv_list_odata, "a bad digest among the hashes",
     MEDIA("{\"Hashes\": [{\"HashName\": \"PDQ\", \"HashValue\": \"x\"}], " MD5_MEDIA "}"),
     MALFORMED(2)},
    {&hv_list_odata, "times before 1970",
     MEDIA("{\"DateUpdated\": \"0001-01-01T00:00:00\", " MD5_MEDIA "}"), NAMES_MD5},
};

START_TEST(reads_a_document)
{
    const struct sample *sample = &documents[_i];
    struct list_items items;
    const hashveil_status status =
        list_items_read(sample->format, sample->text, strlen(sample->text), &items);
    const hashveil_status expected = sample->log ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
    const char *log = sample->log ? sample->log : MALFORMED(2);
    ck_assert_msg(status == expected && strcmp(items.log, log) == 0, "%s: %s, %s", sample->what,
                  hashveil_status_text(status), items.log);
    ck_assert_ptr_eq(hv_list_recognise((const uint8_t *)sample->text, strlen(sample->text)),
                     sample->format);
}
END_TEST

enum { FORMATS = 3 };

static const struct hv_list_format *const formats[FORMATS] = {
    &hv_list_json_records,
    &hv_list_json_results,
    &hv_list_odata,
};

#define EMPTY "\"hashRecords\": [], \"results\": [], \"value\": []"

/* What ends the reading in every format: the log, where it is told. */
static const struct {
    const char *what, *text, *log;
} bad_documents[] = {
    {"no document", "x", MALFORMED(1)},
    {"white space", " \n\n", MALFORMED(3)},
    {"no list", "{\"x\": [{}]}\n", MALFORMED(2)},
    {"lists that are none", "{\"hashRecords\": {}, \"results\": 1, \"value\": null}", MALFORMED(1)},
    {"a list elsewhere", "{\"x\": {" EMPTY "}}", MALFORMED(1)},
    {"a list alone", "[{" EMPTY "}]", MALFORMED(1)},
    {"no end", "{" EMPTY "\n", MALFORMED(2)},
    {"no end of a text", "{" EMPTY ", \"x\": \"\n", MALFORMED(1)},
    {"no end of a word", "{" EMPTY "}\ntru", MALFORMED(2)},
    {"something behind", "{" EMPTY "}\n}", MALFORMED(2)},
    {"a comment", "{" EMPTY "\n/* x */}", MALFORMED(2)},
    {"a comma too many", "{" EMPTY ",\n}", MALFORMED(2)},
    {"bytes that are no text", "{" EMPTY ", \"\xff\": 1}", MALFORMED(1)},
    {"a bad escape", "{" EMPTY ", \"x\": \"\\u12\"}", MALFORMED(1)},
    {"deep nesting", "{" EMPTY ",\n\"x\": " HUNDRED("["), TOO_LONG(2)},
    {"deep objects", "{" EMPTY ",\n\"x\": " HUNDRED("{\"x\": "), TOO_LONG(2)},
};

START_TEST(a_bad_document_ends_the_reading)
{
    const char *text = bad_documents[_i].text;
    for (int i = 0; i < FORMATS; i++) {
        struct list_items items;
        const hashveil_status status = list_items_read(formats[i], text, strlen(text), &items);
        ck_assert_msg(
            status == HASHVEIL_ERR_FORMAT && strcmp(items.log, bad_documents[_i].log) == 0,
            "%s: %s, %s", bad_documents[_i].what, hashveil_status_text(status), items.log);
    }
}
END_TEST

/* Both sides of the limit on depth. */
START_TEST(nesting_is_limited)
{
    for (unsigned depth = HV_JSON_MAX_DEPTH; depth <= HV_JSON_MAX_DEPTH + 1; depth++) {
        struct list_items items;
        char open[HV_JSON_MAX_DEPTH + 1] = "";
        char close[HV_JSON_MAX_DEPTH + 1] = "";
        char text[200];
        memset(open, '[', depth - 1);
        memset(close, ']', depth - 1);
        snprintf(text, sizeof text, "{%s, \"x\": %s%s}", EMPTY, open, close);
        ck_assert_int_eq(list_items_read(&hv_list_odata, text, strlen(text), &items),
                         depth == HV_JSON_MAX_DEPTH ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT);
    }
}
END_TEST

/* Texts far below and far above what yajl may hold. */
static const struct {
    size_t len;
    hashveil_status expected;
} long_texts[] = {
    {HV_JSON_MAX_TOKEN_BYTES >> 1, HASHVEIL_OK},
    {HV_JSON_MAX_TOKEN_BYTES << 1, HASHVEIL_ERR_FORMAT},
    {HV_JSON_MAX_TOKEN_BYTES << 5, HASHVEIL_ERR_FORMAT},
};

START_TEST(texts_are_limited)
{
    static struct list_items items;
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    fputs("{\"results\": [\n{" MD5_RESULT ", \"x\": \"", out);
    for (size_t i = 0; i < long_texts[_i].len; i++) {
        fputc('x', out);
    }
    fputs("\"}]}", out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(list_items_read(&hv_list_json_results, text, len, &items),
                     long_texts[_i].expected);
    ck_assert_str_eq(items.log, long_texts[_i].expected == HASHVEIL_OK ? NAMES_MD5 : TOO_LONG(2));
    free(text);
}
END_TEST

/* Wherever the pieces end in which a file is read, lines are counted alike. */
START_TEST(a_problem_is_told_with_its_line)
{
    enum { LINES = 20000, STEP = 997, PROBLEMS = LINES / STEP, LAST = PROBLEMS * STEP };
    static struct list_items items;
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    fputs("{\"results\": [", out);
    for (int i = 2; i < LINES; i++) {
        fprintf(out, "\n{%s},", i % STEP == 0 ? "" : MD5_RESULT);
    }
    fputs("\n{" MD5_RESULT "}]}", out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(list_items_read(&hv_list_json_results, text, len, &items), HASHVEIL_OK);
    ck_assert_uint_eq(items.problems, PROBLEMS);
    ck_assert_uint_eq(items.last_problem_line, LAST);
    ck_assert_uint_eq(items.count, LINES - 1 - PROBLEMS);
    ck_assert_uint_gt(items.lines, LINES / 2);
    free(text);
}
END_TEST

static struct hv_list_item item_of(enum hv_list_claim claim, const char *label, const char *id)
{
    struct hv_list_item item = {.claim = claim, .has_hash = true, .quality = 77};
    ck_assert_int_eq(hashveil_pdq_from_hex(A, HASHVEIL_PDQ_HEX_LEN, &item.hash), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_digests_of((const uint8_t *)"x", 1, &item.digests), HASHVEIL_OK);
    memset(item.has_digest, true, sizeof item.has_digest);
    snprintf(item.id, sizeof item.id, "%s", id);
    snprintf(item.label, sizeof item.label, "%s", label);
    item.time_s = 1700000000;
    return item;
}

static void make_items(struct hv_list_item out[4])
{
    out[0] = item_of(HV_LIST_NAMES, "VIC_US:1", "12");
    out[1] = item_of(HV_LIST_WITHDRAWS, "CAID_UK:A", "\xc3\xa9\"\\");
    out[2] = item_of(HV_LIST_ALLOWS, "VIC_US:0", "");
    out[3] = item_of(HV_LIST_WITHDRAWS, "", "012");
    out[3].has_hash = false;
    memset(out[3].has_digest, false, sizeof out[3].has_digest);
}

#define VALUES(claim, quality, end)                                                                \
    claim " pdq=f8f8f0ce/" quality end claim " md5=9dd4e461" end claim " sha1=11f6ad8e" end claim  \
          " sha256=2d711642" end

static const struct {
    const struct hv_list_format *format;
    uint64_t left_out;
    const char *log;
} written[] = {
    {&hv_list_json_records, 2,
     VALUES("names", "77", " time=1700000000; ") VALUES("withdraws", "77", " time=1700000000; ")},
    {&hv_list_json_results, 1,
     VALUES("names", "77", " id=12 time=1700000000; ")
         VALUES("withdraws", "77",
                " id=\xc3\xa9\"\\ time=1700000000; ") "withdraws id=012 time=1700000000; "},
    {&hv_list_odata, 0,
     "names pdq=f8f8f0ce/77 md5=9dd4e461 sha1=11f6ad8e sha256=2d711642 id=12 label=VIC_US:1 "
     "time=1700000000; withdraws pdq=f8f8f0ce/77 md5=9dd4e461 sha1=11f6ad8e sha256=2d711642 "
     "id=\xc3\xa9\"\\ label=CAID_UK:A time=1700000000; allows pdq=f8f8f0ce/77 md5=9dd4e461 "
     "sha1=11f6ad8e sha256=2d711642 label=VIC_US:0 time=1700000000; withdraws id=012 "
     "time=1700000000; "},
};

START_TEST(what_is_written_is_read_again)
{
    static struct list_items items;
    struct hv_list_item all[4];
    char *text;
    size_t len;
    uint64_t left_out;
    make_items(all);
    ck_assert_int_eq(list_items_write(written[_i].format, all, 4, &text, &len, &left_out),
                     HASHVEIL_OK);
    ck_assert_uint_eq(left_out, written[_i].left_out);
    ck_assert_ptr_eq(hv_list_recognise((const uint8_t *)text, len), written[_i].format);
    ck_assert_int_eq(list_items_read(written[_i].format, text, len, &items), HASHVEIL_OK);
    ck_assert_str_eq(items.log, written[_i].log);
    list_items_check_again(written[_i].format, &items);
    free(text);
}
END_TEST

START_TEST(an_empty_list_is_written)
{
    struct list_items items;
    char *text;
    size_t len;
    uint64_t left_out;
    ck_assert_int_eq(list_items_write(formats[_i], NULL, 0, &text, &len, &left_out), HASHVEIL_OK);
    ck_assert_int_eq(list_items_read(formats[_i], text, len, &items), HASHVEIL_OK);
    ck_assert_str_eq(items.log, "");
    ck_assert_ptr_eq(hv_list_recognise((const uint8_t *)text, len), formats[_i]);
    free(text);
}
END_TEST

/* What is listed under the category of known-good files, and what is allowed under another. */
START_TEST(an_odata_list_never_says_the_contrary)
{
    static struct list_items items;
    const struct hv_list_item all[] = {item_of(HV_LIST_NAMES, "VIC_US:0", "1"),
                                       item_of(HV_LIST_ALLOWS, "VIC_US:1", "2")};
    char *text;
    size_t len;
    uint64_t left_out;
    ck_assert_int_eq(list_items_write(&hv_list_odata, all, 2, &text, &len, &left_out), HASHVEIL_OK);
    ck_assert_uint_eq(left_out, 1);
    ck_assert_int_eq(list_items_read(&hv_list_odata, text, len, &items), HASHVEIL_OK);
    ck_assert_uint_eq(items.count, 1);
    ck_assert_int_eq(items.items[0].claim, HV_LIST_ALLOWS);
    ck_assert_str_eq(items.items[0].id, "2");
    free(text);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
    const struct hv_list_item item = item_of(HV_LIST_NAMES, "VIC_US:1", "12");
    uint64_t left_out;
    FILE *out = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(list_items_write_to(formats[_i], &item, 1, out, &left_out),
                     HASHVEIL_ERR_NO_SPACE);
    fclose(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lists_json");
    TCase *reading = tcase_create("reading");
    tcase_add_loop_test(reading, reads_a_document, 0, COUNT(documents));
    tcase_add_test(reading, a_problem_is_told_with_its_line);
    suite_add_tcase(suite, reading);
    TCase *refusal = tcase_create("refusal");
    tcase_add_loop_test(refusal, a_bad_document_ends_the_reading, 0, COUNT(bad_documents));
    tcase_add_test(refusal, nesting_is_limited);
    tcase_add_loop_test(refusal, texts_are_limited, 0, COUNT(long_texts));
    suite_add_tcase(suite, refusal);
    TCase *writing = tcase_create("writing");
    tcase_add_loop_test(writing, what_is_written_is_read_again, 0, COUNT(written));
    tcase_add_loop_test(writing, an_empty_list_is_written, 0, FORMATS);
    tcase_add_test(writing, an_odata_list_never_says_the_contrary);
    tcase_add_loop_test(writing, a_full_disk_is_told, 0, FORMATS);
    suite_add_tcase(suite, writing);
    return run_suite(suite);
}
