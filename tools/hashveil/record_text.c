/* SPDX-License-Identifier: Apache-2.0 */
#include "record_text.h"

#include "json_line.h"
#include "output.h"

#include <stdio.h>

struct list_names list_names_of_entries(const hashveil_entries *entries)
{
    return (struct list_names){entries->list_names, entries->list_count};
}

struct list_names list_names_of_database(const hashveil_sealed_db_info *info)
{
    return (struct list_names){info->list_names, info->list_count};
}

json_t *json_of_lists(const struct list_names *names, const hashveil_record *record)
{
    json_t *list = json_array();
    for (size_t i = 0; i < names->count; i++) {
        if (record->lists >> i & 1) {
            list = json_append(list, json_of_text(names->names[i]));
        }
    }
    return list;
}

json_t *json_of_labels(const hashveil_record *record)
{
    json_t *list = json_array();
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS && *record->labels[i]; i++) {
        list = json_append(list, json_of_text(record->labels[i]));
    }
    return list;
}

void print_lists(const struct list_names *names, const hashveil_record *record,
                 const char *separator)
{
    const char *between = "";
    for (size_t i = 0; i < names->count; i++) {
        if (record->lists >> i & 1) {
            fputs(between, stdout);
            print_foreign(names->names[i]);
            between = separator;
        }
    }
}

void print_labels(const hashveil_record *record, const char *separator)
{
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS && *record->labels[i]; i++) {
        fputs(i > 0 ? separator : "", stdout);
        print_foreign(record->labels[i]);
    }
}
