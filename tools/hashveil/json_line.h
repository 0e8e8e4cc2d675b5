/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object a line on stdout. */
#ifndef HASHVEIL_TOOLS_JSON_LINE_H
#define HASHVEIL_TOOLS_JSON_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An object being put together. Starts as {0}. Failure sticks, and json_line_print tells. */
struct json_line {
    json_t *object; /* owned; released by json_line_print and json_line_clear */
    bool failed;
};

/* value: taken; json_null() leaves the key out. */
void json_line_set(struct json_line *line, const char *key, json_t *value);

/* A path or label need not be UTF-8. Then the bytes that are not become \xNN in KEY, and KEY_bytes
 * has all of its bytes in hexadecimal. */
void json_line_set_text(struct json_line *line, const char *key, const char *text);

/* Prints the object on a line of its own and clears it. Returns false after a message, or when
 * stdout fails. */
bool json_line_print(struct json_line *line);

/* Discards it. Accepts a cleared line. */
void json_line_clear(struct json_line *line);

/* A new value; NULL without memory, which json_line_set notices. */
json_t *json_of_u64(uint64_t number);
json_t *json_of_hex(const uint8_t *bytes, size_t len);
json_t *json_of_text(const char *text); /* escaped as json_line_set_text does */

/* Takes the element too; returns the list, or NULL without memory for either. */
json_t *json_append(json_t *list, json_t *element);

/* Sets a time, seconds since 1970, as people write it. */
void json_line_set_time(struct json_line *line, const char *key, uint64_t seconds);

#endif
