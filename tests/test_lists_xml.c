/* SPDX-License-Identifier: Apache-2.0 */
/* Hash-sharing XML: what each item says, what is refused and where, that hostile documents end
 * cleanly, and that what is written is read again. The samples follow the public description. */
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
#define TEN(x) x x x x x x x x x x
#define HUNDRED(x) TEN(TEN(x))

#define URI "https://hashsharing.ncmec.org/hashsharing/v2"
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<queryResult xmlns=\"" URI "\">\n"
#define IN_IMAGES(items) HEAD "<images count=\"1\">\n" items "</images>\n</queryResult>\n"
#define PRINTS(prints) "<fingerprints>" prints "</fingerprints>"
#define IMAGE(rest) "<image>" rest "</image>\n"
#define MD5_IMAGE IMAGE(PRINTS("<md5>" MD5 "</md5>"))
#define NAMES_MD5 "names md5=9dd4e461; "

#define PROBLEM(line, text) #line ": " text "; "
#define MALFORMED(line) PROBLEM(line, "malformed or damaged")
#define UNKNOWN(line) PROBLEM(line, "not a format that this build reads")
#define TOO_LONG(line) PROBLEM(line, "above a configured limit")

static const struct {
    const char *what, *text, *log;
} documents[] = {
    {"an image with all that is said",
     IN_IMAGES(IMAGE("\n <member id=\"42\">Example Member</member>\n"
                     " <timestamp>2017-10-24T15:00:00Z</timestamp>\n <id>image1</id>\n"
                     " <classification>A1</classification>\n <fingerprints>\n  <md5>" MD5
                     "</md5>\n  <sha1>" SHA1 "</sha1>\n  <pdna>a1a1</pdna>\n  <pdq>\n" A
                     "\n</pdq>\n </fingerprints>\n")),
     "names pdq=f8f8f0ce/100 md5=9dd4e461 sha1=11f6ad8e member=Example Member id=image1 "
     "label=INDUSTRY:A1 time=1508857200; "},
    {"a deleted image",
     IN_IMAGES("<deletedImage><member id=\"43\">B</member><id>i4</id>"
               "<timestamp>2017-10-24T15:10:00Z</timestamp></deletedImage>\n"),
     "withdraws member=B id=i4 time=1508857800; "},
    {"videos",
     HEAD "<videos><video>" PRINTS(
         "<md5>" MD5 "</md5>") "</video>"
                               "<deletedVideo><id>v</id></deletedVideo></videos></queryResult>",
     NAMES_MD5 "withdraws id=v; "},
    {"every class",
     IN_IMAGES(IMAGE("<classification>B2</classification>" PRINTS("<md5>" MD5 "</md5>"))),
     "names md5=9dd4e461 label=INDUSTRY:B2; "},
    {"a class with its scheme",
     IN_IMAGES(IMAGE("<classification>VIC_US:1</classification>" PRINTS("<md5>" MD5 "</md5>"))),
     "names md5=9dd4e461 label=VIC_US:1; "},
    {"a quality", IN_IMAGES(IMAGE(PRINTS("<pdq quality=\"7\">" A "</pdq>"))),
     "names pdq=f8f8f0ce/7; "},
    {"a member of a number alone",
     IN_IMAGES(IMAGE("<member id=\"42\"/>" PRINTS("<md5>" MD5 "</md5>"))),
     "names md5=9dd4e461 member=member 42; "},
    {"a member with a long name",
     IN_IMAGES(IMAGE("<member id=\"42\">" TEN("long") "</member>" PRINTS("<md5>" MD5 "</md5>"))),
     "names md5=9dd4e461 member=member 42; "},
    {"a long name and no number",
     IN_IMAGES(IMAGE("<member>" TEN("long") "</member>" PRINTS("<md5>" MD5 "</md5>"))),
     TOO_LONG(4)},
    {"escapes",
     IN_IMAGES(IMAGE("<id>a&amp;b&#x21;<![CDATA[<c>]]></id>" PRINTS("<md5>" MD5 "</md5>"))),
     "names md5=9dd4e461 id=a&b!<c>; "},
    {"comments and instructions", IN_IMAGES("<!-- x --><?x y?>" MD5_IMAGE), NAMES_MD5},
    {"a prefix for the namespace",
     "<q:queryResult xmlns:q=\"" URI "\"><q:images><q:image><q:fingerprints><q:md5>" MD5
     "</q:md5></q:fingerprints></q:image></q:images></q:queryResult>",
     NAMES_MD5},
    {"no namespace", "<queryResult><images>" MD5_IMAGE "</images></queryResult>", NAMES_MD5},
    {"another coding",
     "<?xml version=\"1.0\" "
     "encoding=\"ISO-8859-1\"?><queryResult><images><image><id>\xe9</id>" PRINTS(
         "<md5>" MD5 "</md5>") "</image></images></queryResult>",
     "names md5=9dd4e461 id=\xc3\xa9; "},
    {"what we don't know",
     IN_IMAGES(IMAGE(
         "<x><y><id>no</id></y></x>" PRINTS("<ssim>1</ssim><md5>" MD5 "</md5>")) "<x>y</x>\n"),
     NAMES_MD5},
    {"paging", HEAD "<images/><paging><next>/x</next></paging></queryResult>", ""},
    {"nothing that we have a use for", IN_IMAGES(IMAGE(PRINTS("<pdna>a1</pdna>")) MD5_IMAGE),
     UNKNOWN(4) NAMES_MD5},
    {"no fingerprints", IN_IMAGES(IMAGE("<id>x</id>") MD5_IMAGE), UNKNOWN(4) NAMES_MD5},
    {"an empty image", IN_IMAGES("<image/>\n" MD5_IMAGE), UNKNOWN(4) NAMES_MD5},
    {"an empty fingerprint", IN_IMAGES(IMAGE(PRINTS("<sha1/><md5>" MD5 "</md5>"))), NAMES_MD5},
    {"a deletion of nothing", IN_IMAGES("<deletedImage/>\n" MD5_IMAGE), MALFORMED(4) NAMES_MD5},
    {"a bad digest", IN_IMAGES(IMAGE(PRINTS("<md5>x" MD5 "</md5>")) MD5_IMAGE),
     MALFORMED(4) NAMES_MD5},
    {"two of a kind", IN_IMAGES(IMAGE(PRINTS("<md5>" MD5 "</md5><md5>" MD5 "</md5>")) MD5_IMAGE),
     MALFORMED(4) NAMES_MD5},
    {"two ids", IN_IMAGES(IMAGE("<id>a</id><id>b</id>" PRINTS("<md5>" MD5 "</md5>"))),
     MALFORMED(4)},
    {"the digest of nothing", IN_IMAGES(IMAGE(PRINTS("<md5>" MD5_OF_NOTHING "</md5>"))),
     PROBLEM(4, "it is empty")},
    {"a bad quality", IN_IMAGES(IMAGE(PRINTS("<pdq quality=\"101\">" A "</pdq>"))), MALFORMED(4)},
    {"a bad time", IN_IMAGES(IMAGE("<timestamp>soon</timestamp>" PRINTS("<md5>" MD5 "</md5>"))),
     MALFORMED(4)},
    {"a time with a zone",
     IN_IMAGES(
         IMAGE("<timestamp>1970-01-01T01:00:01.5+01:00</timestamp>" PRINTS("<md5>" MD5 "</md5>"))),
     "names md5=9dd4e461 time=1; "},
    {"a long id", IN_IMAGES(IMAGE("<id>" HUNDRED("x") "</id>" PRINTS("<md5>" MD5 "</md5>"))),
     TOO_LONG(4)},
    {"a longer id",
     IN_IMAGES(IMAGE("<id>" TEN(HUNDRED("x")) "</id>" PRINTS("<md5>" MD5 "</md5>")) MD5_IMAGE),
     TOO_LONG(4) NAMES_MD5},
    {"a text with a line's end", IN_IMAGES(IMAGE("<id>a\nb</id>" PRINTS("<md5>" MD5 "</md5>"))),
     MALFORMED(4)},
};

