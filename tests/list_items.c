/* SPDX-License-Identifier: Apache-2.0 */
#include "list_items.h"

#include "base/hex.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 4 };

static const char *const claim_texts[] = {
    [HV_LIST_NAMES] = "names",
    [HV_LIST_WITHDRAWS] = "withdraws",
    [HV_LIST_ALLOWS] = "allows",
};

/* What does not fit is left away. */
static void note(struct list_items *items, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof items->log - items->log_len;
    const int len = vsnprintf(items->log + items->log_len, room, format, arguments);
    va_end(arguments);
    items->log_len += len > 0 && (size_t)len < room ? (size_t)len : 0;
}

static void note_item(struct list_items *items, const struct hv_list_item *item)
{
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    note(items, "%s", claim_texts[item->claim]);
    if (item->has_hash) {
        hashveil_pdq_to_hex(&item->hash, hex);
        note(items, " pdq=%.*s/%u", 2 * SHOWN_BYTES, hex, item->quality);
    }
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        if (item->has_digest[kind]) {
            const hashveil_digest digest =
                hashveil_digests_get(&item->digests, (hashveil_digest_kind)kind);
            hv_hex_encode(digest.bytes, SHOWN_BYTES, hex);
            note(items, " %s=%s", hashveil_digest_kind_text(digest.kind), hex);
        }
    }
    const char *const texts[][2] = {
        {"member", item->member}, {"id", item->id}, {"label", item->label}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i][1][0] != '\0') {
            note(items, " %s=%s", texts[i][0], texts[i][1]);
        }
    }
    if (item->time_s != 0) {
        note(items, " time=%" PRIu64, item->time_s);
    }
    note(items, "; ");
}

static hashveil_status take(void *context, const struct hv_list_item *item)
{
    struct list_items *items = context;
    if (items->count < LIST_ITEMS_ROOM) {
        items->items[items->count] = *item;
    }
    items->count++;
    note_item(items, item);
    return HASHVEIL_OK;
}

static hashveil_status problem(void *context, uint64_t line, hashveil_status status)
{
    struct list_items *items = context;
    if (line == 0 || line < items->last_problem_line) {
        abort();
    }
    items->last_problem_line = line;
    note(items, "%" PRIu64 ": %s; ", line, hashveil_status_text(status));
    items->problems++;
    return HASHVEIL_OK;
}

static void progress(void *context, uint64_t lines)
{
    struct list_items *items = context;
    if (lines <= items->lines) {
        abort();
    }
    items->lines = lines;
}

hashveil_status list_items_read(const struct hv_list_format *format, const char *text, size_t len,
                                struct list_items *out)
{
    const struct hv_list_sink sink = {take, problem, progress, out};
    char *copy = malloc(len + 1); /* fmemopen wants bytes that may be written, at least one */
    if (!copy) {
        abort();
    }
    memcpy(copy, text, len);
    FILE *file = len > 0 ? fmemopen(copy, len, "r") : fopen("/dev/null", "r");
    if (!file) {
        abort();
    }
    *out = (struct list_items){0};
    out->status = format->read(file, &sink);
    fclose(file);
    free(copy);
    return out->status;
}

struct supplying {
    const struct hv_list_item *items;
    size_t left;
};

static hashveil_status next(void *context, struct hv_list_item *out, bool *has_out)
{
    struct supplying *supplying = context;
    *has_out = supplying->left > 0;
    if (*has_out) {
        *out = *supplying->items++;
        supplying->left--;
    }
    return HASHVEIL_OK;
}

hashveil_status list_items_write_to(const struct hv_list_format *format,
                                    const struct hv_list_item *items, size_t count, FILE *out,
                                    uint64_t *left_out)
{
    struct supplying supplying = {items, count};
    const struct hv_list_supply supply = {next, &supplying};
    return format->write(out, &supply, left_out);
}

hashveil_status list_items_write(const struct hv_list_format *format,
                                 const struct hv_list_item *items, size_t count, char **text_out,
                                 size_t *len_out, uint64_t *left_out)
{
    FILE *out = open_memstream(text_out, len_out);
    if (!out) {
        abort();
    }
    const hashveil_status status = list_items_write_to(format, items, count, out, left_out);
    if (fclose(out) != 0) {
        abort();
    }
    return status;
}

bool list_items_are_same(const struct hv_list_item *a, const struct hv_list_item *b)
{
    bool is_same = a->claim == b->claim && a->has_hash == b->has_hash && a->time_s == b->time_s &&
                   strcmp(a->member, b->member) == 0 && strcmp(a->id, b->id) == 0 &&
                   strcmp(a->label, b->label) == 0;
    if (a->has_hash && b->has_hash) {
        is_same =
            is_same && hashveil_pdq_distance(&a->hash, &b->hash) == 0 && a->quality == b->quality;
    }
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        const hashveil_digest x = hashveil_digests_get(&a->digests, (hashveil_digest_kind)kind);
        const hashveil_digest y = hashveil_digests_get(&b->digests, (hashveil_digest_kind)kind);
        is_same = is_same && a->has_digest[kind] == b->has_digest[kind] &&
                  (!a->has_digest[kind] || memcmp(x.bytes, y.bytes, sizeof x.bytes) == 0);
    }
    return is_same;
}

static bool is_plain(const char *text, size_t room)
{
    const size_t len = strnlen(text, room);
    return len < room && hv_text_is_plain(text, len);
}

static bool is_sound(const struct hv_list_item *item)
{
    bool has_value = item->has_hash;
    for (size_t kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        has_value = has_value || item->has_digest[kind];
    }
    return (has_value || (item->claim == HV_LIST_WITHDRAWS && item->id[0] != '\0')) &&
           item->quality <= HV_LIST_MAX_QUALITY && is_plain(item->id, sizeof item->id) &&
           is_plain(item->member, sizeof item->member) && is_plain(item->label, sizeof item->label);
}

void list_items_check_again(const struct hv_list_format *format, const struct list_items *items)
{
    static struct list_items again;
    const size_t count = items->count < LIST_ITEMS_ROOM ? items->count : LIST_ITEMS_ROOM;
    char *text;
    size_t len;
    uint64_t left_out;
    if (list_items_write(format, items->items, count, &text, &len, &left_out) != HASHVEIL_OK ||
        left_out != 0 || list_items_read(format, text, len, &again) != HASHVEIL_OK ||
        again.count != count || again.problems != 0) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_sound(&items->items[i]) ||
            !list_items_are_same(&items->items[i], &again.items[i])) {
            abort();
        }
    }
    free(text);
}

void list_items_check_format(const struct hv_list_format *format, const uint8_t *bytes, size_t len)
{
    static struct list_items items;
    const hashveil_status status = list_items_read(format, (const char *)bytes, len, &items);
    if (status != HASHVEIL_OK && status != HASHVEIL_ERR_FORMAT) {
        abort();
    }
    list_items_check_again(format, &items);
}
