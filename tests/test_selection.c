/* SPDX-License-Identifier: Apache-2.0 */
/* Who names what, and what of that is to be sealed: withdrawals, allow-lists, two sources. */
#include "draw.h"
#include "run_suite.h"
#include "workspace_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "signal_type,signal_str,item,id,label,member,status\n"
#define A "1000000000000000000000000000000000000000000000000000000000000000"
#define A_AT_31 "100000000000000000000000000000000000000000000000000000007fffffff"
#define A_AT_32 "10000000000000000000000000000000000000000000000000000000ffffffff"
#define B "2fffffffffffffffffffffff0000000000000000ffffffffffffffff00000000"
#define C "3000000000000000ffffffffffffffff00000000fffffffffffffffff0000000"
#define MD5 "0123456789abcdef0123456789abcdef"

static const struct workspace_folder *folder;

static void make_folder(void)
{
    folder = make_workspace_folder();
}

/* source: NULL for the list's members. */
static struct told import_text(const char *source, const char *rows)
{
    char text[4096];
    const hashveil_import_options asked = {.source = source};
    snprintf(text, sizeof text, "%s%s", HEADER, rows);
    put_list(text);
    return import_path(folder->list_path, &asked);
}

static struct told import_with(hashveil_import_options asked, const char *rows)
{
    char text[4096];
    snprintf(text, sizeof text, "%s%s", HEADER, rows);
    put_list(text);
    return import_path(folder->list_path, &asked);
}

/* What a selection gave, and whom it told of. */
struct selected {
    hashveil_entries entries;
    hashveil_selection_counts counts;
    hashveil_conflict conflicts[8];
    size_t conflict_count;
};

static void note_conflict(void *context, const hashveil_conflict *conflict,
                          const hashveil_entries *entries)
{
    struct selected *selected = context;
    ck_assert_uint_lt(selected->conflict_count, 8);
    ck_assert_uint_ge(entries->list_count, 1);
    selected->conflicts[selected->conflict_count++] = *conflict;
}

static struct selected select_entries(const hashveil_selection *selection)
{
    struct selected selected = {0};
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_READ);
    ck_assert_int_eq(hashveil_workspace_select(workspace, selection, note_conflict, &selected,
                                               &selected.entries, &selected.counts),
                     HASHVEIL_OK);
    hashveil_workspace_close(workspace);
    return selected;
}

/* How many hashes and digests are selected. */
static void ck_assert_selected(hashveil_selection selection, size_t hashes, size_t digests)
{
    struct selected selected = select_entries(&selection);
    ck_assert_uint_eq(selected.entries.count, hashes);
    ck_assert_uint_eq(selected.entries.exact_count, digests);
    ck_assert_uint_eq(selected.counts.selected, hashes + digests);
    hashveil_entries_clear(&selected.entries);
}

static const hashveil_selection all = {0};

START_TEST(an_entry_is_listed_while_any_source_names_it)
{
    import_text("zoo", "pdq," A ",,,,,\n");
    import_text("ark", "pdq," A ",,,,,\n");
    struct told told = import_text("zoo", "pdq," A ",,,,,withdrawn\n");
    ck_assert_uint_eq(told.counts.withdrawn, 1);
    struct selected selected = select_entries(&all);
    ck_assert_uint_eq(selected.entries.count, 1);
    ck_assert_uint_eq(selected.entries.entries[0].record.lists, 2);
    hashveil_entries_clear(&selected.entries);
    told = import_text("ark", "pdq," A ",,,,,deleted\n");
    ck_assert_uint_eq(told.counts.withdrawn, 1);
    ck_assert_selected(all, 0, 0);
}
END_TEST

START_TEST(a_source_withdraws_only_what_it_named_itself)
{
    import_text("zoo", "pdq," A ",,,,,\n");
    const struct told told =
        import_text("ark", "pdq," A ",,,,,withdrawn\npdq," B ",,,,,withdrawn\n");
    ck_assert_uint_eq(told.counts.withdrawn, 0);
    ck_assert_uint_eq(told.counts.not_named, 2);
    ck_assert_selected(all, 1, 0);
}
END_TEST

