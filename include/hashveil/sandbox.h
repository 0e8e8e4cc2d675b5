/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder processes that can do nothing but decode: what a hostile picture takes over holds no
 * secret, opens no file and no socket, and is replaced when it dies. What the sandbox cannot stop:
 * one that lives on may answer wrongly for the files that come after. */
#ifndef HASHVEIL_SANDBOX_H
#define HASHVEIL_SANDBOX_H

#include <stdint.h>

#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A pool of processes. Shared freely between threads. */
typedef struct hashveil_sandbox hashveil_sandbox;

typedef struct hashveil_sandbox_options {
    /** The program to run, hashveil-decoder; NULL for the installed one. Borrowed for the call. */
    const char *decoder_path;
    unsigned
        processes; /**< at the same time, 0 for one a processor; each starts when it is needed */
    uint64_t max_file_bytes;   /**< 0 for 256 MiB */
    uint64_t max_memory_bytes; /**< of each process, beside the file; 0 for 1.5 GiB */
    uint32_t time_limit_ms;    /**< of a file, on the clock on the wall; 0 for 30,000 */
} hashveil_sandbox_options;

/**
 * Starts a first process, so that what is wrong is known at once.
 *
 * options  borrowed for the call
 * out      released by hashveil_sandbox_close; NULL on failure
 *
 * Errors: ERR_NOT_FOUND, ERR_ACCESS (the program), ERR_VERSION (it is another version's),
 * ERR_UNSUPPORTED (the system offers no such filter), ERR_NO_MEMORY, ERR_IO.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_sandbox_open(const hashveil_sandbox_options *options, hashveil_sandbox **out);

/** Ends the processes and releases. No call that uses it may be under way. Accepts NULL. */
HASHVEIL_API void hashveil_sandbox_close(hashveil_sandbox *sandbox);

#ifdef __cplusplus
}
#endif

#endif
