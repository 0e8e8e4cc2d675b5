/* SPDX-License-Identifier: Apache-2.0 */
#include "page_session.h"

#include "output.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

static bool draw(char out[PAGE_TOKEN_LEN + 1])
{
    uint8_t bytes[PAGE_TOKEN_LEN / 2];
    const bool drawn = getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes;
    format_hex(bytes, sizeof bytes, out);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return drawn;
}

/* Takes no time that depends on what the token is. */
static bool is_token(const char *text, size_t len, const char token[PAGE_TOKEN_LEN + 1])
{
    return len == PAGE_TOKEN_LEN && CRYPTO_memcmp(text, token, PAGE_TOKEN_LEN) == 0;
}

bool page_sessions_init(struct page_sessions *sessions)
{
    return draw(sessions->token);
}

const struct page_session *page_sessions_log_in(struct page_sessions *sessions, const char *token,
                                                uint64_t now_s)
{
    struct page_session *session = &sessions->list[sessions->next];
    struct page_session drawn = {.ends_s = now_s + PAGE_SESSION_S};
    if (!is_token(token, strlen(token), sessions->token) || !draw(drawn.id) || !draw(drawn.form)) {
        return NULL;
    }
    sessions->next = (sessions->next + 1) % PAGE_SESSIONS;
    *session = drawn;
    OPENSSL_cleanse(&drawn, sizeof drawn);
    return session;
}

/* Finds our cookie among others (RFC 6265, section 4.2.1). Returns its value, or NULL. */
static const char *cookie_value(const char *cookie, size_t *len_out)
{
    static const char name[] = PAGE_COOKIE "=";
    while (cookie) {
        cookie += strspn(cookie, "; ");
        if (strncmp(cookie, name, sizeof name - 1) == 0) {
            cookie += sizeof name - 1;
            *len_out = strcspn(cookie, "; ");
            return cookie;
        }
        cookie = strchr(cookie, ';');
    }
    return NULL;
}

struct page_session *page_sessions_find(struct page_sessions *sessions, const char *cookie,
                                        uint64_t now_s)
{
    struct page_session *found = NULL;
    size_t len = 0;
    const char *id = cookie_value(cookie, &len);
    for (size_t i = 0; id && i < PAGE_SESSIONS; i++) {
        struct page_session *session = &sessions->list[i];
        if (session->ends_s > now_s && is_token(id, len, session->id)) {
            found = session;
        }
    }
    return found;
}

bool page_session_owns(const struct page_session *session, const char *form)
{
    return form && is_token(form, strlen(form), session->form);
}

void page_sessions_clear(struct page_sessions *sessions)
{
    OPENSSL_cleanse(sessions, sizeof *sessions);
}
