/* SPDX-License-Identifier: Apache-2.0 */
/* Text lists: every text format reads the bytes, with what it takes sound and what it tells in
 * order, no line counted twice; what it takes it can write, and then read the same again. */
#include "fuzz.h"
#include "list_items.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct hv_list_format *const formats[] = {
    &hv_list_hashdeep,   &hv_list_signals_csv, &hv_list_checksums,
    &hv_list_pdq_fields, &hv_list_pdq_text,
};

static uint64_t count_lines(const uint8_t *bytes, size_t len)
{
    uint64_t count = len > 0 && bytes[len - 1] != '\n';
    for (size_t i = 0; i < len; i++) {
        count += bytes[i] == '\n';
    }
    return count;
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

static void write_and_read_again(const struct hv_list_format *format,
                                 const struct list_items *items)
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct list_items items;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const hashveil_status status =
            list_items_read(formats[i], (const char *)bytes, len, &items);
        const bool needs_header = formats[i] == &hv_list_signals_csv;
        if ((status != HASHVEIL_OK && !(needs_header && status == HASHVEIL_ERR_FORMAT)) ||
            items.count + items.problems > count_lines(bytes, len)) {
            abort();
        }
        write_and_read_again(formats[i], &items);
    }
    if (len > 0 && hv_list_recognise(bytes, len) == &hv_list_signals_csv &&
        list_items_read(&hv_list_signals_csv, (const char *)bytes, len, &items) != HASHVEIL_OK) {
        abort();
    }
    return 0;
}
