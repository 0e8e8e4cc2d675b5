/* SPDX-License-Identifier: Apache-2.0 */
#include "json_line.h"

#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_line_set(struct json_line *line, const char *key, json_t *value)
{
    if (!line->object) {
        line->object = json_object();
    }
    if (json_is_null(value)) {
        return; /* a static value: nothing to release */
    }
    if (json_object_set_new(line->object, key, value) != 0) {
        line->failed = true;
    }
}

void json_line_set_time(struct json_line *line, const char *key, uint64_t seconds)
{
    char text[TIME_TEXT_BYTES];
    format_time(seconds, text);
    json_line_set(line, key, json_string(text));
}

json_t *json_append(json_t *list, json_t *element)
{
    if (!list) {
        json_decref(element);
    } else if (json_array_append_new(list, element) != 0) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

void json_line_set_text(struct json_line *line, const char *key, const char *text)
{
    json_line_set(line, key, json_of_text(text));
    json_t *valid = json_string(text);
    if (!valid) {
        char key_bytes[32];
        snprintf(key_bytes, sizeof key_bytes, "%s_bytes", key);
        json_line_set(line, key_bytes, json_of_hex((const uint8_t *)text, strlen(text)));
    }
    json_decref(valid);
}

bool json_line_print(struct json_line *line)
{
    bool printed = line->object && !line->failed;
    if (printed) {
        /* 9 digits tell any two floats apart. A write that failed is told once, when the process
         * exits. */
        printed = json_dumpf(line->object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0 &&
                  putchar('\n') != EOF;
    } else {
        complain_status("standard output", HASHVEIL_ERR_NO_MEMORY);
    }
    json_line_clear(line);
    return printed;
}

void json_line_clear(struct json_line *line)
{
    json_decref(line->object);
    *line = (struct json_line){0};
}

json_t *json_of_u64(uint64_t number)
{
    return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

json_t *json_of_hex(const uint8_t *bytes, size_t len)
{
    char *text = calloc(len + 1, 2);
    if (!text) {
        return NULL;
    }
    format_hex(bytes, len, text);
    json_t *value = json_string(text);
    free(text);
    return value;
}

json_t *json_of_text(const char *text)
{
    char *escaped = escape_foreign(text, false);
    json_t *value = escaped ? json_string(escaped) : NULL;
    free(escaped);
    return value;
}
