/* SPDX-License-Identifier: Apache-2.0 */
#include "line_mode.h"

#include "commands.h"
#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum { LINE_MAX_BYTES = 128 << 10 };

struct input {
    char bytes[LINE_MAX_BYTES];
    size_t len;
    bool is_over; /* the user quits, or there is no more */
};

static void print(json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    puts(text ? text : "{\"event\":\"trouble\",\"reason\":\"out of memory\"}");
    fflush(stdout);
    free(text);
    json_decref(object);
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text) {
        json_object_set_new(object, name, json_string(text));
    }
}

void line_mode_tell(void *context, const struct messenger_event *event)
{
    (void)context;
    json_t *object = json_object();
    set_text(object, "event", messenger_event_text(event->kind));
    set_text(object, "contact", event->contact);
    set_text(object, "text", event->text);
    if (event->contact && !event->outcome) {
        json_object_set_new(object, "verified", json_boolean(event->is_verified));
    }
    if (event->outcome) {
        set_text(object, "check", screening_text(event->outcome->kind));
        json_object_set_new(object, "reported", json_boolean(event->outcome->is_reported));
    }
    const hashveil_status status = event->outcome ? event->outcome->status : event->status;
    set_text(object, "reason", status == HASHVEIL_OK ? NULL : hashveil_status_text(status));
    print(object);
}

static json_t *curators_of(const hashveil_sealed_db_info *database)
{
    char digits[2 * HASHVEIL_KEY_BYTES + 1];
    json_t *array = json_array();
    for (size_t i = 0; i < database->signature_count; i++) {
        hex_write(database->signed_by[i], HASHVEIL_KEY_BYTES, digits);
        json_array_append_new(array, json_string(digits));
    }
    return array;
}

static json_t *lists_of(const hashveil_sealed_db_info *database)
{
    json_t *array = json_array();
    for (size_t i = 0; i < database->list_count; i++) {
        json_array_append_new(array, json_string(database->list_names[i]));
    }
    return array;
}

static void print_facts(const struct messenger *messenger)
{
    const struct messenger_facts facts = messenger_facts(messenger);
    print(json_pack("{s:s, s:b, s:I, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "event",
                    messenger_event_text(MESSENGER_FACTS), "scanning", 1, "epoch",
                    (json_int_t)facts.database->epoch, "lists", lists_of(facts.database),
                    "signed_by", curators_of(facts.database), "on_match",
                    facts.policy.sends_listed ? "report and send" : "report and hold back",
                    "on_failure", facts.policy.sends_unchecked ? "send unchecked" : "hold back",
                    "checked", (json_int_t)facts.checked, "listed", (json_int_t)facts.listed,
                    "reported", (json_int_t)facts.reported, "held_back",
                    (json_int_t)facts.held_back, "unchecked", (json_int_t)facts.unchecked));
}

static void run_line(struct messenger *messenger, char *line, struct input *input)
{
    switch (command_run(messenger, line)) {
    case COMMAND_DONE:
        break;
    case COMMAND_QUIT:
        input->is_over = true;
        break;
    case COMMAND_FACTS:
        print_facts(messenger);
        break;
    case COMMAND_UNKNOWN:
        line_mode_tell(NULL, &(struct messenger_event){.kind = MESSENGER_TROUBLE,
                                                       .text = "not a command",
                                                       .status = HASHVEIL_ERR_ARGUMENT});
        break;
    }
}

/* Runs all lines that are whole. */
static void take_input(struct messenger *messenger, struct input *input)
{
    const ssize_t got =
        read(STDIN_FILENO, input->bytes + input->len, sizeof input->bytes - input->len);
    if (got <= 0) { /* the end, or a line that is too long */
        input->is_over = true;
        return;
    }
    input->len += (size_t)got;
    for (char *end = NULL; (end = memchr(input->bytes, '\n', input->len)) && !input->is_over;) {
        const size_t len = (size_t)(end - input->bytes) + 1;
        *end = '\0';
        run_line(messenger, input->bytes, input);
        input->len -= len;
        memmove(input->bytes, input->bytes + len, input->len);
    }
}

bool line_mode_run(struct messenger *messenger)
{
    struct input *input = calloc(1, sizeof *input);
    if (!input) {
        return false;
    }
    while (!input->is_over) {
        if (messenger_wait(messenger, STDIN_FILENO)) {
            take_input(messenger, input);
        }
    }
    free(input);
    return messenger_finish(messenger);
}
