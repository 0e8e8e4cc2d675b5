/* SPDX-License-Identifier: Apache-2.0 */
#include "submission_users.h"

#include "errno_status.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_USERS = 100, MAX_NAME_LEN = 64, MAX_LINE_LEN = 256 };

struct user {
    char name[MAX_NAME_LEN + 1];
    uint8_t digest[SHA256_DIGEST_LENGTH]; /* of the base64 text of NAME:PASSWORD */
};

struct submission_users {
    size_t count;
    struct user users[MAX_USERS];
};

static bool is_name(const char *name, size_t len)
{
    bool is_printable = len > 0 && len <= MAX_NAME_LEN;
    for (size_t i = 0; i < len; i++) {
        is_printable = is_printable && name[i] > ' ' && name[i] <= '~';
    }
    return is_printable;
}

/* line: without its end. */
static hashveil_status add_user(struct submission_users *users, const char *line)
{
    uint8_t text[(MAX_LINE_LEN + 2) / 3 * 4 + 1];
    const size_t name_len = strcspn(line, ":");
    if (line[name_len] != ':' || !is_name(line, name_len)) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (users->count == MAX_USERS) {
        return HASHVEIL_ERR_LIMIT;
    }
    struct user *user = &users->users[users->count++];
    memcpy(user->name, line, name_len);
    const int len = EVP_EncodeBlock(text, (const uint8_t *)line, (int)strlen(line));
    SHA256(text, (size_t)len, user->digest);
    OPENSSL_cleanse(text, sizeof text);
    return HASHVEIL_OK;
}

static hashveil_status read_lines(FILE *file, struct submission_users *users, size_t *line_out)
{
    char line[MAX_LINE_LEN + 2]; /* with its end and a NUL */
    hashveil_status status = HASHVEIL_OK;
    *line_out = 0;
    while (status == HASHVEIL_OK && fgets(line, sizeof line, file)) {
        const size_t len = strcspn(line, "\n");
        ++*line_out;
        if (line[len] != '\n' && !feof(file)) {
            status = HASHVEIL_ERR_LIMIT;
        } else if (len > 0) {
            line[len] = '\0';
            status = add_user(users, line);
        }
    }
    OPENSSL_cleanse(line, sizeof line);
    return status == HASHVEIL_OK && ferror(file) ? HASHVEIL_ERR_IO : status;
}

hashveil_status submission_users_load(const char *path, struct submission_users **out,
                                      size_t *line_out)
{
    struct submission_users *users = calloc(1, sizeof *users);
    FILE *file = fopen(path, "re");
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    *out = NULL;
    *line_out = 0;
    if (!file || !users) {
        status = file ? HASHVEIL_ERR_NO_MEMORY : status_of_errno(errno);
        goto done;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of the passwords stays behind */
    status = read_lines(file, users, line_out);
    if (status == HASHVEIL_OK && users->count == 0) {
        status = HASHVEIL_ERR_EMPTY;
    }
    if (status != HASHVEIL_OK) {
        goto done;
    }
    *out = users;
    users = NULL; /* now the caller's */
done:
    if (file) {
        fclose(file);
    }
    submission_users_destroy(users);
    return status;
}

const char *submission_users_find(const struct submission_users *users, const char *header)
{
    static const char scheme[] = "Basic ";
    uint8_t digest[SHA256_DIGEST_LENGTH];
    const char *name = NULL;
    if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0) {
        return NULL;
    }
    const char *token = header + sizeof scheme - 1;
    SHA256((const uint8_t *)token, strlen(token), digest);
    for (size_t i = 0; i < users->count; i++) {
        if (CRYPTO_memcmp(digest, users->users[i].digest, sizeof digest) == 0) {
            name = users->users[i].name;
        }
    }
    return name;
}

void submission_users_destroy(struct submission_users *users)
{
    if (users) {
        OPENSSL_cleanse(users, sizeof *users);
        free(users);
    }
}