START_TEST(a_tombstone_of_an_id_ends_all_that_the_id_named)
{
    import_text("zoo", "pdq," A ",x,7,,,\nmd5," MD5 ",x,7,,,\npdq," B ",y,8,,,\n");
    import_text("ark", "pdq," A ",x,7,,,\n");
    ck_assert_selected(all, 2, 1);
    struct told told = import_text("zoo", ",,z,7,,,deleted\n");
    ck_assert_msg(told.problems_len == 0, "%s", told.problems);
    ck_assert_uint_eq(told.counts.withdrawn, 2);
    ck_assert_selected(all, 2, 0);
    told = import_text("zoo", ",,z,7,,,deleted\n");
    ck_assert_uint_eq(told.counts.withdrawn, 0);
    ck_assert_uint_eq(told.counts.not_named, 1);
}
END_TEST

START_TEST(what_comes_back_has_its_record_id_again)
{
    import_text("zoo", "pdq," A ",,,,,\n");
    struct selected before = select_entries(&all);
    import_text("zoo", "pdq," A ",,,,,withdrawn\n");
    const struct told told = import_text("zoo", "pdq," A ",,,,,\n");
    ck_assert_uint_eq(told.counts.known, 1);
    struct selected after = select_entries(&all);
    ck_assert_same_entries(&before.entries, &after.entries);
    hashveil_entries_clear(&before.entries);
    hashveil_entries_clear(&after.entries);
}
END_TEST

/* What stands later in a list counts, however the rows are sorted on their way. */
static const struct {
    const char *rows;
    size_t left;
} orders[] = {
    {"pdq," A ",,,,,\npdq," A ",,,,,withdrawn\n", 0},
    {"pdq," A ",,,,,withdrawn\npdq," A ",,,,,\n", 1},
    {"pdq," A ",,,,,\npdq," A ",,,,,withdrawn\npdq," A ",,,,,\n", 1},
    {"pdq," A ",x,1,,,\nmd5," MD5 ",x,1,,,\npdq," A ",,,,,withdrawn\n", 0},
    {"pdq," A ",,,,,withdrawn\npdq," A ",x,1,,,\nmd5," MD5 ",x,1,,,\n", 1},
};
enum { ORDERS = sizeof orders / sizeof orders[0] };

START_TEST(later_rows_of_a_list_overrule_earlier_ones)
{
    const struct told told = import_text("zoo", orders[_i].rows);
    ck_assert_int_eq(told.status, HASHVEIL_OK);
    struct selected selected = select_entries(&all);
    ck_assert_uint_eq(selected.entries.count, orders[_i].left);
    hashveil_entries_clear(&selected.entries);
}
END_TEST

START_TEST(a_snapshot_withdraws_what_it_no_longer_names)
{
    const hashveil_import_options snapshot = {.source = "zoo", .is_snapshot = true};
    import_text("zoo", "pdq," A ",,,,,\npdq," B ",,,,,\n");
    import_text("ark", "pdq," B ",,,,,\n");
    struct told told = import_with(snapshot, "pdq," A ",,,,,\npdq," C ",,,,,\n");
    ck_assert_uint_eq(told.counts.withdrawn, 1);
    ck_assert_uint_eq(told.counts.added, 1);
    ck_assert_selected(all, 3, 0); /* ark still names B */
    told = import_with(snapshot, "pdq," A ",,,,,\npdq," C ",,,,,\n");
    ck_assert_uint_eq(told.counts.withdrawn, 0);
}
END_TEST

START_TEST(an_import_that_changes_nothing_is_no_change)
{
    hashveil_workspace *workspace;
    uint64_t change;
    import_text("zoo", "pdq," A ",,,,,\n");
    import_text("zoo", "pdq," A ",,,,,\n");
    import_text("zoo", "pdq," B ",,,,,withdrawn\n");
    workspace = open_workspace(HASHVEIL_WORKSPACE_READ);
    ck_assert_int_eq(hashveil_workspace_last_change(workspace, &change), HASHVEIL_OK);
    ck_assert_uint_eq(change, 1);
    hashveil_workspace_close(workspace);
}
END_TEST

