/* SPDX-License-Identifier: Apache-2.0 */
/* Lists into a workspace and out again: what is kept of each, and of those who named it. */
#include "base/hex.h"
#include "draw.h"
#include "run_suite.h"
#include "workspace_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

#define A "1000000000000000000000000000000000000000000000000000000000000000"
#define B "2000000000000000000000000000000000000000000000000000000000000000"
#define C "f000000000000000000000000000000000000000000000000000000000000000"

enum { NOBODY = 65534, FEW = 300 };

static const struct workspace_folder *folder;

static void make_folder(void)
{
    folder = make_workspace_folder();
}

static int compare_hex(const void *a, const void *b)
{
    return strcmp(a, b);
}

START_TEST(a_list_comes_back_ordered_by_hash)
{
    static char expected[FEW][HASHVEIL_PDQ_HEX_LEN + 1];
    put_drawn_list(0, FEW);
    const struct told told = import_list("source", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.added = FEW});
    for (uint64_t i = 0; i < FEW; i++) {
        const hashveil_fingerprint fingerprint = draw_fingerprint(i);
        hashveil_pdq_to_hex(&fingerprint.hash, expected[i]);
    }
    qsort(expected, FEW, sizeof expected[0], compare_hex);

    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, FEW);
    ck_assert_uint_eq(entries.list_count, 1);
    ck_assert_str_eq(entries.list_names[0], "source");
    for (size_t i = 0; i < FEW; i++) {
        char hex[HASHVEIL_PDQ_HEX_LEN + 1];
        hashveil_pdq_to_hex(&entries.entries[i].hash, hex);
        ck_assert_str_eq(hex, expected[i]);
        ck_assert_str_eq(entries.entries[i].record.labels[0], "label");
        ck_assert_uint_eq(entries.entries[i].record.lists, 1);
    }
    hashveil_entries_clear(&entries);
    ck_assert_ptr_null(entries.entries);
    ck_assert_uint_eq(entries.count, 0);
}
END_TEST

START_TEST(record_ids_are_random)
{
    unsigned ones = 0;
    put_drawn_list(0, FEW);
    import_list("source", "label");
    hashveil_entries entries = read_entries();
    for (size_t i = 0; i < FEW; i++) {
        const uint8_t *id = entries.entries[i].record.id;
        for (size_t k = 0; k < HASHVEIL_RECORD_ID_BYTES; k++) {
            ones += (unsigned)__builtin_popcount(id[k]);
        }
        for (size_t j = 0; j < i; j++) {
            ck_assert_mem_ne(id, entries.entries[j].record.id, HASHVEIL_RECORD_ID_BYTES);
        }
    }
    /* Of 38,400 fair bits; ten deviations are 980. */
    ck_assert_uint_gt(ones, FEW * 64 - 980);
    ck_assert_uint_lt(ones, FEW * 64 + 980);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(importing_the_same_again_changes_nothing)
{
    put_drawn_list(0, FEW);
    import_list("source", "label");
    hashveil_entries before = read_entries();
    const struct told told = import_list("source", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.known = FEW});
    hashveil_entries after = read_entries();
    ck_assert_same_entries(&before, &after);
    run_workspace_sql("CREATE TABLE one (number CHECK (number = 1));"
                      "INSERT INTO one SELECT count(*) FROM change;"
                      "INSERT INTO one SELECT DISTINCT added FROM claim");
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&after);
}
END_TEST

#define CSV "signal_type,signal_str,id,label,status\n"

/* Lists that say several things of one value: the last counts. */
static const struct {
    const char *list, *label; /* NULL: nobody names it in the end */
} contradictions[] = {
    {CSV "pdq," A ",1,first,\npdq," A ",2,last,\n", "last"},
    {CSV "pdq," A ",1,first,\npdq," A ",1,last,\npdq," A ",1,first,\n", "first"},
    {CSV "pdq," A ",1,first,\npdq," A ",1,first,withdrawn\n", NULL},
    {CSV "pdq," A ",1,first,withdrawn\npdq," A ",1,first,\n", "first"},
    {CSV "pdq," A ",1,first,\npdq," A ",2,last,\npdq," A ",3,,withdrawn\n", NULL},
};
enum { CONTRADICTIONS = sizeof contradictions / sizeof contradictions[0] };

