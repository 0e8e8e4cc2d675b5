/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_input.h"

#include "eval_edits.h"
#include "output.h"

#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A pair of files, or an original alone. Texts are borrowed. */
struct row {
    const char *original, *copy, *edit;
    size_t number; /* keeps rows of one original in order */
};

struct rows {
    struct row *list;
    size_t count;
};

/* Room for one more; arrays double at powers of two. Returns the array, or NULL without memory. */
static void *grown(void *array, size_t count, size_t element_bytes)
{
    if ((count & (count - 1)) != 0) {
        return array;
    }
    return reallocarray(array, count ? 2 * count : 1, element_bytes);
}

static bool keep_text(struct eval_input *input, char *text)
{
    char **texts = text ? grown(input->texts, input->text_count, sizeof *texts) : NULL;
    if (!texts) {
        free(text);
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    input->texts = texts;
    texts[input->text_count++] = text;
    return true;
}

static bool add_row(struct rows *rows, struct row row)
{
    struct row *list = grown(rows->list, rows->count, sizeof *list);
    if (!list) {
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    rows->list = list;
    row.number = rows->count;
    list[rows->count++] = row;
    return true;
}

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

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool add_file(struct eval_input *input, struct rows *rows, const char *path)
{
    return keep_text(input, strdup(path)) &&
           add_row(rows, (struct row){.original = input->texts[input->text_count - 1]});
}

static bool read_folder(const char *path, struct eval_input *input, struct rows *rows)
{
    char *root = strdup(path);
    char *roots[] = {root, NULL};
    FTS *walk = root ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name) : NULL;
    bool is_read = walk != NULL;
    for (const FTSENT *entry = is_read ? fts_read(walk) : NULL; entry && is_read;
         entry = fts_read(walk)) {
        if (entry->fts_info == FTS_F) {
            is_read = add_file(input, rows, entry->fts_path);
        } else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
                   entry->fts_info == FTS_NS) {
            complain(entry->fts_path, "%s", strerror(entry->fts_errno));
            is_read = false;
        }
    }
    if (walk) {
        fts_close(walk);
    } else {
        complain(path, "%s", strerror(errno));
    }
    free(root);
    return is_read;
}

/* Cuts a line at its tabs. Returns whether it has three fields with something in them. */
static bool cut(char *line, struct row *out)
{
    char *copy = strchr(line, '\t');
    char *edit = copy ? strchr(copy + 1, '\t') : NULL;
    if (!edit || strchr(edit + 1, '\t')) {
        return false;
    }
    *copy++ = '\0';
    *edit++ = '\0';
    *out = (struct row){.original = line, .copy = copy, .edit = edit};
    return *line && *copy && *edit;
}

/* A file of pairs, as far as it is read. */
struct pairs {
    const char *path;
    uint64_t line_number;
    struct eval_input *input;
    struct rows *rows;
};

/* line: as it was read, with its end. Empty lines and comments are passed over. */
static bool read_pair(const struct pairs *pairs, const char *line, size_t len)
{
    struct row row;
    char *text = strndup(line, len - (line[len - 1] == '\n'));
    if (text && (!*text || *text == '#')) {
        free(text);
        return true;
    }
    if (!keep_text(pairs->input, text)) {
        return false;
    }
    if (!cut(text, &row)) {
        complain(pairs->path, "line %" PRIu64 " is not ORIGINAL tab COPY tab EDIT",
                 pairs->line_number);
        return false;
    }
    return add_row(pairs->rows, row);
}

static bool read_pairs(const char *path, struct eval_input *input, struct rows *rows)
{
    FILE *file = fopen(path, "re");
    struct pairs pairs = {.path = path, .input = input, .rows = rows};
    char *line = NULL;
    size_t capacity = 0;
    bool is_read = true;
    if (!file) {
        complain(path, "%s", strerror(errno));
        return false;
    }
    input->has_copies = true;
    while (is_read) {
        const ssize_t len = getline(&line, &capacity, file);
        if (len <= 0) {
            break;
        }
        pairs.line_number++;
        is_read = read_pair(&pairs, line, (size_t)len);
    }
    if (ferror(file)) {
        complain_status(path, HASHVEIL_ERR_IO);
        is_read = false;
    }
    fclose(file);
    free(line);
    return is_read;
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
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
static void group(const struct eval_options *options, bool is_folder, const struct rows *rows,
                  struct eval_input *out)
{
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
    struct rows rows = {0};
    struct stat status;
    if (stat(path, &status) != 0) {
        complain(path, "%s", strerror(errno));
        return false;
    }
    const bool is_folder = S_ISDIR(status.st_mode);
    bool is_read = is_folder ? read_folder(path, out, &rows) : read_pairs(path, out, &rows);
    if (is_read) {
        is_read = make_room(rows.count, out);
    }
    if (is_read && rows.count > 0) {
        qsort(rows.list, rows.count, sizeof *rows.list, compare_rows);
        group(options, is_folder, &rows, out);
    }
    for (size_t edit = 0; is_read && !out->has_copies && edit < eval_edit_count(); edit++) {
        out->edit_names[out->edit_count++] = eval_edit_name(edit);
    }
    if (is_read && options->has_list_policy) {
        out->unchanged = out->edit_count;
        out->edit_names[out->edit_count++] = "unchanged";
    }
    free(rows.list);
    return is_read;
}

void eval_input_clear(struct eval_input *input)
{
    for (size_t i = 0; i < input->text_count; i++) {
        free(input->texts[i]);
    }
    free(input->texts);
    free(input->originals);
    free(input->original_paths);
    free(input->copy_paths);
    free(input->copy_edits);
    free(input->edit_names);
    *input = (struct eval_input){0};
}
