/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of hashes and of digests: what is taken can be written as a line that gives the same again,
 * what is not is told with its line, in order, and no line counts twice. */
#include "base/hex.h"
#include "fuzz.h"
#include "hashdb/lists/list_format.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = HASHVEIL_PDQ_HEX_LEN + sizeof ",100  x\n", MAX_QUALITY = 100 };

struct tally {
    struct hv_list_item item; /* the last one */
    uint64_t taken, problems, last_problem_line;
};

static hashveil_status take(void *context, const struct hv_list_item *item)
{
    struct tally *tally = context;
    tally->item = *item;
    tally->taken++;
    return HASHVEIL_OK;
}

static hashveil_status problem(void *context, uint64_t line, hashveil_status status)
{
    struct tally *tally = context;
    if (line <= tally->last_problem_line ||
        (status != HASHVEIL_ERR_FORMAT && status != HASHVEIL_ERR_LIMIT &&
         status != HASHVEIL_ERR_EMPTY)) {
        abort();
    }
    tally->last_problem_line = line;
    tally->problems++;
    return HASHVEIL_OK;
}

static void ignore_progress(void *context, uint64_t lines)
{
    (void)context;
    (void)lines;
}

static hashveil_status read_bytes(const struct hv_list_format *format, char *bytes, size_t len,
                                  struct hv_list_sink sink)
{
    FILE *file = fmemopen(bytes, len, "r");
    if (!file) {
        abort();
    }
    const hashveil_status status = format->read(file, &sink);
    fclose(file);
    return status;
}

static bool is_same(const struct hv_list_item *a, const struct hv_list_item *b)
{
    if (a->is_digest != b->is_digest) {
        return false;
    }
    return a->is_digest
               ? a->digest.kind == b->digest.kind &&
                     memcmp(a->digest.bytes, b->digest.bytes, sizeof a->digest.bytes) == 0
               : hashveil_pdq_distance(&a->hash, &b->hash) == 0 && a->quality == b->quality;
}

static void read_again(const struct hv_list_item *item)
{
    char line[LINE_BYTES];
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    struct tally tally = {0};
    const struct hv_list_sink sink = {take, problem, ignore_progress, &tally};
    if (item->is_digest) {
        hv_hex_encode(item->digest.bytes, hashveil_digest_len(item->digest.kind), hex);
        snprintf(line, sizeof line, "%s  x\n", hex);
    } else {
        hashveil_pdq_to_hex(&item->hash, hex);
        snprintf(line, sizeof line, "%s,%u\n", hex, item->quality);
    }
    const struct hv_list_format *format = hv_list_recognise((const uint8_t *)line, strlen(line));
    if (!format || read_bytes(format, line, strlen(line), sink) != HASHVEIL_OK ||
        tally.taken != 1 || tally.problems != 0 || !is_same(&tally.item, item)) {
        abort();
    }
}

static hashveil_status take_and_read_again(void *context, const struct hv_list_item *item)
{
    if (item->quality > MAX_QUALITY) {
        abort();
    }
    read_again(item);
    return take(context, item);
}

static uint64_t count_lines(const uint8_t *bytes, size_t len)
{
    uint64_t count = len > 0 && bytes[len - 1] != '\n';
    for (size_t i = 0; i < len; i++) {
        count += bytes[i] == '\n';
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct tally tally = {0};
    const struct hv_list_sink sink = {take_and_read_again, problem, ignore_progress, &tally};
    char *copy = malloc(len + 1); /* fmemopen wants bytes that may be written, at least one */
    if (!copy) {
        abort();
    }
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    const struct hv_list_format *format = len > 0 ? hv_list_recognise(bytes, len) : NULL;
    if (format) {
        const hashveil_status status = read_bytes(format, copy, len, sink);
        const uint64_t lines = count_lines(bytes, len);
        if (status != HASHVEIL_OK || tally.last_problem_line > lines ||
            tally.taken + tally.problems > lines) {
            abort();
        }
    }
    free(copy);
    return 0;
}