START_TEST(a_list_that_contradicts_itself_changes_nothing_the_second_time)
{
    put_list(contradictions[_i].list);
    import_list("source", "label");
    run_workspace_sql("CREATE TABLE before AS SELECT * FROM claim");
    hashveil_entries before = read_entries();
    ck_assert_uint_eq(before.count, contradictions[_i].label != NULL);
    if (contradictions[_i].label) {
        ck_assert_str_eq(before.entries[0].record.labels[0], contradictions[_i].label);
    }
    ck_assert_uint_eq(import_list("source", "label").counts.problems, 0);
    hashveil_entries after = read_entries();
    ck_assert_same_entries(&before, &after);
    run_workspace_sql("CREATE TABLE one (number CHECK (number = 1));"
                      "INSERT INTO one SELECT count(*) FROM change;"
                      "CREATE TABLE none (number CHECK (number = 0));"
                      "INSERT INTO none SELECT count(*) FROM (SELECT * FROM claim EXCEPT"
                      " SELECT * FROM before);"
                      "INSERT INTO none SELECT count(*) FROM (SELECT * FROM before EXCEPT"
                      " SELECT * FROM claim)");
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&after);
}
END_TEST

static const hashveil_entry *entry_of(const hashveil_entries *entries, const char *hex)
{
    for (size_t i = 0; i < entries->count; i++) {
        char text[HASHVEIL_PDQ_HEX_LEN + 1];
        hashveil_pdq_to_hex(&entries->entries[i].hash, text);
        if (strcmp(text, hex) == 0) {
            return &entries->entries[i];
        }
    }
    ck_abort_msg("no entry %s", hex);
    return NULL;
}

START_TEST(a_hash_keeps_all_who_named_it_and_their_labels)
{
    struct told told;
    put_list(B "\n" C "\n");
    import_list("zoo", "first label");
    put_list(A "\n" B "\n");
    told = import_list("ark", "second label");
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1, .known = 1});

    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 3);
    ck_assert_uint_eq(entries.list_count, 2);
    ck_assert_str_eq(entries.list_names[0], "zoo");
    ck_assert_str_eq(entries.list_names[1], "ark");
    ck_assert_uint_eq(entry_of(&entries, A)->record.lists, 2);
    ck_assert_uint_eq(entry_of(&entries, B)->record.lists, 3);
    ck_assert_uint_eq(entry_of(&entries, C)->record.lists, 1);
    ck_assert_str_eq(entry_of(&entries, A)->record.labels[0], "second label");
    ck_assert_str_eq(entry_of(&entries, B)->record.labels[0], "first label");
    ck_assert_str_eq(entry_of(&entries, B)->record.labels[1], "second label");
    ck_assert_str_eq(entry_of(&entries, B)->record.labels[2], "");
    ck_assert_str_eq(entry_of(&entries, C)->record.labels[0], "first label");
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(a_new_label_of_the_same_source_replaces_the_old_one)
{
    put_list(A "\n" B "\n");
    import_list("source", "old");
    hashveil_entries before = read_entries();
    put_list(B "\n");
    const struct told told = import_list("source", "new");
    ck_assert_counts(&told, (hashveil_import_counts){.known = 1});

    hashveil_entries after = read_entries();
    ck_assert_uint_eq(after.count, 2);
    ck_assert_str_eq(entry_of(&after, A)->record.labels[0], "old");
    ck_assert_str_eq(entry_of(&after, B)->record.labels[0], "new");
    ck_assert_uint_eq(entry_of(&after, B)->record.lists, 1);
    ck_assert_mem_eq(entry_of(&after, B)->record.id, entry_of(&before, B)->record.id,
                     HASHVEIL_RECORD_ID_BYTES);
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&after);
}
END_TEST

