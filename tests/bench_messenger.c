/* SPDX-License-Identifier: Apache-2.0 */
/* What checking adds to a picture message, beside encryption and publishing: median and p99.
 * usage: bench_messenger HASHVEIL DECODER MOSQUITTO */
#include "picture.h"
#include "stopwatch.h"
#include "tools/messenger/attachment.h"
#include "tools/messenger/broker.h"
#include "tools/messenger/screening.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 300, PATH_BYTES = 128, READY_MS = 20000 };

struct bench {
    char folder[32];
    pid_t servers;
    struct screening *screening;
    struct broker *broker;
    bool is_connected;
    int published;
};

static const struct {
    const char *what;
    uint32_t width_px, height_px;
} cases[] = {{"JPEG, 0.1 MP", 400, 300}, {"JPEG, 1 MP", 1200, 900}, {"JPEG, 12 MP", 4000, 3000}};

static void demand(bool worked, const char *what)
{
    if (!worked) {
        fprintf(stderr, "bench_messenger: %s failed\n", what);
        exit(EXIT_FAILURE);
    }
}

static void write_picture(const char *path, uint32_t width_px, uint32_t height_px, unsigned seed)
{
    const struct picture_jpeg jpeg = {.quality = 85};
    hashveil_image picture;
    uint8_t *bytes = NULL;
    size_t len = 0;
    picture_draw(&picture, width_px, height_px, 3, seed);
    picture_to_jpeg(&picture, &jpeg, &bytes, &len);
    FILE *file = fopen(path, "wb");
    demand(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0, path);
    free(bytes);
    hashveil_image_clear(&picture);
}

/* Runs a line of shell in the folder, for programs that are arguments of ours. */
static pid_t start(const struct bench *bench, const char *line, char **arguments)
{
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        demand(chdir(bench->folder) == 0, bench->folder);
        execl("/bin/sh", "sh", "-c", line, "sh", arguments[1], arguments[3], NULL);
        _exit(EXIT_FAILURE);
    }
    demand(pid > 0, "fork");
    return pid;
}

static void prepare(struct bench *bench, char **arguments)
{
    char path[PATH_BYTES];
    int status = 0;
    snprintf(bench->folder, sizeof bench->folder, "/tmp/hashveil-bench-XXXXXX");
    demand(mkdtemp(bench->folder), "mkdtemp");
    snprintf(path, sizeof path, "%s/listed.jpg", bench->folder);
    write_picture(path, 640, 480, 99);
    const pid_t pid =
        start(bench,
              "exec >/dev/null 2>&1; $1 keygen evaluator e && $1 keygen reporter r && mkdir listed "
              "&& mv listed.jpg listed && "
              "$1 db import w listed --source bench && $1 db seal w db --key e && "
              "printf 'listener 0 %s/broker\\nallow_anonymous true\\nuser root\\n' $PWD > conf",
              arguments);
    demand(waitpid(pid, &status, 0) == pid && status == 0, "preparing");
    bench->servers = start(bench,
                           "exec >/dev/null 2>&1; $2 -c conf & "
                           "exec $1 evaluator --key e --listen unix:evaluator",
                           arguments);
}

static void on_connected(void *context, bool is_connected)
{
    ((struct bench *)context)->is_connected = is_connected;
}

static void on_message(void *context, const char *topic, const uint8_t *bytes, size_t len)
{
    (void)context;
    (void)topic;
    (void)bytes;
    (void)len;
}

static void on_published(void *context, int id)
{
    ((struct bench *)context)->published = id;
}

static void step(struct bench *bench)
{
    struct pollfd wait = broker_poll(bench->broker);
    poll(&wait, 1, 100);
    broker_step(bench->broker, wait.revents);
}

