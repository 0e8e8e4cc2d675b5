/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's server through HTTP on this machine: what it does of what its processors could by
 * bare libsodium, how long answers take at 70 % of that, and what open connections cost.
 * usage: bench_evaluator HASHVEIL */
#include <hashveil/key.h>
#include <hashveil/scanner.h>
#include <hashveil/transport.h>

#include "base/threads.h"
#include "draw.h"
#include "psi/messages.h"
#include "stopwatch.h"

#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ELEMENTS = 256,
    REQUEST_BYTES = HV_MESSAGE_HEADER_BYTES + ELEMENTS * HV_ELEMENT_BYTES,
    REQUESTS = 300, /* a round's */
    ROUNDS = 5,
    CLIENTS = 16,
    ARRIVALS = 2000,
    WAITING_CLIENTS = 64,
    CONNECTIONS = 2000,
    USES = 3,
    MAX_THREADS = 256,
    PATH_BYTES = 64
};

static const double load_share = 0.7;

static char folder[] = "/tmp/hashveil-bench-XXXXXX";
static char address[64];
static uint8_t request[REQUEST_BYTES];
static hashveil_key key;

static void demand(bool worked, const char *what)
{
    if (!worked) {
        fprintf(stderr, "bench_evaluator: %s failed\n", what);
        exit(EXIT_FAILURE);
    }
}

static void make_request(void)
{
    struct hv_message message = {.count = ELEMENTS};
    memcpy(message.evaluator_public, key.public_bytes, sizeof message.evaluator_public);
    hv_message_write_header(HV_MESSAGE_REQUEST, &message, request);
    for (size_t i = 0; i < ELEMENTS; i++) {
        crypto_core_ristretto255_random(request + HV_MESSAGE_HEADER_BYTES + i * HV_ELEMENT_BYTES);
    }
}

/* Starts the server; address has then where it listens. */
static pid_t start(const char *program, const char *key_path)
{
    int ends[2];
    demand(pipe(ends) == 0, "pipe");
    const pid_t pid = fork();
    if (pid == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0) {
            execl(program, program, "evaluator", "--key", key_path, "--listen",
                  "http://127.0.0.1:0", (char *)NULL);
        }
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    demand(pid > 0 && lines && fscanf(lines, "listening on %63s", address) == 1, program);
    fclose(lines);
    return pid;
}