START_TEST(hashes_of_low_quality_are_counted_and_not_taken)
{
    put_list(A ",50\n" B ",49\n" C ",0\n" A ",100\n");
    const struct told told = import_list("source", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1, .known = 1, .low_quality = 2});
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 1);
    entry_of(&entries, A);
    hashveil_entries_clear(&entries);
}
END_TEST

#define MD5 "d41d8cd98f00b204e9800998ecf8427f"
#define SHA1 "aa39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256 "bb7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void ck_assert_digest(const hashveil_digest *digest, hashveil_digest_kind kind,
                             const char *hex)
{
    uint8_t expected[HASHVEIL_DIGEST_MAX_LEN] = {0};
    ck_assert_int_eq(digest->kind, kind);
    ck_assert(hv_hex_decode(hex, expected, hashveil_digest_len(kind)));
    ck_assert_mem_eq(digest->bytes, expected, sizeof expected);
}

START_TEST(digests_are_taken_and_counted_by_themselves)
{
    put_list(MD5 "  a\n" SHA1 "  a\n" SHA256 " *a\n" A "\nMD5 (again) = " MD5 "\n");
    struct told told = import_list("source", "label");
    ck_assert_counts(
        &told, (hashveil_import_counts){.digests_added = 3, .digests_known = 1, .problems = 1});
    ck_assert_str_eq(told.problems, "list:4: malformed or damaged\n");
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 0);
    ck_assert_uint_eq(entries.exact_count, 3);
    ck_assert_digest(&entries.exact[0].digest, HASHVEIL_DIGEST_MD5, MD5);
    ck_assert_digest(&entries.exact[1].digest, HASHVEIL_DIGEST_SHA1, SHA1);
    ck_assert_digest(&entries.exact[2].digest, HASHVEIL_DIGEST_SHA256, SHA256);
    ck_assert_str_eq(entries.exact[1].record.labels[0], "label");
    ck_assert_uint_eq(entries.exact[1].record.lists, 1);
    hashveil_entries_clear(&entries);
    ck_assert_ptr_null(entries.exact);
    ck_assert_uint_eq(entries.exact_count, 0);
    put_list(SHA1 "\n");
    told = import_list("source", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.digests_known = 1});
}
END_TEST

START_TEST(the_same_bytes_of_a_hash_and_a_digest_are_two_entries)
{
    put_list(SHA256 "  a\n");
    struct told told = import_list("source", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.digests_added = 1});
    put_list(SHA256 "\n");
    told = import_list("source", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1});
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 1);
    ck_assert_uint_eq(entries.exact_count, 1);
    ck_assert_mem_ne(entries.entries[0].record.id, entries.exact[0].record.id,
                     HASHVEIL_RECORD_ID_BYTES);
    hashveil_entries_clear(&entries);
}
END_TEST

/* Imported in this order; the last one has what is kept of them. */
static const struct {
    const char *labels[6]; /* by source */
    const char *kept[HASHVEIL_MAX_LABELS];
} label_rows[] = {
    {{"b"}, {"b", "", ""}},
    {{"b", "b", "b"}, {"b", "", ""}},
    {{"a", "b"}, {"a", "b", ""}},
    {{"b", "a"}, {"a", "b", ""}},
    {{"c", "b", "a"}, {"a", "b", "c"}},
    {{"b", "c", "b", "a"}, {"a", "b", "c"}},
    {{"b", "d", "c", "a"}, {"b", "c", "d"}}, /* the first sources' */
    {{"b", "d", "c", "e", "c"}, {"b", "c", "d"}},
    {{"ab", "a", "abc"}, {"a", "ab", "abc"}},
    {{"\xc3\xa9", "z", "Z"}, {"Z", "z", "\xc3\xa9"}},
    {{"12345678901234567890123", "12345678901234567890122"},
     {"12345678901234567890122", "12345678901234567890123", ""}},
};