START_TEST(reads_a_document)
{
    struct list_items items;
    const char *text = documents[_i].text;
    const hashveil_status status =
        list_items_read(&hv_list_hash_sharing_xml, text, strlen(text), &items);
    ck_assert_msg(status == HASHVEIL_OK && strcmp(items.log, documents[_i].log) == 0, "%s: %s, %s",
                  documents[_i].what, hashveil_status_text(status), items.log);
    ck_assert_ptr_eq(hv_list_recognise((const uint8_t *)text, strlen(text)),
                     &hv_list_hash_sharing_xml);
}
END_TEST

#define BOMB                                                                                       \
    "<!DOCTYPE queryResult [<!ENTITY a \"" HUNDRED("ha") "\"><!ENTITY b \"" HUNDRED(               \
        "&a;") "\"><!ENTITY c \"" HUNDRED("&b;") "\"><!ENTITY d \"" HUNDRED("&c;") "\">]>"
#define FETCH "<!DOCTYPE queryResult [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>\n"
#define WITH_ID(id) "<queryResult><images><image><id>" id "</id></image></images></queryResult>"

/* What ends the reading: the log, where it is told. */
static const struct {
    const char *what, *text, *log;
} bad_documents[] = {
    {"no document", "x", MALFORMED(1)},
    {"another root", "<status/>", MALFORMED(1)},
    {"another version", "<queryResult xmlns=\"https://hashsharing.ncmec.org/hashsharing/v1\"/>",
     PROBLEM(1, "written by another version of the format")},
    {"no end", HEAD "<images>\n" MD5_IMAGE "<", NAMES_MD5 MALFORMED(5)},
    {"a wrong end", HEAD "<images>\n</videos>\n", MALFORMED(4)},
    {"bytes that are no text", HEAD "<images>\n\xff</images></queryResult>", MALFORMED(4)},
    {"a surrogate", HEAD "<images>\n\xed\xa0\x80</images></queryResult>", MALFORMED(4)},
    {"an entity that expands for ever", BOMB WITH_ID("&d;"), MALFORMED(1)},
    {"an entity in an attribute", BOMB "<queryResult x=\"&d;\"/>", MALFORMED(1)},
    {"a file to be fetched", FETCH WITH_ID("&a;"), MALFORMED(1)},
    {"a document type to be fetched", "<!DOCTYPE q SYSTEM \"http://localhost/x\">" WITH_ID("x"),
     MALFORMED(1)},
    {"an entity that nobody declared", WITH_ID("&x;"), MALFORMED(1)},
    {"deep nesting", "<queryResult>\n" HUNDRED("<x>"), TOO_LONG(2)},
};

