/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/json_writer.h"

#include "hashdb/lists/said_text.h"

#include <inttypes.h>
#include <string.h>

/* What fails here is seen by whoever asks ferror. */
static void print_bytes(void *context, const char *bytes, size_t len)
{
    fwrite(bytes, 1, len, context);
}

static void say(struct hv_json_writer *writer, const char *text)
{
    yajl_gen_string(writer->generator, (const unsigned char *)text, strlen(text));
}

void hv_json_name(struct hv_json_writer *writer, const char *name)
{
    say(writer, name);
}

void hv_json_text(struct hv_json_writer *writer, const char *name, const char *text)
{
    if (text[0] != '\0') {
        say(writer, name);
        say(writer, text);
    }
}

void hv_json_number(struct hv_json_writer *writer, const char *name, uint64_t number)
{
    char digits[24];
    const int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    say(writer, name);
    yajl_gen_number(writer->generator, digits, (size_t)len);
}

void hv_json_quality(struct hv_json_writer *writer, const char *name,
                     const struct hv_list_item *item)
{
    if (item->has_hash && item->quality < HV_LIST_MAX_QUALITY) {
        hv_json_number(writer, name, item->quality);
    }
}

void hv_json_begin(struct hv_json_writer *writer, const char *name, const char *text)
{
    if (writer->has_begun) {
        return;
    }
    writer->has_begun = true;
    yajl_gen_map_open(writer->generator);
    if (name) {
        hv_json_text(writer, name, text);
    }
    say(writer, writer->list);
    yajl_gen_array_open(writer->generator);
}

void hv_json_open_item(struct hv_json_writer *writer)
{
    fputc('\n', writer->out); /* so that problems have lines of their own */
    yajl_gen_map_open(writer->generator);
}

void hv_json_close_item(struct hv_json_writer *writer)
{
    yajl_gen_map_close(writer->generator);
}

static hashveil_status end(struct hv_json_writer *writer)
{
    hv_json_begin(writer, NULL, NULL); /* an empty list is a document too */
    yajl_gen_array_close(writer->generator);
    yajl_gen_map_close(writer->generator);
    fputc('\n', writer->out);
    return hv_document_end(writer->out);
}

hashveil_status hv_json_write(struct hv_json_writer *writer, FILE *out,
                              const struct hv_list_supply *supply, hv_line_print_fn *print,
                              uint64_t *left_out)
{
    writer->out = out;
    writer->generator = yajl_gen_alloc(NULL);
    if (!writer->generator) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    yajl_gen_config(writer->generator, yajl_gen_print_callback, print_bytes, out);
    hashveil_status status = hv_text_lines_write(out, supply, print, writer, left_out);
    if (status == HASHVEIL_OK) {
        status = end(writer);
    }
    yajl_gen_free(writer->generator);
    return status;
}