START_TEST(different_labels_are_kept_in_order_as_far_as_there_is_room)
{
    static const char *const lists[] = {A "\n", SHA1 "\n"};
    for (size_t list = 0; list < 2; list++) {
        put_list(lists[list]);
        for (unsigned i = 0; label_rows[_i].labels[i]; i++) {
            char source[16];
            snprintf(source, sizeof source, "source %u", i);
            import_list(source, label_rows[_i].labels[i]);
        }
    }
    hashveil_entries entries = read_entries();
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        ck_assert_str_eq(entries.entries[0].record.labels[i], label_rows[_i].kept[i]);
        ck_assert_str_eq(entries.exact[0].record.labels[i], label_rows[_i].kept[i]);
    }
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(problems_are_told_with_their_lines_and_the_rest_is_kept)
{
    put_list("# a list\n" A "\nnonsense\n" B ",101\n" C ",87,name\n" A B "\n");
    const struct told told = import_list("source", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.added = 2, .problems = 3});
    ck_assert_str_eq(told.problems, "list:3: malformed or damaged\n"
                                    "list:4: malformed or damaged\n"
                                    "list:6: malformed or damaged\n");
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 2);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(problems_need_nobody_to_be_told)
{
    hashveil_import_counts counts;
    const hashveil_import_options options = {.source = "source", .label = "label"};
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    put_drawn_list(0, 5000); /* enough that progress would be told */
    ck_assert_int_eq(hashveil_workspace_import(workspace, folder->list_path, &options, &counts),
                     HASHVEIL_OK);
    ck_assert_uint_eq(counts.added, 5000);
    put_list("nonsense\n");
    ck_assert_int_eq(hashveil_workspace_import(workspace, folder->list_path, &options, &counts),
                     HASHVEIL_OK);
    ck_assert_uint_eq(counts.problems, 1);
    hashveil_workspace_close(workspace);
}
END_TEST

START_TEST(a_strict_import_leaves_nothing_after_a_problem)
{
    const hashveil_import_options strict = {
        .source = "second", .label = "label", .is_strict = true};
    put_list(A "\n");
    import_list("first", "label");
    hashveil_entries before = read_entries();
    put_list(B "\n" A "\nnonsense\n" C ",101\n");
    struct told told = import_path(folder->list_path, &strict);
    ck_assert_int_eq(told.status, HASHVEIL_ERR_FORMAT);
    ck_assert_str_eq(told.problems, "list:3: malformed or damaged\n");
    hashveil_entries after = read_entries();
    ck_assert_same_entries(&before, &after);
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&after);

    put_list(B "\n" C ",49\n"); /* low quality is no problem */
    told = import_path(folder->list_path, &strict);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1, .low_quality = 1});
}
END_TEST

START_TEST(an_import_that_failed_leaves_the_workspace_usable)
{
    const hashveil_import_options asked = {.source = "source", .label = "label"};
    const hashveil_import_options strict = {
        .source = "strict", .label = "label", .is_strict = true};
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    put_list("nonsense\n");
    ck_assert_int_eq(import_into(workspace, folder->list_path, &strict).status,
                     HASHVEIL_ERR_FORMAT);
    put_list(A "\n");
    const struct told told = import_into(workspace, folder->list_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1});
    hashveil_workspace_close(workspace);
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 1);
    ck_assert_uint_eq(entries.list_count, 1);
    ck_assert_str_eq(entries.list_names[0], "source");
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(sixty_four_sources_have_room_and_no_more)
{
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    hashveil_import_options asked = {.label = "label"};
    char source[16];
    put_list(A "\n");
    asked.source = source;
    for (unsigned i = 0; i <= HASHVEIL_MAX_LISTS; i++) {
        snprintf(source, sizeof source, "source %u", i);
        ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status,
                         i < HASHVEIL_MAX_LISTS ? HASHVEIL_OK : HASHVEIL_ERR_LIMIT);
    }
    put_list(A "\n" B "\n");
    asked.source = "source 63";
    const struct told told = import_into(workspace, folder->list_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1, .known = 1});
    hashveil_workspace_close(workspace);

    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.list_count, HASHVEIL_MAX_LISTS);
    ck_assert_str_eq(entries.list_names[63], "source 63");
    ck_assert_uint_eq(entry_of(&entries, A)->record.lists, UINT64_MAX);
    ck_assert_uint_eq(entry_of(&entries, B)->record.lists, UINT64_C(1) << 63);
    hashveil_entries_clear(&entries);
}
END_TEST

