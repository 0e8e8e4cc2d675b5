/* SPDX-License-Identifier: Apache-2.0 */
/* The reporter's server: sealed reports that are on the disk when they are acknowledged, beside how
 * often the disk alone can be waited for.
 * usage: bench_reporter HASHVEIL [STORE]   STORE: postgresql://..., with the tables; a file if not
 * set */
#include <hashveil/key.h>
#include <hashveil/report.h>
#include <hashveil/transport.h>

#include "stopwatch.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORTS = 10000, CLIENTS = 48, ROUNDS = 3, SYNCS = 200, PAGE_BYTES = 4096, PATH_BYTES = 64 };

static char folder[] = "/tmp/hashveil-bench-XXXXXX";
static char address[PATH_BYTES];
static uint8_t (*reports)[HASHVEIL_SEALED_REPORT_BYTES]; /* of all rounds */

static void demand(bool worked, const char *what)
{
    if (!worked) {
        fprintf(stderr, "bench_reporter: %s failed\n", what);
        exit(EXIT_FAILURE);
    }
}

static void path_of(const char *name, char out[PATH_BYTES])
{
    demand(snprintf(out, PATH_BYTES, "%s/%s", folder, name) < PATH_BYTES, "naming a file");
}

static void make_reports(const hashveil_key *reporter)
{
    hashveil_account account;
    demand(hashveil_account_generate(1, &account) == HASHVEIL_OK, "an account");
    for (uint32_t i = 0; i < REPORTS * ROUNDS; i++) {
        hashveil_report report = {.matched_by = HASHVEIL_SIGNAL_PDQ,
                                  .has_picture = true,
                                  .quality = 50,
                                  .record = {.labels = {"harbour"}}};
        memcpy(report.id, &i, sizeof i);
        memcpy(report.record.id, &i, sizeof i);
        demand(hashveil_report_seal(&report, &account, reporter, reports[i]) == HASHVEIL_OK,
               "sealing");
    }
}

/* Starts the server, and waits until it listens. */
static pid_t start(const char *program, const char *key_path, const char *store)
{
    char line[2 * PATH_BYTES] = "";
    int ends[2];
    demand(pipe(ends) == 0, "pipe");
    const pid_t pid = fork();
    if (pid == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0) {
            execl(program, program, "reporter", "serve", "--key", key_path, "--store", store,
                  "--listen", address, (char *)NULL);
        }
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    demand(pid > 0 && lines && fgets(line, sizeof line, lines), program);
    fclose(lines);
    return pid;
}

struct round {
    atomic_int next;
    int end;
};

static void *send_reports(void *context)
{
    struct round *round = context;
    const hashveil_peer peer = {.address = address};
    hashveil_connection *connection = NULL;
    uint8_t answer[64];
    size_t len;
    demand(hashveil_connection_open(&peer, &connection) == HASHVEIL_OK, "a connection");
    for (int i = atomic_fetch_add(&round->next, 1); i < round->end;
         i = atomic_fetch_add(&round->next, 1)) {
        demand(hashveil_connection_exchange(connection, HASHVEIL_PATH_REPORTS, reports[i],
                                            sizeof reports[i], answer, sizeof answer,
                                            &len) == HASHVEIL_OK,
               "a report");
    }
    hashveil_connection_close(connection);
    return NULL;
}

static double send_round(int number)
{
    pthread_t threads[CLIENTS];
    struct round round = {.next = number * REPORTS, .end = (number + 1) * REPORTS};
    const double start_ms = now_ms();
    for (size_t i = 0; i < CLIENTS; i++) {
        demand(pthread_create(&threads[i], NULL, send_reports, &round) == 0, "pthread_create");
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
    }
    return now_ms() - start_ms;
}

/* What one commit a report could not exceed. */
static double syncs_per_second(void)
{
    static const uint8_t page[PAGE_BYTES];
    char path[PATH_BYTES];
    path_of("page", path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    demand(fd >= 0, path);
    const double start_ms = now_ms();
    for (int i = 0; i < SYNCS; i++) {
        demand(pwrite(fd, page, sizeof page, 0) == (ssize_t)sizeof page && fsync(fd) == 0, path);
    }
    const double took_ms = now_ms() - start_ms;
    close(fd);
    unlink(path);
    return SYNCS * 1000.0 / took_ms;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"key", "key.pub", "store", "store-journal"};
    char path[PATH_BYTES];
    char store[PATH_BYTES];
    double took_ms[ROUNDS];
    hashveil_key key;
    int status = 0;
    demand(argc == 2 || argc == 3, "usage: bench_reporter HASHVEIL [STORE];");
    reports = malloc(sizeof *reports * REPORTS * ROUNDS);
    demand(reports && mkdtemp(folder), "setting up");
    snprintf(address, sizeof address, "unix:%s/socket", folder);
    path_of("key", path);
    demand(hashveil_key_generate(HASHVEIL_KEY_REPORTER, &key) == HASHVEIL_OK &&
               hashveil_key_save(&key, path) == HASHVEIL_OK,
           path);
    make_reports(&key);
    path_of("store", store);
    const pid_t server = start(argv[1], path, argc == 3 ? argv[2] : store);
    for (int i = 0; i < ROUNDS; i++) {
        took_ms[i] = send_round(i);
    }
    const double rate = REPORTS * 1000.0 / median(took_ms, ROUNDS);
    const double syncs = syncs_per_second();
    printf("%d clients: %.0f durable reports/s; the disk alone %.0f syncs/s; ratio %.2f\n", CLIENTS,
           rate, syncs, rate / syncs);
    kill(server, SIGTERM);
    demand(waitpid(server, &status, 0) == server && WIFEXITED(status) && WEXITSTATUS(status) == 0,
           "the server's end");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(names[i], path);
        unlink(path);
    }
    rmdir(folder);
    free(reports);
    return EXIT_SUCCESS;
}
