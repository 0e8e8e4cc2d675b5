/* SPDX-License-Identifier: Apache-2.0 */
#include "seal_selection.h"

#include "json_line.h"
#include "output.h"
#include "workspace_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool seal_selection_add_label(struct seal_selection *selection, const char *label)
{
    const size_t len = strlen(label);
    if (len == 0 || len > HASHVEIL_LABEL_MAX_LEN || selection->label_count == SEAL_MAX_CATEGORIES) {
        return false;
    }
    memcpy(selection->labels[selection->label_count++], label, len + 1);
    return true;
}

/* To whom conflicts are told. */
struct conflict_output {
    const char *path; /* of the workspace */
};

enum { SOURCES_BYTES = HASHVEIL_MAX_LISTS * (HASHVEIL_LIST_NAME_MAX_LEN + 2) + 1 };

/* Writes the names of the lists, commas between. */
static void join_names(const hashveil_entries *entries, uint64_t lists, char out[SOURCES_BYTES])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < entries->list_count; i++) {
        if (lists >> i & 1) {
            len += (size_t)snprintf(out + len, SOURCES_BYTES - len, "%s%s", len > 0 ? ", " : "",
                                    entries->list_names[i]);
        }
    }
}

static void tell_conflict(void *context, const hashveil_conflict *conflict,
                          const hashveil_entries *entries)
{
    const struct conflict_output *output = context;
    char text[HASHVEIL_VALUE_TEXT_BYTES];
    char sources[SOURCES_BYTES];
    const hashveil_value value = {
        .is_digest = conflict->is_digest, .hash = conflict->hash, .digest = conflict->digest};
    hashveil_value_to_text(&value, text);
    join_names(entries, conflict->lists, sources);
    complain(output->path, "%s is not sealed: listed by %s, allowed by %s, %u bits apart", text,
             sources, conflict->allowed_by, conflict->distance_bits);
}

static void tell_counts(const char *path, const hashveil_selection_counts *counts)
{
    if (counts->disputed + counts->other_labels + counts->too_few_sources > 0) {
        complain(path,
                 "%" PRIu64 " entries selected; not: %" PRIu64 " disputed, %" PRIu64
                 " of other categories, %" PRIu64 " with too few sources",
                 counts->selected, counts->disputed, counts->other_labels, counts->too_few_sources);
    }
}

bool seal_selection_load(hashveil_workspace *workspace, const char *path,
                         const struct seal_selection *selection, bool is_told,
                         hashveil_entries *out)
{
    const char *labels[SEAL_MAX_CATEGORIES];
    struct conflict_output output = {.path = path};
    hashveil_selection_counts counts;
    const hashveil_selection what = {.min_sources = selection->min_sources,
                                     .within_bits = selection->within_bits,
                                     .labels = labels,
                                     .label_count = selection->label_count,
                                     .as_of_change = selection->as_of_change};
    for (size_t i = 0; i < selection->label_count; i++) {
        labels[i] = selection->labels[i];
    }
    const hashveil_status status = hashveil_workspace_select(
        workspace, &what, is_told ? tell_conflict : NULL, &output, out, &counts);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    } else if (is_told) {
        tell_counts(path, &counts);
    }
    return status == HASHVEIL_OK;
}

/* Returns the note's text, owned, or NULL without memory. */
static char *write_note(const struct seal_selection *selection, const hashveil_sealed_db_info *info)
{
    struct json_line line = {0};
    json_t *labels = json_array();
    char *text = NULL;
    for (size_t i = 0; i < selection->label_count; i++) {
        if (json_array_append_new(labels, json_string(selection->labels[i])) != 0) {
            line.failed = true;
        }
    }
    json_line_set(&line, "digest", json_of_hex(info->digest, sizeof info->digest));
    json_line_set(&line, "epoch", json_of_u64(info->epoch));
    json_line_set(&line, "as_of_change", json_of_u64(selection->as_of_change));
    json_line_set(&line, "min_sources", json_of_u64(selection->min_sources));
    json_line_set(&line, "within", json_of_u64(selection->within_bits));
    json_line_set(&line, "categories", labels);
    if (!line.failed) {
        text = json_dumps(line.object, JSON_COMPACT);
    }
    json_line_clear(&line);
    return text;
}

bool seal_selection_note(hashveil_workspace *workspace, const char *path, const char *who,
                         const struct seal_selection *selection,
                         const hashveil_sealed_db_info *info)
{
    char *text = write_note(selection, info);
    const hashveil_status status =
        text ? hashveil_workspace_note_sealing(workspace, who, text) : HASHVEIL_ERR_NO_MEMORY;
    free(text);
    if (status != HASHVEIL_OK) {
        complain(path, "sealed, but the history does not say so: %s", hashveil_status_text(status));
    }
    return status == HASHVEIL_OK;
}

/* What is looked for among the notes. */
struct search {
    char digest[2 * HASHVEIL_DIGEST_BYTES + 1];
    struct seal_selection *out;
    bool is_found;
};

static unsigned small_number(const json_t *note, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(note, key));
}

/* Returns whether the note, which a workspace from elsewhere has, can be one of ours. */
static bool read_note(const json_t *note, struct seal_selection *out)
{
    size_t i;
    const json_t *label;
    const json_t *labels = json_object_get(note, "categories");
    const json_int_t change = json_integer_value(json_object_get(note, "as_of_change"));
    bool is_whole = json_is_array(labels) && change > 0;
    *out = (struct seal_selection){.min_sources = small_number(note, "min_sources"),
                                   .within_bits = small_number(note, "within"),
                                   .as_of_change = (uint64_t)change};
    json_array_foreach(labels, i, label)
    {
        const char *text = json_string_value(label);
        is_whole = is_whole && text && seal_selection_add_label(out, text);
    }
    return is_whole;
}

/* Each is a change; context: the search. */
static hashveil_status look_at(void *context, const hashveil_change *change, uint64_t added,
                               uint64_t removed)
{
    struct search *search = context;
    (void)added;
    (void)removed;
    if (strcmp(change->action, "seal") != 0) {
        return HASHVEIL_OK;
    }
    json_t *note = json_loads(change->detail, JSON_REJECT_DUPLICATES, NULL);
    const char *digest = json_string_value(json_object_get(note, "digest"));
    if (digest && strcmp(digest, search->digest) == 0 && read_note(note, search->out)) {
        search->is_found = true;
    }
    json_decref(note);
    return HASHVEIL_OK;
}

bool seal_selection_of(hashveil_workspace *workspace, const char *path, const char *database_path,
                       const uint8_t digest[HASHVEIL_DIGEST_BYTES], struct seal_selection *out)
{
    struct search search = {.out = out};
    format_hex(digest, HASHVEIL_DIGEST_BYTES, search.digest);
    const hashveil_status status = hashveil_workspace_changes(workspace, look_at, &search);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
        return false;
    }
    if (!search.is_found) {
        complain(database_path, "not sealed from %s, as its history has it", path);
    }
    return search.is_found;
}