#define LETTERS_22 "abcdefghijklmnopqrstuv"
#define LETTERS_30 LETTERS_22 "wxyzabcd"

static const struct {
    const char *what, *source, *label;
    hashveil_status expected;
} texts[] = {
    {"one character each", "s", "l", HASHVEIL_OK},
    {"the longest", LETTERS_30 "x", LETTERS_22 "x", HASHVEIL_OK},
    {"UTF-8", "\xc3\xa9t\xc3\xa9", "\xf0\x9f\x90\x88", HASHVEIL_OK},
    {"quotes and blanks", "a 'b\"; --", "%s\\n", HASHVEIL_OK},
    {"no source", NULL, "l", HASHVEIL_ERR_ARGUMENT},
    {"no label", "s", NULL, HASHVEIL_OK},
    {"an empty source", "", "l", HASHVEIL_ERR_ARGUMENT},
    {"an empty label", "s", "", HASHVEIL_ERR_ARGUMENT},
    {"a source too long", LETTERS_30 "xy", "l", HASHVEIL_ERR_ARGUMENT},
    {"a source too long by half a character", LETTERS_30 "\xc3\xa9", "l", HASHVEIL_ERR_ARGUMENT},
    {"a label too long", "s", LETTERS_22 "xy", HASHVEIL_ERR_ARGUMENT},
    {"a line end in a source", "a\nb", "l", HASHVEIL_ERR_ARGUMENT},
    {"an escape in a label", "s", "\x1b[2J", HASHVEIL_ERR_ARGUMENT},
    {"a delete in a source", "a\x7f", "l", HASHVEIL_ERR_ARGUMENT},
    {"a C1 control in a label", "s", "\xc2\x9b", HASHVEIL_ERR_ARGUMENT},
    {"Latin-1 in a source", "\xe9t\xe9", "l", HASHVEIL_ERR_ARGUMENT},
    {"a long form in a label", "s", "\xc0\xaf", HASHVEIL_ERR_ARGUMENT},
    {"half a character in a label", "s", "\xf0\x9f\x90", HASHVEIL_ERR_ARGUMENT},
};

START_TEST(a_source_and_a_label_are_short_plain_texts)
{
    put_list(A "\n");
    const struct told told = import_list(texts[_i].source, texts[_i].label);
    ck_assert_msg(told.status == texts[_i].expected, "%s: %s", texts[_i].what,
                  hashveil_status_text(told.status));
    hashveil_entries entries = read_entries();
    if (told.status == HASHVEIL_OK) {
        ck_assert_uint_eq(entries.count, 1);
        ck_assert_str_eq(entries.list_names[0], texts[_i].source);
        ck_assert_str_eq(entries.entries[0].record.labels[0],
                         texts[_i].label ? texts[_i].label : "");
    } else {
        ck_assert_uint_eq(entries.count, 0);
        ck_assert_uint_eq(entries.list_count, 0);
    }
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(sources_that_differ_in_case_or_blanks_are_different)
{
    static const char *const sources[] = {"ngo", "NGO", "ngo ", "ng\xc3\xb6"};
    put_list(A "\n");
    for (int i = 0; i < COUNT(sources); i++) {
        import_list(sources[i], "label");
    }
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.list_count, COUNT(sources));
    for (int i = 0; i < COUNT(sources); i++) {
        ck_assert_str_eq(entries.list_names[i], sources[i]);
    }
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(what_cannot_be_read_leaves_not_even_its_source)
{
    static const char noise[] = "\x7f"
                                "ELF\0\0\0";
    const hashveil_import_options asked = {.source = "source", .label = "label"};
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status,
                     HASHVEIL_ERR_NOT_FOUND);
    put_list("");
    ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status, HASHVEIL_ERR_EMPTY);
    ck_assert_int_eq(unlink(folder->list_path), 0);
    ck_assert_int_eq(mkfifo(folder->list_path, 0600), 0);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status,
                     HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_eq(unlink(folder->list_path), 0);
    FILE *file = fopen(folder->list_path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(noise, sizeof noise, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status,
                     HASHVEIL_ERR_UNSUPPORTED);
    hashveil_workspace_close(workspace);

    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 0);
    ck_assert_uint_eq(entries.list_count, 0);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(a_list_of_somebody_else_may_be_denied)
{
    const hashveil_import_options asked = {.source = "source", .label = "label"};
    const bool is_root = geteuid() == 0;
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    put_list(A "\n");
    ck_assert_int_eq(chmod(folder->path, 0777), 0); /* the workspace's journal is not denied */
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status, HASHVEIL_OK);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(folder->list_path, 0), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status, HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
    hashveil_workspace_close(workspace);
}
END_TEST