/* Runs the same on several threads. Returns how long it took. */
static double run_threads(unsigned count, void *(*run)(void *), void *context)
{
    pthread_t threads[MAX_THREADS];
    const double start_ms = now_ms();
    for (unsigned i = 0; i < count; i++) {
        demand(pthread_create(&threads[i], NULL, run, context) == 0, "pthread_create");
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    return now_ms() - start_ms;
}

/* context: how many requests' worth there still is to do. */
static void *multiply(void *context)
{
    atomic_int *left = context;
    uint8_t product[HV_ELEMENT_BYTES];
    while (atomic_fetch_sub(left, 1) > 0) {
        for (size_t i = 0; i < ELEMENTS; i++) {
            const uint8_t *element = request + HV_MESSAGE_HEADER_BYTES + i * HV_ELEMENT_BYTES;
            demand(crypto_scalarmult_ristretto255(product, key.secret_bytes, element) == 0,
                   "crypto_scalarmult_ristretto255");
        }
    }
    return NULL;
}

static void exchange(hashveil_connection *connection)
{
    uint8_t answer[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len = 0;
    demand(hashveil_connection_exchange(connection, HASHVEIL_PATH_EVALUATE, request, sizeof request,
                                        answer, sizeof answer, &len) == HASHVEIL_OK &&
               len == sizeof request,
           "a request");
}

static hashveil_connection *connect_client(void)
{
    const hashveil_peer peer = {.address = address};
    hashveil_connection *connection = NULL;
    demand(hashveil_connection_open(&peer, &connection) == HASHVEIL_OK, "a connection");
    return connection;
}

/* context: how many requests there still are to send. */
static void *ask(void *context)
{
    atomic_int *left = context;
    hashveil_connection *connection = connect_client();
    while (atomic_fetch_sub(left, 1) > 0) {
        exchange(connection);
    }
    hashveil_connection_close(connection);
    return NULL;
}

/* Returns how long a round of requests takes the server. */
static double print_throughput(unsigned processors)
{
    double bare_ms[ROUNDS];
    double served_ms[ROUNDS];
    double shares[ROUNDS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        atomic_int left = REQUESTS;
        bare_ms[round] = run_threads(processors, multiply, &left);
        atomic_store(&left, REQUESTS);
        served_ms[round] = run_threads(CLIENTS, ask, &left);
        shares[round] = bare_ms[round] / served_ms[round];
    }
    const double served = median(served_ms, ROUNDS);
    printf("%u processors, %d clients, %d elements a request\n", processors, CLIENTS, ELEMENTS);
    printf("bare multiplications %10.0f elements/s\n",
           REQUESTS * (double)ELEMENTS * 1000 / median(bare_ms, ROUNDS));
    printf("through HTTP         %10.0f elements/s   share %.3f\n",
           REQUESTS * (double)ELEMENTS * 1000 / served, median(shares, ROUNDS));
    return served / REQUESTS;
}

struct arrivals {
    double at_ms[ARRIVALS]; /* when each is due */
    double took_ms[ARRIVALS];
    double start_ms;
    atomic_int next;
};

/* Requests come when they are due, whether the ones before are answered or not; the time runs from
 * when they are due. context: the arrivals. */
static void *ask_in_time(void *context)
{
    struct arrivals *arrivals = context;
    hashveil_connection *connection = connect_client();
    for (int i = atomic_fetch_add(&arrivals->next, 1); i < ARRIVALS;
         i = atomic_fetch_add(&arrivals->next, 1)) {
        const double due_ms = arrivals->start_ms + arrivals->at_ms[i];
        const double wait_ms = due_ms - now_ms();
        if (wait_ms > 0) {
            const struct timespec pause = {.tv_sec = (time_t)(wait_ms / 1000),
                                           .tv_nsec = (long)(fmod(wait_ms, 1000) * 1e6)};
            nanosleep(&pause, NULL);
        }
        exchange(connection);
        arrivals->took_ms[i] = now_ms() - due_ms;
    }
    hashveil_connection_close(connection);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return (*left > *right) - (*left < *right);
}

/* Poisson arrivals, as of many clients that know nothing of each other. */
static void print_latency(double request_ms)
{
    static struct arrivals arrivals;
    double at_ms = 0;
    for (size_t i = 0; i < ARRIVALS; i++) {
        const double uniform = (randombytes_random() + 0.5) / 4294967296.0;
        at_ms -= log(uniform) * request_ms / load_share;
        arrivals.at_ms[i] = at_ms;
    }
    arrivals.start_ms = now_ms();
    run_threads(WAITING_CLIENTS, ask_in_time, &arrivals);
    qsort(arrivals.took_ms, ARRIVALS, sizeof arrivals.took_ms[0], compare);
    printf("at %.0f %% load, %d requests: median %.1f ms, 99 %% within %.1f ms, longest %.1f ms\n",
           100 * load_share, ARRIVALS, arrivals.took_ms[ARRIVALS / 2],
           arrivals.took_ms[ARRIVALS * 99 / 100], arrivals.took_ms[ARRIVALS - 1]);
}

static long resident_kib(pid_t pid)
{
    char path[PATH_BYTES];
    char line[128];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && kib < 0 && fgets(line, sizeof line, file)) {
        kib = strncmp(line, "VmRSS:", 6) == 0 ? strtol(line + 6, NULL, 10) : kib;
    }
    demand(file && kib > 0, path);
    fclose(file);
    return kib;
}

static void ask_health(int fd)
{
    static const char text[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    char answer[512];
    demand(send(fd, text, sizeof text - 1, 0) == (ssize_t)sizeof text - 1 &&
               recv(fd, answer, sizeof answer, 0) > 0 && memcmp(answer, "HTTP/1.1 200", 12) == 0,
           "a connection's request");
}

static void print_connections(pid_t server)
{
    static int fds[CONNECTIONS];
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    name.sin_port = htons((uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
    const long before = resident_kib(server);
    long after[USES];
    for (size_t i = 0; i < CONNECTIONS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        demand(fds[i] >= 0 && connect(fds[i], (struct sockaddr *)&name, sizeof name) == 0,
               "connect");
    }
    for (size_t use = 0; use < USES; use++) {
        for (size_t i = 0; i < CONNECTIONS; i++) {
            ask_health(fds[i]);
        }
        after[use] = resident_kib(server);
    }
    printf("%d open connections: %ld KiB before, %ld after one request on each, %ld after %d\n",
           CONNECTIONS, before, after[0], after[USES - 1], USES);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        close(fds[i]);
    }
}

static void allow_connections(void)
{
    struct rlimit limit;
    demand(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    demand(setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > CONNECTIONS + 100,
           "as many files as connections");
}

int main(int argc, char **argv)
{
    char path[PATH_BYTES];
    char public_path[PATH_BYTES];
    int status = 0;
    demand(argc == 2, "usage: bench_evaluator HASHVEIL;");
    demand(sodium_init() >= 0 && mkdtemp(folder) != NULL, "setting up");
    allow_connections();
    key = draw_evaluator_key();
    snprintf(path, sizeof path, "%s/key", folder);
    snprintf(public_path, sizeof public_path, "%s/key.pub", folder);
    demand(hashveil_key_save(&key, path) == HASHVEIL_OK, path);
    make_request();

    const pid_t server = start(argv[1], path);
    const double request_ms = print_throughput(hv_processor_count());
    print_latency(request_ms);
    print_connections(server);
    kill(server, SIGTERM);
    demand(waitpid(server, &status, 0) == server && WIFEXITED(status) && WEXITSTATUS(status) == 0,
           "the server's end");
    unlink(path);
    unlink(public_path);
    rmdir(folder);
    return EXIT_SUCCESS;
}