/* address: the evaluator's. */
static void wait_until_ready(const char *address)
{
    const hashveil_peer peer = {.address = address};
    const double end_ms = now_ms() + READY_MS;
    hashveil_connection *connection = NULL;
    uint8_t answer[64];
    size_t len = 0;
    demand(hashveil_connection_open(&peer, &connection) == HASHVEIL_OK, address);
    while (hashveil_connection_exchange(connection, HASHVEIL_PATH_HEALTH, NULL, 0, answer,
                                        sizeof answer, &len) != HASHVEIL_OK) {
        demand(now_ms() < end_ms, address);
        poll(NULL, 0, 10);
    }
    hashveil_connection_close(connection);
}

static void connect_all(struct bench *bench, const char *decoder)
{
    char paths[5][PATH_BYTES];
    static const char *const formats[] = {"%s/db", "unix:%s/evaluator", "%s/r.pub", "%s/spool",
                                          "unix:%s/broker"};
    const struct broker_events events = {on_connected, on_message, on_published, bench};
    const char *what = "";
    for (size_t i = 0; i < 5; i++) {
        snprintf(paths[i], PATH_BYTES, formats[i], bench->folder);
    }
    const struct screening_options options = {.database_path = paths[0],
                                              .evaluator = paths[1],
                                              .reporter_key_path = paths[2],
                                              .spool_path = paths[3],
                                              .decoder_path = decoder,
                                              .threshold = 1};
    demand(screening_open(&options, &bench->screening, &what) == HASHVEIL_OK, what);
    demand(broker_open(paths[4], NULL, "bench", &events, &bench->broker) == HASHVEIL_OK, "broker");
    wait_until_ready(options.evaluator);
    const double end_ms = now_ms() + READY_MS;
    while (!bench->is_connected) {
        demand(now_ms() < end_ms, "connecting");
        step(bench);
    }
}

static double publish_ms(struct bench *bench, const struct blob *blob)
{
    int id = 0;
    const double start_ms = now_ms();
    demand(broker_publish(bench->broker, "hashveil/pictures/bench", blob->bytes, blob->len, true,
                          &id) == HASHVEIL_OK,
           "publishing");
    while (bench->published != id) {
        step(bench);
    }
    return now_ms() - start_ms;
}

/* values: count of them; median() sorts them. */
static void print_times(const char *what, double *values, size_t count)
{
    const double middle = median(values, count);
    printf("  %-12s median %8.3f ms, p99 %8.3f ms\n", what, middle, values[count * 99 / 100]);
}

static void run_case(struct bench *bench, size_t number)
{
    static double checking[RUNS], encrypting[RUNS], publishing[RUNS];
    char path[PATH_BYTES];
    struct attachment attachment;
    snprintf(path, sizeof path, "%s/sent.jpg", bench->folder);
    write_picture(path, cases[number].width_px, cases[number].height_px, 1);
    for (size_t i = 0; i < RUNS; i++) {
        struct attachment_key key;
        struct blob blob;
        demand(attachment_read(path, &attachment) == HASHVEIL_OK, path);
        const double start_ms = now_ms();
        demand(screening_check(bench->screening, &attachment).kind == SCREENING_CLEAR, "checking");
        checking[i] = now_ms() - start_ms;
        demand(attachment_encrypt(&attachment, &key, &blob) == HASHVEIL_OK, "encrypting");
        encrypting[i] = now_ms() - start_ms - checking[i];
        publishing[i] = publish_ms(bench, &blob);
        blob_clear(&blob);
        attachment_clear(&attachment);
    }
    printf("%s\n", cases[number].what);
    print_times("checking", checking, RUNS);
    print_times("encrypting", encrypting, RUNS);
    print_times("publishing", publishing, RUNS);
}

int main(int count, char **arguments)
{
    struct bench bench = {0};
    int status = 0;
    demand(count == 4, "three programs as arguments:");
    prepare(&bench, arguments);
    connect_all(&bench, arguments[2]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_case(&bench, i);
    }
    broker_close(bench.broker);
    screening_close(bench.screening);
    kill(-bench.servers, SIGTERM);
    const pid_t remover = start(&bench, "exec rm -r \"$PWD\"", arguments);
    return waitpid(remover, &status, 0) == remover && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
