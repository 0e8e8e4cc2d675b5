/* SPDX-License-Identifier: Apache-2.0 */
/* What a record says, for people and as JSON. */
#ifndef HASHVEIL_TOOLS_RECORD_TEXT_H
#define HASHVEIL_TOOLS_RECORD_TEXT_H

#include <jansson.h>

#include <hashveil/sealed_db.h>

/* The names of lists, as of hashveil_entries or of hashveil_sealed_db_info; borrowed. */
struct list_names {
    const char (*names)[HASHVEIL_LIST_NAME_MAX_LEN + 1];
    size_t count;
};

struct list_names list_names_of_entries(const hashveil_entries *entries);
struct list_names list_names_of_database(const hashveil_sealed_db_info *info);

/* The record's lists and labels. NULL without memory. */
json_t *json_of_lists(const struct list_names *names, const hashveil_record *record);
json_t *json_of_labels(const hashveil_record *record);

/* Prints them with a separator before each but the first. */
void print_lists(const struct list_names *names, const hashveil_record *record,
                 const char *separator);
void print_labels(const hashveil_record *record, const char *separator);

#endif