START_TEST(the_workspace_can_be_seen_as_it_was_after_any_change)
{
    import_text("zoo", "pdq," A ",,,old,,\n");
    import_text("zoo", "pdq," B ",,,,,\npdq," A ",,,new,,\n");
    import_text("zoo", "pdq," A ",,,,,withdrawn\n");
    ck_assert_selected((hashveil_selection){.as_of_change = 1}, 1, 0);
    ck_assert_selected((hashveil_selection){.as_of_change = 2}, 2, 0);
    ck_assert_selected((hashveil_selection){.as_of_change = 3}, 1, 0);
    ck_assert_selected(all, 1, 0);
    struct selected selected = select_entries(&(hashveil_selection){.as_of_change = 1});
    ck_assert_str_eq(selected.entries.entries[0].record.labels[0], "old");
    hashveil_entries_clear(&selected.entries);
    selected = select_entries(&(hashveil_selection){.as_of_change = 2});
    ck_assert_str_eq(selected.entries.entries[0].record.labels[0], "new");
    hashveil_entries_clear(&selected.entries);
}
END_TEST

START_TEST(members_of_a_list_are_its_sources)
{
    struct told told = import_text(NULL, "pdq," A ",,,,zoo,\npdq," B ",,,,ark,\n");
    ck_assert_int_eq(told.status, HASHVEIL_OK);
    struct selected selected = select_entries(&all);
    ck_assert_uint_eq(selected.entries.list_count, 2);
    ck_assert_str_eq(selected.entries.list_names[0], "zoo");
    ck_assert_str_eq(selected.entries.list_names[1], "ark");
    hashveil_entries_clear(&selected.entries);
    told = import_text(NULL, "pdq," C ",,,,,\n");
    ck_assert_int_eq(told.status, HASHVEIL_ERR_ARGUMENT);
    ck_assert_selected(all, 2, 0);
}
END_TEST

/* How near two sources' hashes may be. */
static const struct {
    const char *other;
    unsigned min_sources, within_bits;
    size_t selected;
} nearness[] = {
    {A, 0, 0, 1},        {A, 1, 0, 1},        {A, 2, 0, 1},        {A, 3, 0, 0},
    {A_AT_31, 2, 0, 0},  {A_AT_31, 2, 30, 0}, {A_AT_31, 2, 31, 2}, {A_AT_31, 3, 31, 0},
    {A_AT_32, 2, 31, 0}, {A_AT_32, 1, 31, 2},
};
enum { NEARNESS = sizeof nearness / sizeof nearness[0] };

START_TEST(two_sources_must_name_it_or_one_near_it)
{
    char rows[256];
    snprintf(rows, sizeof rows, "pdq,%s,,,,,\n", nearness[_i].other);
    import_text("zoo", "pdq," A ",,,,,\n");
    import_text("ark", rows);
    ck_assert_selected((hashveil_selection){.min_sources = nearness[_i].min_sources,
                                            .within_bits = nearness[_i].within_bits},
                       nearness[_i].selected, 0);
}
END_TEST

/* Else whoever hangs a digest of its own on another's hash would get it sealed. */
START_TEST(what_one_source_hangs_on_anothers_entry_has_one_source)
{
    import_text("zoo", "pdq," A ",,,,,\n");
    import_text("ark", "pdq," A ",x,1,,,\nmd5," MD5 ",x,1,,,\n");
    ck_assert_selected((hashveil_selection){.min_sources = 2}, 1, 0);
    import_text("zoo", "md5," MD5 ",,,,,\n");
    ck_assert_selected((hashveil_selection){.min_sources = 2}, 1, 1);
}
END_TEST