START_TEST(a_new_workspace_holds_nothing)
{
    hashveil_entries entries;
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    ck_assert_int_eq(hashveil_workspace_entries(workspace, &entries), HASHVEIL_OK);
    ck_assert_uint_eq(entries.count, 0);
    ck_assert_uint_eq(entries.list_count, 0);
    hashveil_entries_clear(&entries);
    hashveil_entries_clear(&entries);
    hashveil_workspace_close(workspace);
    hashveil_workspace_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("workspace");
    TCase *lists = tcase_create("lists");
    TCase *refusals = tcase_create("refusals");

    tcase_add_checked_fixture(lists, make_folder, remove_workspace_folder);
    tcase_add_test(lists, a_list_comes_back_ordered_by_hash);
    tcase_add_test(lists, record_ids_are_random);
    tcase_add_test(lists, importing_the_same_again_changes_nothing);
    tcase_add_loop_test(lists, a_list_that_contradicts_itself_changes_nothing_the_second_time, 0,
                        CONTRADICTIONS);
    tcase_add_test(lists, a_hash_keeps_all_who_named_it_and_their_labels);
    tcase_add_test(lists, a_new_label_of_the_same_source_replaces_the_old_one);
    tcase_add_test(lists, hashes_of_low_quality_are_counted_and_not_taken);
    tcase_add_test(lists, digests_are_taken_and_counted_by_themselves);
    tcase_add_test(lists, the_same_bytes_of_a_hash_and_a_digest_are_two_entries);
    tcase_add_loop_test(lists, different_labels_are_kept_in_order_as_far_as_there_is_room, 0,
                        COUNT(label_rows));
    tcase_add_test(lists, problems_are_told_with_their_lines_and_the_rest_is_kept);
    tcase_add_test(lists, problems_need_nobody_to_be_told);
    tcase_add_test(lists, sources_that_differ_in_case_or_blanks_are_different);
    tcase_add_test(lists, a_new_workspace_holds_nothing);
    suite_add_tcase(suite, lists);

    tcase_add_checked_fixture(refusals, make_folder, remove_workspace_folder);
    tcase_add_test(refusals, a_strict_import_leaves_nothing_after_a_problem);
    tcase_add_test(refusals, an_import_that_failed_leaves_the_workspace_usable);
    tcase_add_test(refusals, sixty_four_sources_have_room_and_no_more);
    tcase_add_loop_test(refusals, a_source_and_a_label_are_short_plain_texts, 0, COUNT(texts));
    tcase_add_test(refusals, what_cannot_be_read_leaves_not_even_its_source);
    tcase_add_test(refusals, a_list_of_somebody_else_may_be_denied);
    suite_add_tcase(suite, refusals);
    return run_suite(suite);
}
