/* SPDX-License-Identifier: Apache-2.0 */
/* The one type that says whether a call worked. Results travel in `out` parameters. */
#ifndef HASHVEIL_STATUS_H
#define HASHVEIL_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HASHVEIL_API __attribute__((visibility("default")))
#define HASHVEIL_MUST_USE __attribute__((warn_unused_result))
#else
#define HASHVEIL_API
#define HASHVEIL_MUST_USE
#endif

/* Numbers are written down and never reused: they may leave the process in logs and bindings. */
#define HASHVEIL_STATUS_TABLE(X)                                                                   \
    X(OK, 0, "success")                                                                            \
    X(ERR_ARGUMENT, 1, "an argument is outside its documented range")                              \
    X(ERR_NO_MEMORY, 2, "out of memory")                                                           \
    X(ERR_IO, 3, "reading or writing failed")                                                      \
    X(ERR_NOT_FOUND, 4, "no such file or folder")                                                  \
    X(ERR_ACCESS, 5, "permission denied")                                                          \
    X(ERR_NO_SPACE, 6, "no space left on the device")                                              \
    X(ERR_EXISTS, 7, "it exists already and is not overwritten")                                   \
    X(ERR_NOT_A_FILE, 8, "not a regular file")                                                     \
    X(ERR_BUSY, 9, "another process is using it")                                                  \
    X(ERR_EMPTY, 10, "it is empty")                                                                \
    X(ERR_UNSUPPORTED, 11, "not a format that this build reads")                                   \
    X(ERR_FORMAT, 12, "malformed or damaged")                                                      \
    X(ERR_TRUNCATED, 13, "it ends too early")                                                      \
    X(ERR_LIMIT, 14, "above a configured limit")                                                   \
    X(ERR_DIGEST, 15, "its content does not match its digest")                                     \
    X(ERR_VERSION, 16, "written by another version of the format")                                 \
    X(ERR_KEY, 17, "not the key that is needed here")                                              \
    X(ERR_PROTOCOL, 18, "the peer's answer is not valid")                                          \
    X(ERR_UNREACHABLE, 19, "the peer cannot be reached")                                           \
    X(ERR_TIMEOUT, 20, "the peer did not answer in time")                                          \
    X(ERR_REFUSED, 21, "the peer refused the request")                                             \
    X(ERR_CANCELLED, 22, "cancelled")                                                              \
    X(ERR_TWO_FACED, 23, "decoded in full it is another picture than decoded in part")             \
    X(ERR_CRASHED, 24, "its decoder crashed")                                                      \
    X(ERR_FORBIDDEN, 25, "its decoder did what the sandbox forbids")                               \
    X(ERR_TOO_SLOW, 26, "decoding took longer than the time limit")                                \
    X(ERR_ACCOUNT, 27, "the peer does not know who asks")                                          \
    X(ERR_BUDGET, 28, "the account's budget is spent for now")                                     \
    X(ERR_OVERLOADED, 29, "the peer has too much to do just now")                                  \
    X(ERR_CERTIFICATE, 30, "a certificate is not one that is trusted, or none at all")             \
    X(ERR_THRESHOLD, 31, "the reporter expects another threshold")

typedef enum hashveil_status {
#define X(name, number, meaning) HASHVEIL_##name = number,
    HASHVEIL_STATUS_TABLE(X)
#undef X
} hashveil_status;

/**
 * Names a status in words, for people: "malformed or damaged".
 *
 * Returns a static string, never NULL; "unknown status" for a number outside the table.
 * Threads: safe.
 */
HASHVEIL_API const char *hashveil_status_text(hashveil_status status);

#ifdef __cplusplus
}
#endif

#endif
