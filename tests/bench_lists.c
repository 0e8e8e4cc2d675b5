/* SPDX-License-Identifier: Apache-2.0 */
/* How fast lists are written and read: every format that can be written, one thread, a file that
 * the system still holds in memory. What a curator's workspace does with the items comes on top. */
#include "hashdb/lists/list_format.h"
#include "stopwatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random_stream.h"

enum { ITEMS = 200000, TRIES = 5 };

/* Items made up one by one: a hash, all digests, an id and a label. */
struct drawing {
    struct hv_random_stream stream;
    unsigned count;
};

static hashveil_status draw(void *context, struct hv_list_item *out, bool *has_out)
{
    struct drawing *drawing = context;
    *has_out = drawing->count < ITEMS;
    if (*has_out) {
        *out = (struct hv_list_item){.has_hash = true, .quality = 100, .label = "VIC_US:1"};
        hv_random_stream_fill(&drawing->stream, (uint8_t *)&out->hash, sizeof out->hash);
        hv_random_stream_fill(&drawing->stream, (uint8_t *)&out->digests, sizeof out->digests);
        memset(out->has_digest, true, sizeof out->has_digest);
        snprintf(out->id, sizeof out->id, "%u", drawing->count++);
    }
    return HASHVEIL_OK;
}

static hashveil_status count_item(void *context, const struct hv_list_item *item)
{
    uint64_t *count = context;
    *count += item->claim == HV_LIST_NAMES;
    return HASHVEIL_OK;
}

static hashveil_status end(void *context, uint64_t line, hashveil_status problem)
{
    (void)context;
    (void)line;
    return problem;
}

static void ignore(void *context, uint64_t lines)
{
    (void)context;
    (void)lines;
}

static double write_ms(const struct hv_list_format *format, FILE *file)
{
    static const uint8_t seed[HV_SEED_BYTES] = {1};
    struct drawing drawing = {.count = 0};
    const struct hv_list_supply supply = {draw, &drawing};
    uint64_t left_out;
    hv_random_stream_init(seed, "lists", 0, &drawing.stream);
    const double begin_ms = now_ms();
    if (format->write(file, &supply, &left_out) != HASHVEIL_OK || left_out != 0) {
        abort();
    }
    return now_ms() - begin_ms;
}

static double read_ms(const struct hv_list_format *format, FILE *file, uint64_t *items_out)
{
    double tries_ms[TRIES];
    for (int i = 0; i < TRIES; i++) {
        *items_out = 0;
        const struct hv_list_sink sink = {count_item, end, ignore, items_out};
        rewind(file);
        const double begin_ms = now_ms();
        if (format->read(file, &sink) != HASHVEIL_OK || *items_out < ITEMS) {
            abort();
        }
        tries_ms[i] = now_ms() - begin_ms;
    }
    return median(tries_ms, TRIES);
}

int main(void)
{
    printf("%-14s %10s %12s %12s %12s\n", "format", "MB", "items read", "items/s", "MB/s");
    for (size_t i = 0; hv_list_formats[i]; i++) {
        const struct hv_list_format *format = hv_list_formats[i];
        FILE *file = format->write ? tmpfile() : NULL;
        if (!file) {
            continue;
        }
        uint64_t items;
        const double written_ms = write_ms(format, file);
        const double megabytes = (double)ftell(file) / 1e6;
        const double taken_ms = read_ms(format, file, &items);
        printf("%-14s %10.1f %12" PRIu64 " %12.0f %12.1f   written %.0f items/s\n", format->name,
               megabytes, items, (double)items / taken_ms * 1e3, megabytes / taken_ms * 1e3,
               ITEMS / written_ms * 1e3);
        fclose(file);
    }
    return 0;
}
