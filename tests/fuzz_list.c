/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of hashes: what is taken can be written as a line that gives the same again, what is not is
 * told with its line, in order, and no line counts twice. */
#include "fuzz.h"
#include "hashdb/lists/list_format.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = HASHVEIL_PDQ_HEX_LEN + sizeof ",100\n", MAX_QUALITY = 100 };

struct tally {
    hashveil_pdq hash; /* the last one */
    unsigned quality;
    uint64_t taken, problems, last_problem_line;
};

static hashveil_status take(void *context, const hashveil_pdq *hash, unsigned quality)
{
    struct tally *tally = context;
    tally->hash = *hash;
    tally->quality = quality;
    tally->taken++;
    return HASHVEIL_OK;
}

static hashveil_status problem(void *context, uint64_t line, hashveil_status status)
{
    struct tally *tally = context;
    if (line <= tally->last_problem_line ||
        (status != HASHVEIL_ERR_FORMAT && status != HASHVEIL_ERR_LIMIT)) {
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

static hashveil_status read_bytes(char *bytes, size_t len, struct hv_list_sink sink)
{
    FILE *file = fmemopen(bytes, len, "r");
    if (!file) {
        abort();
    }
    const hashveil_status status = hv_list_pdq_text.read(file, &sink);
    fclose(file);
    return status;
}

static void read_again(const hashveil_pdq *hash, unsigned quality)
{
    char line[LINE_BYTES];
    struct tally tally = {0};
    const struct hv_list_sink sink = {take, problem, ignore_progress, &tally};
    hashveil_pdq_to_hex(hash, line);
    const int rest_len =
        snprintf(line + HASHVEIL_PDQ_HEX_LEN, sizeof line - HASHVEIL_PDQ_HEX_LEN, ",%u\n", quality);
    if (read_bytes(line, HASHVEIL_PDQ_HEX_LEN + (size_t)rest_len, sink) != HASHVEIL_OK ||
        tally.taken != 1 || tally.problems != 0 || tally.quality != quality ||
        hashveil_pdq_distance(&tally.hash, hash) != 0) {
        abort();
    }
}

static hashveil_status take_and_read_again(void *context, const hashveil_pdq *hash,
                                           unsigned quality)
{
    if (quality > MAX_QUALITY) {
        abort();
    }
    read_again(hash, quality);
    return take(context, hash, quality);
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
    if (len > 0 && hv_list_pdq_text.recognise(bytes, len)) {
        const hashveil_status status = read_bytes(copy, len, sink);
        const uint64_t lines = count_lines(bytes, len);
        if (status != HASHVEIL_OK || tally.last_problem_line > lines ||
            tally.taken + tally.problems > lines) {
            abort();
        }
    }
    free(copy);
    return 0;
}
