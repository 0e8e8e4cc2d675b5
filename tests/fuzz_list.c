/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of hashes and of digests: what is taken can be written as a line that gives the same again,
 * what is not is told with its line, in order, and no line counts twice. */
#include "base/hex.h"
#include "fuzz.h"
#include "hashdb/lists/list_format.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = HASHVEIL_PDQ_HEX_LEN + sizeof ",100  x\n" };

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

/* Neither a PDQ line nor a checksum's says more than one value. */
static hashveil_digest digest_of(const struct hv_list_item *item)
{
    unsigned kind = 0;
    while (kind < HASHVEIL_DIGEST_KINDS && !item->has_digest[kind]) {
        kind++;
    }
    return hashveil_digests_get(&item->digests, (hashveil_digest_kind)kind);
}

static void read_again(const struct hv_list_item *item)
{
    char line[LINE_BYTES];
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    struct tally tally = {0};
    const struct hv_list_sink sink = {take, problem, ignore_progress, &tally};
    if (item->has_hash) {
        hashveil_pdq_to_hex(&item->hash, hex);
        snprintf(line, sizeof line, "%s,%u\n", hex, item->quality);
    } else {
        const hashveil_digest digest = digest_of(item);
        hv_hex_encode(digest.bytes, hashveil_digest_len(digest.kind), hex);
        snprintf(line, sizeof line, "%s  x\n", hex);
    }
    const struct hv_list_format *format = hv_list_recognise((const uint8_t *)line, strlen(line));
    if (!format || read_bytes(format, line, strlen(line), sink) != HASHVEIL_OK ||
        tally.taken != 1 || tally.problems != 0 || memcmp(&tally.item, item, sizeof *item) != 0) {
        abort();
    }
}

static hashveil_status take_and_read_again(void *context, const struct hv_list_item *item)
{
    if (item->quality > HV_LIST_MAX_QUALITY) {
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
