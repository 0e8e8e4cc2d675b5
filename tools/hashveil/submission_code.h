/* SPDX-License-Identifier: Apache-2.0 */
/* What the stub answers to those who submit reports: the numbers of CyberTipline's API. */
#ifndef HASHVEIL_TOOLS_SUBMISSION_CODE_H
#define HASHVEIL_TOOLS_SUBMISSION_CODE_H

/* Name, number, number of HTTP, text. */
#define SUBMISSION_CODE_TABLE(X)                                                                   \
    X(OK, 0, 200, "success")                                                                       \
    X(SERVER_ERROR, 1000, 500, "the server failed")                                                \
    X(NOT_AUTHENTICATED, 2000, 401, "a name and a password are needed")                            \
    X(NOT_AUTHORIZED, 3000, 403, "the report is another user's")                                   \
    X(INVALID, 4100, 200, "validation failed")                                                     \
    X(NO_REPORT, 5001, 200, "the report does not exist, or has expired")                           \
    X(RETRACTED, 5101, 200, "the report is retracted already")                                     \
    X(FINISHED, 5102, 200, "the report is finished already")

enum submission_code {
#define X(name, number, http, text) SUBMISSION_##name = number,
    SUBMISSION_CODE_TABLE(X)
#undef X
};

#endif
