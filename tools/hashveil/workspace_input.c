/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace_input.h"

#include "output.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

hashveil_workspace *workspace_open(const char *path, hashveil_workspace_mode mode)
{
    hashveil_workspace *workspace = NULL;
    const hashveil_status status = hashveil_workspace_open(path, mode, &workspace);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return workspace;
}

const char *user_name(void)
{
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_name : "";
}

bool value_read(const char *text, hashveil_value *out)
{
    const hashveil_status status = hashveil_value_from_text(text, out);
    if (status != HASHVEIL_OK) {
        complain(text, "neither a PDQ hash nor a digest as 'sha256:DIGITS'");
    }
    return status == HASHVEIL_OK;
}

void json_line_set_claim(struct json_line *line, const hashveil_claim *claim)
{
    char value[HASHVEIL_VALUE_TEXT_BYTES];
    hashveil_value_to_text(&claim->value, value);
    json_line_set(line, "value", json_string(value));
    json_line_set(line, "record", json_of_hex(claim->record_id, sizeof claim->record_id));
    json_line_set(line, "source", json_of_text(claim->source));
    json_line_set(line, "allows", json_boolean(claim->is_allowing));
    json_line_set(line, "label", *claim->label ? json_of_text(claim->label) : json_null());
    json_line_set(line, "item", *claim->item ? json_of_text(claim->item) : json_null());
    json_line_set_time(line, "added", claim->added.time_s);
    json_line_set(line, "added_by", json_of_text(claim->added.who));
    if (claim->removed.number > 0) {
        json_line_set_time(line, "ended", claim->removed.time_s);
        json_line_set(line, "ended_by", json_of_text(claim->removed.who));
        json_line_set(line, "ended_how", json_of_text(claim->removed.action));
    }
}

static void print_field(const char *text)
{
    putchar('\t');
    print_foreign(*text ? text : "-");
}

static void print_change(const hashveil_change *change)
{
    char time[TIME_TEXT_BYTES];
    format_time(change->time_s, time);
    print_field(change->number > 0 ? time : "");
    print_field(change->who);
}

void print_claim(const hashveil_claim *claim)
{
    char value[HASHVEIL_VALUE_TEXT_BYTES];
    hashveil_value_to_text(&claim->value, value);
    fputs(value, stdout);
    print_field(claim->source);
    print_field(claim->is_allowing ? "(allowed)" : claim->label);
    print_field(claim->item);
    print_change(&claim->added);
    print_change(&claim->removed);
    putchar('\n');
}
