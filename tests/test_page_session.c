/* SPDX-License-Identifier: Apache-2.0 */
/* Logins of the reporter's page, at a clock of our own. */
#include "tools/hashveil/page_session.h"

#include "run_suite.h"

#include <stdio.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { NOW = 1000000 };

static struct page_sessions sessions;

static void set_up(void)
{
    ck_assert(page_sessions_init(&sessions));
}

static void tear_down(void)
{
    page_sessions_clear(&sessions);
}

/* A session's header, before and after it what is around it. */
static const char *cookie_of(const char *before, const struct page_session *session,
                             const char *after)
{
    static char text[200];
    snprintf(text, sizeof text, "%s" PAGE_COOKIE "=%s%s", before, session->id, after);
    return text;
}

START_TEST(a_session_lasts_eight_hours)
{
    const struct page_session *session = page_sessions_log_in(&sessions, sessions.token, NOW);
    ck_assert_ptr_nonnull(session);
    const char *cookie = cookie_of("", session, "");
    ck_assert_ptr_eq(page_sessions_find(&sessions, cookie, NOW + PAGE_SESSION_S - 1), session);
    ck_assert_ptr_null(page_sessions_find(&sessions, cookie, NOW + PAGE_SESSION_S));
}
END_TEST

static const struct {
    const char *before, *after;
    bool is_found;
} headers[] = {
    {"", "", true},       {"a=b; ", "", true}, {"a=b; c=d;", "; e=f", true},
    {"", ";", true},      {"x", "", false},    {"", "0", false},
    {"a=", "", false},    {"a ", "", false},   {"hashveil; ", "", true},
    {";;; ", ";;", true},
};

START_TEST(a_cookie_is_found_among_others)
{
    const struct page_session *session = page_sessions_log_in(&sessions, sessions.token, NOW);
    const char *cookie = cookie_of(headers[_i].before, session, headers[_i].after);
    ck_assert_msg((page_sessions_find(&sessions, cookie, NOW) == session) == headers[_i].is_found,
                  "%s", cookie);
}
END_TEST

START_TEST(no_header_is_no_session)
{
    ck_assert_ptr_null(page_sessions_find(&sessions, NULL, NOW));
    ck_assert_ptr_null(page_sessions_find(&sessions, "", NOW));
    ck_assert_ptr_null(page_sessions_find(&sessions, PAGE_COOKIE "=", NOW));
}
END_TEST

START_TEST(another_token_opens_nothing)
{
    char token[PAGE_TOKEN_LEN + 2];
    snprintf(token, sizeof token, "%s0", sessions.token);
    ck_assert_ptr_null(page_sessions_log_in(&sessions, token, NOW));
    token[PAGE_TOKEN_LEN - 1] = token[PAGE_TOKEN_LEN - 1] == '0' ? '1' : '0';
    token[PAGE_TOKEN_LEN] = '\0';
    ck_assert_ptr_null(page_sessions_log_in(&sessions, token, NOW));
    ck_assert_ptr_null(page_sessions_log_in(&sessions, "", NOW));
}
END_TEST

START_TEST(a_ninth_session_ends_the_first)
{
    char first[200];
    snprintf(first, sizeof first, "%s",
             cookie_of("", page_sessions_log_in(&sessions, sessions.token, NOW), ""));
    for (int i = 1; i < PAGE_SESSIONS; i++) {
        ck_assert_ptr_nonnull(page_sessions_log_in(&sessions, sessions.token, NOW));
    }
    ck_assert_ptr_nonnull(page_sessions_find(&sessions, first, NOW));
    ck_assert_ptr_nonnull(page_sessions_log_in(&sessions, sessions.token, NOW));
    ck_assert_ptr_null(page_sessions_find(&sessions, first, NOW));
}
END_TEST

START_TEST(a_form_is_of_its_own_session)
{
    const struct page_session *one = page_sessions_log_in(&sessions, sessions.token, NOW);
    const struct page_session *two = page_sessions_log_in(&sessions, sessions.token, NOW);
    ck_assert(page_session_owns(one, one->form));
    ck_assert(!page_session_owns(one, two->form));
    ck_assert(!page_session_owns(one, one->id));
    ck_assert(!page_session_owns(one, ""));
    ck_assert(!page_session_owns(one, NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_session");
    TCase *cases = tcase_create("cases");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_session_lasts_eight_hours);
    tcase_add_loop_test(cases, a_cookie_is_found_among_others, 0, COUNT(headers));
    tcase_add_test(cases, no_header_is_no_session);
    tcase_add_test(cases, another_token_opens_nothing);
    tcase_add_test(cases, a_ninth_session_ends_the_first);
    tcase_add_test(cases, a_form_is_of_its_own_session);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
