/* SPDX-License-Identifier: Apache-2.0 */
#include "hash_output.h"

#include "json_line.h"
#include "output.h"

#include <stdio.h>

static const char *const forms[HASHVEIL_PDQ_DIHEDRAL] = {
#define X(name, number, text) [number] = text,
    HASHVEIL_DIHEDRAL_TABLE(X)
#undef X
};

static json_t *margins_of(const hashveil_fingerprint *fingerprint)
{
    json_t *margins = json_array();
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS && margins; i++) {
        if (json_array_append_new(margins, json_real((double)fingerprint->margin[i])) != 0) {
            json_decref(margins);
            margins = NULL;
        }
    }
    return margins;
}

/* form: -1 for a file without a fingerprint. */
static bool print_json(const struct hash_output *output, const hashveil_hashed_file *file, int form)
{
    struct json_line line = {0};
    json_line_set_text(&line, "path", file->path);
    if (form >= 0) {
        char hex[HASHVEIL_PDQ_HEX_LEN + 1];
        hashveil_pdq_to_hex(&file->forms[form].hash, hex);
        json_line_set(&line, "hash", json_string(hex));
        json_line_set(&line, "quality", json_of_u64(file->forms[form].quality));
        json_line_set(&line, "dihedral",
                      output->is_dihedral ? json_string(forms[form]) : json_null());
        json_line_set(&line, "margins",
                      output->has_margins ? margins_of(&file->forms[form]) : json_null());
    }
    if (output->has_digests) {
        json_line_set(&line, "md5", json_of_hex(file->digests.md5, sizeof file->digests.md5));
        json_line_set(&line, "sha1", json_of_hex(file->digests.sha1, sizeof file->digests.sha1));
        json_line_set(&line, "sha256",
                      json_of_hex(file->digests.sha256, sizeof file->digests.sha256));
    }
    return json_line_print(&line);
}

static void print_digest(FILE *stream, const uint8_t *bytes, size_t len)
{
    char hex[2 * sizeof((hashveil_digests *)NULL)->sha256 + 1];
    format_hex(bytes, len, hex);
    fprintf(stream, "%s,", hex);
}

static void print_text(const struct hash_output *output, const hashveil_hashed_file *file, int form)
{
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    if (form >= 0) {
        hashveil_pdq_to_hex(&file->forms[form].hash, hex);
        fprintf(output->stream, "%s,%u,", hex, file->forms[form].quality);
    } else {
        fputs(",,", output->stream);
    }
    if (output->has_digests) {
        print_digest(output->stream, file->digests.md5, sizeof file->digests.md5);
        print_digest(output->stream, file->digests.sha1, sizeof file->digests.sha1);
        print_digest(output->stream, file->digests.sha256, sizeof file->digests.sha256);
    }
    fprintf(output->stream, "%s%s%s\n", file->path, output->is_dihedral && form >= 0 ? "," : "",
            output->is_dihedral && form >= 0 ? forms[form] : "");
}

bool hash_output_print(const struct hash_output *output, const hashveil_hashed_file *file)
{
    const bool has_forms = file->status == HASHVEIL_OK;
    const int count = output->is_dihedral ? HASHVEIL_PDQ_DIHEDRAL : 1;
    bool is_printed = true;
    if (!has_forms && !(output->has_digests && file->is_read)) {
        return true;
    }
    for (int form = has_forms ? 0 : -1; form < (has_forms ? count : 0); form++) {
        if (output->is_json) {
            is_printed &= print_json(output, file, form);
        } else {
            print_text(output, file, form);
        }
    }
    return is_printed &&
           fflush(output->stream) == 0; /* somebody may wait for this line at a pipe's end */
}
