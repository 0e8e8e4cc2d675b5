/* SPDX-License-Identifier: Apache-2.0 */
#include "log_proof.h"

#include "errno_status.h"
#include "json_line.h"
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static json_t *json_of_path(const hashveil_log_path *path)
{
    json_t *hashes = json_array();
    for (size_t i = 0; i < path->count; i++) {
        hashes = json_append(hashes, json_of_hex(path->hashes[i], sizeof path->hashes[i]));
    }
    return hashes;
}

bool log_proof_print(const hashveil_log_proof *proof)
{
    struct json_line line = {0};
    json_line_set(&line, "size", json_of_u64(proof->head.size));
    json_line_set(&line, "time_s", json_of_u64(proof->head.time_s));
    json_line_set(&line, "root", json_of_hex(proof->head.root, sizeof proof->head.root));
    json_line_set(&line, "signature",
                  json_of_hex(proof->head.signature, sizeof proof->head.signature));
    json_line_set(&line, "index", json_of_u64(proof->index));
    json_line_set(&line, "inclusion", json_of_path(&proof->inclusion));
    json_line_set(&line, "old_size", json_of_u64(proof->old_size));
    json_line_set(&line, "consistency", json_of_path(&proof->consistency));
    return json_line_print(&line);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const json_t *value, uint8_t *out, size_t len)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 2 * len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const int high = digit_of(text[2 * i]);
        const int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool read_number(const json_t *value, uint64_t *out)
{
    *out = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool read_path(const json_t *value, hashveil_log_path *out)
{
    out->count = json_array_size(value);
    bool is_read = json_is_array(value) && out->count <= HASHVEIL_LOG_MAX_PATH;
    for (size_t i = 0; i < out->count && is_read; i++) {
        is_read = read_hex(json_array_get(value, i), out->hashes[i], sizeof out->hashes[i]);
    }
    return is_read;
}

static bool read_proof(const json_t *object, hashveil_log_proof *out)
{
    return read_number(json_object_get(object, "size"), &out->head.size) &&
           read_number(json_object_get(object, "time_s"), &out->head.time_s) &&
           read_hex(json_object_get(object, "root"), out->head.root, sizeof out->head.root) &&
           read_hex(json_object_get(object, "signature"), out->head.signature,
                    sizeof out->head.signature) &&
           read_number(json_object_get(object, "index"), &out->index) &&
           read_path(json_object_get(object, "inclusion"), &out->inclusion) &&
           read_number(json_object_get(object, "old_size"), &out->old_size) &&
           read_path(json_object_get(object, "consistency"), &out->consistency);
}

const char *log_proof_parse(const char *bytes, size_t len, hashveil_log_proof *out)
{
    json_error_t error;
    json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    *out = (hashveil_log_proof){0};
    const bool is_read = object && read_proof(object, out);
    json_decref(object);
    return is_read ? NULL : "not a proof as 'hashveil log prove' prints it";
}

bool log_proof_read(const char *path, hashveil_log_proof *out)
{
    char bytes[LOG_PROOF_MAX_BYTES + 1];
    FILE *file = fopen(path, "rbe");
    if (!file) {
        complain_status(path, status_of_errno(errno));
        return false;
    }
    const size_t len = fread(bytes, 1, sizeof bytes, file);
    const bool has_failed = ferror(file);
    fclose(file);
    const char *problem = has_failed            ? "reading failed"
                          : len == sizeof bytes ? "longer than any proof"
                                                : log_proof_parse(bytes, len, out);
    if (problem) {
        complain(path, "%s", problem);
    }
    return !problem;
}