START_TEST(a_bad_document_ends_the_reading)
{
    struct list_items items;
    const char *text = bad_documents[_i].text;
    const hashveil_status status =
        list_items_read(&hv_list_hash_sharing_xml, text, strlen(text), &items);
    ck_assert_msg(status == HASHVEIL_ERR_FORMAT && strcmp(items.log, bad_documents[_i].log) == 0,
                  "%s: %s, %s", bad_documents[_i].what, hashveil_status_text(status), items.log);
}
END_TEST

/* Around the limit of libxml2's own line numbers, which have 16 bits. */
static const size_t line_counts[] = {0, 1, 65530, 65536, 200000};

START_TEST(a_problem_is_told_with_its_line)
{
    static struct list_items items;
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    fputs(HEAD "<images>\n", out);
    for (size_t i = 0; i < line_counts[_i]; i++) {
        fputs(i % 8 == 0 ? MD5_IMAGE : "\n", out);
    }
    fputs("<image>\n<id>x</id>\n</image>\n</images></queryResult>", out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(list_items_read(&hv_list_hash_sharing_xml, text, len, &items), HASHVEIL_OK);
    ck_assert_uint_eq(items.problems, 1);
    ck_assert_uint_eq(items.last_problem_line, line_counts[_i] + 4);
    ck_assert_uint_eq(items.count, (line_counts[_i] + 7) / 8);
    free(text);
}
END_TEST

/* A text that never ends is passed over, up to libxml2's own limit of 10 MB. */
START_TEST(a_huge_text_ends_cleanly)
{
    enum { HUGE_BYTES = 12 << 20 };
    static struct list_items items;
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    fputs(HEAD "<images><image><id>", out);
    for (size_t i = 0; i < HUGE_BYTES; i++) {
        fputc('x', out);
    }
    fputs("</id></image></images></queryResult>", out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(list_items_read(&hv_list_hash_sharing_xml, text, len, &items),
                     HASHVEIL_ERR_FORMAT);
    ck_assert_uint_eq(items.count, 0);
    ck_assert_uint_eq(items.problems, 1);
    free(text);
}
END_TEST

static struct hv_list_item item_of(enum hv_list_claim claim, bool has_hash, bool has_digests)
{
    struct hv_list_item item = {.claim = claim, .has_hash = has_hash, .quality = 77};
    ck_assert_int_eq(hashveil_pdq_from_hex(A, HASHVEIL_PDQ_HEX_LEN, &item.hash), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_digests_of((const uint8_t *)"x", 1, &item.digests), HASHVEIL_OK);
    memset(item.has_digest, has_digests, sizeof item.has_digest);
    snprintf(item.id, sizeof item.id, "%s", "a<&>\"b\"");
    snprintf(item.label, sizeof item.label, has_digests ? "INDUSTRY:A1" : "VIC_US:1");
    snprintf(item.member, sizeof item.member, "\xc3\xa9");
    item.time_s = 1700000000;
    return item;
}

START_TEST(what_is_written_is_read_again)
{
    static struct list_items items;
    const struct hv_list_item all[] = {
        item_of(HV_LIST_NAMES, true, true),      item_of(HV_LIST_NAMES, true, false),
        item_of(HV_LIST_NAMES, false, true),     item_of(HV_LIST_WITHDRAWS, false, false),
        item_of(HV_LIST_WITHDRAWS, true, false),
    };
    char *text;
    size_t len;
    uint64_t left_out;
    ck_assert_int_eq(
        list_items_write(&hv_list_hash_sharing_xml, all, COUNT(all), &text, &len, &left_out),
        HASHVEIL_OK);
    ck_assert_uint_eq(left_out, 0);
    ck_assert_ptr_eq(hv_list_recognise((const uint8_t *)text, len), &hv_list_hash_sharing_xml);
    ck_assert_int_eq(list_items_read(&hv_list_hash_sharing_xml, text, len, &items), HASHVEIL_OK);
    ck_assert_uint_eq(items.problems, 0);
    ck_assert_uint_eq(items.count, COUNT(all));
    for (int i = 0; i < COUNT(all); i++) {
        ck_assert_msg(list_items_are_same(&items.items[i], &all[i]), "%d: %s", i, items.log);
    }
    free(text);
}
END_TEST

START_TEST(what_the_format_cannot_say_is_counted)
{
    static struct list_items items;
    struct hv_list_item all[] = {item_of(HV_LIST_ALLOWS, true, true),
                                 item_of(HV_LIST_NAMES, true, true)};
    char *text;
    size_t len;
    uint64_t left_out;
    snprintf(all[1].id, sizeof all[1].id, "\xef\xbf\xbf");
    ck_assert_int_eq(list_items_write(&hv_list_hash_sharing_xml, all, 2, &text, &len, &left_out),
                     HASHVEIL_OK);
    ck_assert_uint_eq(left_out, 2);
    ck_assert_int_eq(list_items_read(&hv_list_hash_sharing_xml, text, len, &items), HASHVEIL_OK);
    ck_assert_str_eq(items.log, "");
    free(text);
}
END_TEST

static hashveil_status refuse_item(void *context, const struct hv_list_item *item)
{
    (void)context;
    (void)item;
    return HASHVEIL_ERR_NO_SPACE;
}

static hashveil_status refuse_problem(void *context, uint64_t line, hashveil_status status)
{
    (void)context;
    (void)line;
    (void)status;
    return HASHVEIL_ERR_CANCELLED;
}

static void ignore(void *context, uint64_t lines)
{
    (void)context;
    (void)lines;
}

/* The sink's answer, to an item, to a problem of one, and to the end of a document. */
static const struct {
    const char *text;
    hashveil_status expected;
} refused[] = {
    {IN_IMAGES(MD5_IMAGE), HASHVEIL_ERR_NO_SPACE},
    {IN_IMAGES("<image/>"), HASHVEIL_ERR_CANCELLED},
    {"<queryResult>", HASHVEIL_ERR_CANCELLED},
};

START_TEST(a_sink_that_fails_ends_the_reading)
{
    const struct hv_list_sink sink = {refuse_item, refuse_problem, ignore, NULL};
    char text[1000];
    snprintf(text, sizeof text, "%s", refused[_i].text);
    FILE *in = fmemopen(text, strlen(text), "r");
    ck_assert_ptr_nonnull(in);
    ck_assert_int_eq(hv_list_hash_sharing_xml.read(in, &sink), refused[_i].expected);
    fclose(in);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
    const struct hv_list_item item = item_of(HV_LIST_NAMES, true, true);
    uint64_t left_out;
    FILE *out = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(list_items_write_to(&hv_list_hash_sharing_xml, &item, 1, out, &left_out),
                     HASHVEIL_ERR_NO_SPACE);
    fclose(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lists_xml");
    TCase *reading = tcase_create("reading");
    tcase_add_loop_test(reading, reads_a_document, 0, COUNT(documents));
    tcase_add_loop_test(reading, a_problem_is_told_with_its_line, 0, COUNT(line_counts));
    suite_add_tcase(suite, reading);
    TCase *refusal = tcase_create("refusal");
    tcase_add_loop_test(refusal, a_bad_document_ends_the_reading, 0, COUNT(bad_documents));
    tcase_add_test(refusal, a_huge_text_ends_cleanly);
    tcase_add_loop_test(refusal, a_sink_that_fails_ends_the_reading, 0, COUNT(refused));
    suite_add_tcase(suite, refusal);
    TCase *writing = tcase_create("writing");
    tcase_add_test(writing, what_is_written_is_read_again);
    tcase_add_test(writing, what_the_format_cannot_say_is_counted);
    tcase_add_test(writing, a_full_disk_is_told);
    suite_add_tcase(suite, writing);
    return run_suite(suite);
}
