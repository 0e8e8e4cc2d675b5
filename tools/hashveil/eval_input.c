/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_input.h"

#include "eval_edits.h"
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* FNV-1a, then mixed so that all bits depend on all bytes. */
static uint64_t hash_path(const char *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *path; path++) {
        hash = (hash ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
    }
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ (hash >> 33);
}

static int compare_rows(const void *a, const void *b)
{
    const struct eval_row *x = a;
    const struct eval_row *y = b;
    const int order = strcmp(x->original, y->original);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static size_t find_edit(struct eval_input *input, const char *name)
{
    size_t edit = 0;
    while (edit < input->edit_count && strcmp(input->edit_names[edit], name) != 0) {
        edit++;
    }
    if (edit == input->edit_count) {
        input->edit_names[input->edit_count++] = name; /* there is room for one a row */
    }
    return edit;
}

static const char *below(const char *root, const char *path)
{
    path += strlen(root);
    return path + strspn(path, "/");
}

/* Rows of the same original to one original with its copies; rows of other parts are left out. */
static void group(const struct eval_options *options, bool is_folder, struct eval_input *out)
{
    const struct eval_rows *rows = &out->rows;
    for (size_t first = 0, end; first < rows->count; first = end) {
        const char *path = rows->list[first].original;
        struct eval_original original = {
            .first_copy = out->copy_count,
            .path_hash = hash_path(is_folder ? below(options->input_path, path) : path)};
        const bool is_ours = original.path_hash % options->parts == options->part - 1;
        for (end = first; end < rows->count && strcmp(rows->list[end].original, path) == 0; end++) {
            if (is_ours && rows->list[end].edit) {
                out->copy_edits[out->copy_count] = find_edit(out, rows->list[end].edit);
                out->copy_paths[out->copy_count++] = rows->list[end].copy;
            }
        }
        original.copy_count = out->copy_count - original.first_copy;
        if (is_ours) {
            out->original_paths[out->count] = path;
            out->originals[out->count++] = original;
        } else {
            out->left_out++;
        }
    }
}

static bool make_room(size_t rows, struct eval_input *out)
{
    const size_t names = out->has_copies ? rows : eval_edit_count();
    out->originals = calloc(rows + 1, sizeof *out->originals);
    out->original_paths = calloc(rows + 1, sizeof *out->original_paths);
    out->copy_paths = calloc(rows + 1, sizeof *out->copy_paths);
    out->copy_edits = calloc(rows + 1, sizeof *out->copy_edits);
    out->edit_names = calloc(names + 2, sizeof *out->edit_names);
    out->edit_count = 0; /* no name is known yet */
    if (!out->originals || !out->original_paths || !out->copy_paths || !out->copy_edits ||
        !out->edit_names) {
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    return true;
}

bool eval_input_read(const struct eval_options *options, struct eval_input *out)
{
    const char *path = options->input_path;
    struct eval_rows *rows = &out->rows;
    struct stat status;
    if (stat(path, &status) != 0) {
        complain(path, "%s", strerror(errno));
        return false;
    }
    const bool is_folder = S_ISDIR(status.st_mode);
    bool is_read = is_folder ? eval_rows_read_folder(path, rows) : eval_rows_read_pairs(path, rows);
    out->has_copies = !is_folder;
    if (is_read) {
        is_read = make_room(rows->count, out);
    }
    if (is_read && rows->count > 0) {
        qsort(rows->list, rows->count, sizeof *rows->list, compare_rows);
        group(options, is_folder, out);
    }
    for (size_t edit = 0; is_read && !out->has_copies && edit < eval_edit_count(); edit++) {
        out->edit_names[out->edit_count++] = eval_edit_name(edit);
    }
    if (is_read && options->has_list_policy) {
        out->unchanged = out->edit_count;
        out->edit_names[out->edit_count++] = "unchanged";
    }
    return is_read;
}

void eval_input_clear(struct eval_input *input)
{
    eval_rows_clear(&input->rows);
    free(input->originals);
    free(input->original_paths);
    free(input->copy_paths);
    free(input->copy_edits);
    free(input->edit_names);
    *input = (struct eval_input){0};
}
