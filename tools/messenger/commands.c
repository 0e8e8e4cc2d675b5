/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <string.h>

typedef void command_fn(struct messenger *messenger, const char *contact, const char *rest);

static void add_contact(struct messenger *messenger, const char *contact, const char *rest)
{
    (void)rest;
    messenger_add_contact(messenger, contact);
}

static void show_fingerprint(struct messenger *messenger, const char *contact, const char *rest)
{
    (void)rest;
    messenger_show_fingerprint(messenger, contact);
}

/* words: that must follow; run: NULL for what the caller does. */
static const struct {
    const char *name, *usage;
    size_t words;
    command_fn *run;
    enum command_result result;
} commands[] = {
    {"contact", "contact NAME           get somebody's keys, to write to them", 1, add_contact,
     COMMAND_DONE},
    {"text", "text NAME WORDS...     send a text", 2, messenger_send_text, COMMAND_DONE},
    {"picture", "picture NAME FILE      check a picture, then send it as the policy says", 2,
     messenger_send_picture, COMMAND_DONE},
    {"fingerprint", "fingerprint [NAME]     show your fingerprint, or somebody's", 0,
     show_fingerprint, COMMAND_DONE},
    {"verify", "verify NAME DIGITS     say that you compared somebody's fingerprint", 2,
     messenger_verify, COMMAND_DONE},
    {"facts", "facts                  what is checked, against which lists, and what follows", 0,
     NULL, COMMAND_FACTS},
    {"quit", "quit                   end when all is sent", 0, NULL, COMMAND_QUIT},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

const char *command_usage(size_t index)
{
    return index < COMMANDS ? commands[index].usage : NULL;
}

/* Cuts the next word off; NULL where there is none. */
static char *next_word(char **rest)
{
    char *word = NULL;
    do {
        word = strsep(rest, " ");
    } while (word && !*word);
    return word;
}

enum command_result command_run(struct messenger *messenger, char *line)
{
    char *rest = line;
    const char *name = next_word(&rest);
    for (size_t i = 0; name && i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) != 0) {
            continue;
        }
        const char *contact = next_word(&rest);
        if ((commands[i].words > 0 && !contact) || (commands[i].words > 1 && !(rest && *rest))) {
            return COMMAND_UNKNOWN;
        }
        if (commands[i].run) {
            commands[i].run(messenger, contact, rest);
        }
        return commands[i].result;
    }
    return COMMAND_UNKNOWN;
}
