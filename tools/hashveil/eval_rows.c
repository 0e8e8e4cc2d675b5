/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_rows.h"

#include "output.h"

#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more; arrays double at powers of two. Returns the array, or NULL without memory. */
static void *grown(void *array, size_t count, size_t element_bytes)
{
    if ((count & (count - 1)) != 0) {
        return array;
    }
    return reallocarray(array, count ? 2 * count : 1, element_bytes);
}

static bool keep_text(struct eval_rows *rows, char *text)
{
    char **texts = text ? grown(rows->texts, rows->text_count, sizeof *texts) : NULL;
    if (!texts) {
        free(text);
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    rows->texts = texts;
    texts[rows->text_count++] = text;
    return true;
}

static bool add_row(struct eval_rows *rows, struct eval_row row)
{
    struct eval_row *list = grown(rows->list, rows->count, sizeof *list);
    if (!list) {
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    rows->list = list;
    row.number = rows->count;
    list[rows->count++] = row;
    return true;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool add_file(struct eval_rows *rows, const char *path)
{
    return keep_text(rows, strdup(path)) &&
           add_row(rows, (struct eval_row){.original = rows->texts[rows->text_count - 1]});
}

bool eval_rows_read_folder(const char *path, struct eval_rows *rows)
{
    char *root = strdup(path);
    char *roots[] = {root, NULL};
    FTS *walk = root ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name) : NULL;
    bool is_read = walk != NULL;
    for (const FTSENT *entry = is_read ? fts_read(walk) : NULL; entry && is_read;
         entry = fts_read(walk)) {
        if (entry->fts_info == FTS_F) {
            is_read = add_file(rows, entry->fts_path);
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
static bool cut(char *line, struct eval_row *out)
{
    char *copy = strchr(line, '\t');
    char *edit = copy ? strchr(copy + 1, '\t') : NULL;
    if (!edit || strchr(edit + 1, '\t')) {
        return false;
    }
    *copy++ = '\0';
    *edit++ = '\0';
    *out = (struct eval_row){.original = line, .copy = copy, .edit = edit};
    return *line && *copy && *edit;
}

/* A file of pairs, as far as it is read. */
struct pairs {
    const char *path;
    uint64_t line_number;
    struct eval_rows *rows;
};

/* line: as it was read, with its end. Empty lines and comments are passed over. */
static bool read_pair(const struct pairs *pairs, const char *line, size_t len)
{
    struct eval_row row;
    char *text = strndup(line, len - (line[len - 1] == '\n'));
    if (text && (!*text || *text == '#')) {
        free(text);
        return true;
    }
    if (!keep_text(pairs->rows, text)) {
        return false;
    }
    if (!cut(text, &row)) {
        complain(pairs->path, "line %" PRIu64 " is not ORIGINAL tab COPY tab EDIT",
                 pairs->line_number);
        return false;
    }
    return add_row(pairs->rows, row);
}

bool eval_rows_read_pairs(const char *path, struct eval_rows *rows)
{
    FILE *file = fopen(path, "re");
    struct pairs pairs = {.path = path, .rows = rows};
    char *line = NULL;
    size_t capacity = 0;
    bool is_read = true;
    if (!file) {
        complain(path, "%s", strerror(errno));
        return false;
    }
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

void eval_rows_clear(struct eval_rows *rows)
{
    for (size_t i = 0; i < rows->text_count; i++) {
        free(rows->texts[i]);
    }
    free(rows->texts);
    free(rows->list);
    *rows = (struct eval_rows){0};
}