START_TEST(too_large_a_distance_is_refused)
{
    hashveil_workspace *workspace;
    hashveil_selection_counts counts;
    hashveil_entries entries;
    import_text("zoo", "pdq," A ",,,,,\n");
    workspace = open_workspace(HASHVEIL_WORKSPACE_READ);
    ck_assert_int_eq(hashveil_workspace_select(workspace, &(hashveil_selection){.within_bits = 32},
                                               NULL, NULL, &entries, &counts),
                     HASHVEIL_ERR_ARGUMENT);
    ck_assert_ptr_null(entries.entries);
    hashveil_workspace_close(workspace);
}
END_TEST

START_TEST(labels_are_asked_for_by_value_or_by_scheme)
{
    static const char *const one[] = {"VIC_US:1"};
    static const char *const scheme[] = {"VIC_US:"};
    static const char *const several[] = {"CAID_UK:A", "VIC_US:2"};
    static const char *const none[] = {"VIC_US", "1"};
    import_text("zoo", "pdq," A ",,,VIC_US:1,,\npdq," B ",,,VIC_US:2,,\npdq," C ",,,CAID_UK:A,,\n"
                       "md5," MD5 ",,,,,\n");
    ck_assert_selected((hashveil_selection){.labels = one, .label_count = 1}, 1, 0);
    ck_assert_selected((hashveil_selection){.labels = scheme, .label_count = 1}, 2, 0);
    ck_assert_selected((hashveil_selection){.labels = several, .label_count = 2}, 2, 0);
    ck_assert_selected((hashveil_selection){.labels = none, .label_count = 2}, 0, 0);
    struct selected selected =
        select_entries(&(hashveil_selection){.labels = one, .label_count = 1});
    ck_assert_uint_eq(selected.counts.other_labels, 3);
    hashveil_entries_clear(&selected.entries);
}
END_TEST

/* What is allowed, and how many of A, B and the MD5 are left; A and the MD5 are of one item. */
static const struct {
    const char *rows;
    size_t hashes, digests, conflicts;
    unsigned distance;
} allowances[] = {
    {"pdq," C ",,,,,\n", 2, 1, 0, 0},        {"pdq," B ",,,,,\n", 1, 1, 1, 0},
    {"pdq," A ",,,,,\n", 1, 0, 2, 0},        {"md5," MD5 ",,,,,\n", 1, 0, 2, 0},
    {"pdq," A_AT_31 ",,,,,\n", 1, 1, 1, 31}, {"pdq," A_AT_32 ",,,,,\n", 2, 1, 0, 0},
};
enum { ALLOWANCES = sizeof allowances / sizeof allowances[0] };

START_TEST(what_an_allow_list_names_is_never_selected_and_the_conflict_is_told)
{
    const hashveil_import_options allow = {.source = "good", .is_allow_list = true};
    import_text("zoo", "pdq," A ",x,1,,,\nmd5," MD5 ",x,1,,,\npdq," B ",,,,,\n");
    const struct told told = import_with(allow, allowances[_i].rows);
    ck_assert_int_eq(told.status, HASHVEIL_OK);
    struct selected selected = select_entries(&all);
    ck_assert_uint_eq(selected.entries.count, allowances[_i].hashes);
    ck_assert_uint_eq(selected.entries.exact_count, allowances[_i].digests);
    ck_assert_uint_eq(selected.entries.list_count, 1);
    ck_assert_uint_eq(selected.conflict_count, allowances[_i].conflicts);
    ck_assert_uint_eq(selected.counts.disputed, allowances[_i].conflicts);
    for (size_t i = 0; i < selected.conflict_count; i++) {
        ck_assert_str_eq(selected.conflicts[i].allowed_by, "good");
        ck_assert_uint_eq(selected.conflicts[i].lists, 1);
        ck_assert_uint_eq(selected.conflicts[i].distance_bits, allowances[_i].distance);
    }
    hashveil_entries_clear(&selected.entries);
    import_with(
        (hashveil_import_options){.source = "good", .is_allow_list = true, .is_snapshot = true},
        "pdq," C ",,,,,\n");
    ck_assert_selected(all, 2, 1);
}
END_TEST

