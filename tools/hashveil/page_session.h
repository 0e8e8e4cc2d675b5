/* SPDX-License-Identifier: Apache-2.0 */
/* Who has logged in to the page: a token opens a session, which a cookie names. */
#ifndef HASHVEIL_TOOLS_PAGE_SESSION_H
#define HASHVEIL_TOOLS_PAGE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAGE_TOKEN_LEN = 32,   /* hexadecimal digits: 128 bits */
    PAGE_SESSIONS = 8,     /* at once; another one ends the oldest */
    PAGE_SESSION_S = 28800 /* how long one lasts */
};

#define PAGE_COOKIE "hashveil"

struct page_session {
    char id[PAGE_TOKEN_LEN + 1];   /* what the cookie says */
    char form[PAGE_TOKEN_LEN + 1]; /* what its forms say, which no other site can read */
    uint64_t ends_s;               /* 0 when there is none */
};

/* Starts as {0}. Used by one thread. */
struct page_sessions {
    char token[PAGE_TOKEN_LEN + 1];
    struct page_session list[PAGE_SESSIONS];
    size_t next;
};

/* Draws the token. Returns false without random numbers. */
bool page_sessions_init(struct page_sessions *sessions);

/* Returns a new session, borrowed until the next call, or NULL for a wrong token. */
const struct page_session *page_sessions_log_in(struct page_sessions *sessions, const char *token,
                                                uint64_t now_s);

/* Returns the session that a header "Cookie" names, borrowed until the next call, or NULL.
 * cookie: NULL without the header. */
struct page_session *page_sessions_find(struct page_sessions *sessions, const char *cookie,
                                        uint64_t now_s);

/* Whether a form is one of the session's own. form: NULL when it does not say. */
bool page_session_owns(const struct page_session *session, const char *form);

/* Wipes all of them. */
void page_sessions_clear(struct page_sessions *sessions);

#endif