START_TEST(what_a_list_itself_disputes_is_allowed_in_its_name)
{
    import_text("zoo", "pdq," A ",,,,,\npdq," B ",,,,,\n");
    import_text("ark", "pdq," A ",,,,,disputed\n");
    struct selected selected = select_entries(&all);
    ck_assert_uint_eq(selected.entries.count, 1);
    ck_assert_uint_eq(selected.conflict_count, 1);
    ck_assert_str_eq(selected.conflicts[0].allowed_by, "ark (allowed)");
    hashveil_entries_clear(&selected.entries);
}
END_TEST

START_TEST(a_source_lists_or_allows_and_not_both)
{
    const hashveil_import_options allow = {.source = "zoo", .is_allow_list = true};
    import_text("zoo", "pdq," A ",,,,,\n");
    ck_assert_int_eq(import_with(allow, "pdq," B ",,,,,\n").status, HASHVEIL_ERR_ARGUMENT);
    ck_assert_selected(all, 1, 0);
}
END_TEST

START_TEST(a_format_may_be_named_and_must_be_one)
{
    const hashveil_import_options csv = {.source = "zoo", .format = "csv"};
    const hashveil_import_options none = {.source = "zoo", .format = "tables"};
    ck_assert_int_eq(import_with(none, "pdq," A ",,,,,\n").status, HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(import_with(csv, "pdq," A ",,,,,\n").status, HASHVEIL_OK);
    ck_assert_selected(all, 1, 0);
}
END_TEST

START_TEST(every_format_has_a_name_and_a_meaning)
{
    const char *meaning;
    size_t count = 0;
    for (; hashveil_list_format_name(count, &meaning); count++) {
        ck_assert_uint_gt(strlen(meaning), 10);
    }
    ck_assert_uint_ge(count, 5);
    ck_assert_ptr_null(hashveil_list_format_name(count + 1, NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("selection");
    TCase *claims = tcase_create("claims");
    TCase *choice = tcase_create("choice");

    tcase_add_checked_fixture(claims, make_folder, remove_workspace_folder);
    tcase_set_timeout(claims, 60);
    tcase_add_test(claims, an_entry_is_listed_while_any_source_names_it);
    tcase_add_test(claims, a_source_withdraws_only_what_it_named_itself);
    tcase_add_test(claims, a_tombstone_of_an_id_ends_all_that_the_id_named);
    tcase_add_test(claims, what_comes_back_has_its_record_id_again);
    tcase_add_loop_test(claims, later_rows_of_a_list_overrule_earlier_ones, 0, ORDERS);
    tcase_add_test(claims, a_snapshot_withdraws_what_it_no_longer_names);
    tcase_add_test(claims, an_import_that_changes_nothing_is_no_change);
    tcase_add_test(claims, the_workspace_can_be_seen_as_it_was_after_any_change);
    tcase_add_test(claims, members_of_a_list_are_its_sources);
    suite_add_tcase(suite, claims);

    tcase_add_checked_fixture(choice, make_folder, remove_workspace_folder);
    tcase_set_timeout(choice, 60);
    tcase_add_loop_test(choice, two_sources_must_name_it_or_one_near_it, 0, NEARNESS);
    tcase_add_test(choice, what_one_source_hangs_on_anothers_entry_has_one_source);
    tcase_add_test(choice, too_large_a_distance_is_refused);
    tcase_add_test(choice, labels_are_asked_for_by_value_or_by_scheme);
    tcase_add_loop_test(choice, what_an_allow_list_names_is_never_selected_and_the_conflict_is_told,
                        0, ALLOWANCES);
    tcase_add_test(choice, what_a_list_itself_disputes_is_allowed_in_its_name);
    tcase_add_test(choice, a_source_lists_or_allows_and_not_both);
    tcase_add_test(choice, a_format_may_be_named_and_must_be_one);
    tcase_add_test(choice, every_format_has_a_name_and_a_meaning);
    suite_add_tcase(suite, choice);
    return run_suite(suite);
}
