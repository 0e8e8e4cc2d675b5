/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include "commands.h"
#include "hex.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>

enum {
    LINES_KEPT = 500,
    LINE_BYTES = 1024,
    INPUT_BYTES = 4096,
    BANNER_LINES = 4,
    SHORT_KEY_BYTES = 4,
    DELETE_KEY = 127
};

struct screen {
    SCREEN *terminal;
    char lines[LINES_KEPT][LINE_BYTES]; /* a ring */
    size_t line_count;                  /* ever */
    char input[INPUT_BYTES];            /* always ends with a NUL */
    size_t input_len;
    bool is_over;
};

hashveil_status screen_open(struct screen **out)
{
    struct screen *screen = calloc(1, sizeof *screen);
    *out = NULL;
    if (!screen) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    setlocale(LC_CTYPE, "");
    screen->terminal = isatty(STDIN_FILENO) ? newterm(NULL, stdout, stdin) : NULL;
    if (!screen->terminal) {
        free(screen);
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    *out = screen;
    return HASHVEIL_OK;
}

/* What others wrote cannot move the cursor: control characters become blanks here, and those above
 * 127 are spelled out by ncurses. */
static void add_line(struct screen *screen, const char *text)
{
    char *line = screen->lines[screen->line_count++ % LINES_KEPT];
    snprintf(line, LINE_BYTES, "%s", text);
    for (char *at = line; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == DELETE_KEY) {
            *at = ' ';
        }
    }
}

static const char *mark_of(const struct messenger_event *event)
{
    return event->is_verified ? "" : " (not verified)";
}

static void describe_check(const struct messenger_event *event, char out[LINE_BYTES])
{
    const struct screening_outcome *outcome = event->outcome;
    const char *reported = outcome->kind != SCREENING_LISTED ? ""
                           : outcome->is_reported            ? ", reported"
                                                             : ", NOT reported";
    snprintf(out, LINE_BYTES, "%s %s for %s: %s%s%s%s",
             event->kind == MESSENGER_SENT ? "SENT" : "HELD BACK", event->text, event->contact,
             screening_text(outcome->kind), reported, outcome->status == HASHVEIL_OK ? "" : ": ",
             outcome->status == HASHVEIL_OK ? "" : hashveil_status_text(outcome->status));
}

static void describe(const struct messenger_event *event, char out[LINE_BYTES])
{
    const char *contact = event->contact ? event->contact : "";
    const char *text = event->text ? event->text : "";
    switch (event->kind) {
    case MESSENGER_TEXT:
        snprintf(out, LINE_BYTES, "%s%s: %s", contact, mark_of(event), text);
        break;
    case MESSENGER_PICTURE:
        snprintf(out, LINE_BYTES, "%s%s sent a picture: %s", contact, mark_of(event), text);
        break;
    case MESSENGER_CONTACT:
        snprintf(out, LINE_BYTES, "%s%s has the fingerprint %s", contact, mark_of(event), text);
        break;
    case MESSENGER_SENT:
    case MESSENGER_HELD_BACK:
        if (event->outcome) {
            describe_check(event, out);
        } else {
            snprintf(out, LINE_BYTES, "you to %s: %s", contact, text);
        }
        break;
    case MESSENGER_TROUBLE:
        snprintf(out, LINE_BYTES, "trouble: %s: %s", text, hashveil_status_text(event->status));
        break;
    case MESSENGER_CONNECTED:
    case MESSENGER_DISCONNECTED:
    case MESSENGER_PUBLISHED:
    case MESSENGER_FACTS:
        snprintf(out, LINE_BYTES, "%s", messenger_event_text(event->kind));
        break;
    }
}

void screen_tell(void *context, const struct messenger_event *event)
{
    char line[LINE_BYTES];
    describe(event, line);
    add_line(context, line);
}

static void print_row(int row, const char *text)
{
    mvhline(row, 0, ' ', COLS);
    mvaddnstr(row, 0, text, COLS);
}

static void print_signers(const hashveil_sealed_db_info *database, char *out, size_t room)
{
    char digits[2 * SHORT_KEY_BYTES + 1];
    size_t len = 0;
    snprintf(out, room, "nobody");
    for (size_t i = 0; i < database->signature_count && len < room; i++) {
        hex_write(database->signed_by[i], SHORT_KEY_BYTES, digits);
        len += (size_t)snprintf(out + len, room - len, "%s%s...", i > 0 ? ", " : "", digits);
    }
}

static void draw_banner(const struct messenger_facts *facts)
{
    char line[LINE_BYTES];
    char signers[LINE_BYTES / 2];
    const hashveil_sealed_db_info *database = facts->database;
    attron(A_REVERSE);
    print_row(0, " SCANNING IS ON: every picture is checked before it is encrypted.");
    print_signers(database, signers, sizeof signers);
    snprintf(line, sizeof line, " Against: %s%s, epoch %llu; signed by %s.",
             database->list_count > 0 ? database->list_names[0] : "no list",
             database->list_count > 1 ? " and others" : "", (unsigned long long)database->epoch,
             signers);
    print_row(1, line);
    snprintf(line, sizeof line, " A match is reported and %s. What cannot be checked is %s.",
             facts->policy.sends_listed ? "SENT" : "held back",
             facts->policy.sends_unchecked ? "SENT UNCHECKED" : "held back");
    print_row(2, line);
    snprintf(line, sizeof line,
             " Pictures checked %llu, matched %llu, reported %llu, held back %llu, unchecked %llu."
             " %s.",
             (unsigned long long)facts->checked, (unsigned long long)facts->listed,
             (unsigned long long)facts->reported, (unsigned long long)facts->held_back,
             (unsigned long long)facts->unchecked, facts->is_connected ? "Connected" : "OFFLINE");
    print_row(3, line);
    attroff(A_REVERSE);
}

/* How many rows a line takes, at the most: a character has a byte or more. */
static size_t rows_of(const char *line)
{
    const size_t len = strlen(line);
    return len > 0 ? (len + (size_t)COLS - 1) / (size_t)COLS : 1;
}

/* Shows the newest lines that fit; a long one goes on in the next row. */
static void draw_lines(const struct screen *screen)
{
    const size_t room = LINES > BANNER_LINES + 1 ? (size_t)LINES - BANNER_LINES - 1 : 0;
    const size_t kept = screen->line_count < LINES_KEPT ? screen->line_count : LINES_KEPT;
    size_t rows = 0;
    size_t shown = 0;
    while (shown < kept) {
        const size_t line = screen->line_count - shown - 1;
        rows += rows_of(screen->lines[line % LINES_KEPT]);
        if (rows > room) {
            break;
        }
        shown++;
    }
    for (size_t row = BANNER_LINES; shown > 0; shown--) {
        const char *line = screen->lines[(screen->line_count - shown) % LINES_KEPT];
        mvaddstr((int)row, 0, line);
        row += rows_of(line);
    }
}

static void draw(const struct screen *screen, const struct messenger *messenger)
{
    const struct messenger_facts facts = messenger_facts(messenger);
    erase();
    draw_banner(&facts);
    draw_lines(screen);
    mvprintw(LINES - 1, 0, "> ");
    addnstr(screen->input, COLS - 3);
    refresh();
}

static void show_usage(struct screen *screen)
{
    for (size_t i = 0; command_usage(i); i++) {
        add_line(screen, command_usage(i));
    }
}

static void run_input(struct screen *screen, struct messenger *messenger)
{
    switch (command_run(messenger, screen->input)) {
    case COMMAND_QUIT:
        screen->is_over = true;
        break;
    case COMMAND_UNKNOWN:
        show_usage(screen);
        break;
    case COMMAND_DONE:
    case COMMAND_FACTS: /* they are in sight */
        break;
    }
    screen->input_len = 0;
    screen->input[0] = '\0';
}

/* Takes a whole character off. */
static void take_back(struct screen *screen)
{
    while (screen->input_len > 0 && (screen->input[screen->input_len - 1] & 0xC0) == 0x80) {
        screen->input_len--;
    }
    screen->input_len -= screen->input_len > 0;
    screen->input[screen->input_len] = '\0';
}

static void take_keys(struct screen *screen, struct messenger *messenger)
{
    for (int key = getch(); key != ERR && !screen->is_over; key = getch()) {
        if (key == '\n' || key == KEY_ENTER) {
            run_input(screen, messenger);
        } else if (key == KEY_BACKSPACE || key == DELETE_KEY || key == '\b') {
            take_back(screen);
        } else if (key >= ' ' && key < 256 && screen->input_len < INPUT_BYTES - 1) {
            screen->input[screen->input_len++] = (char)key;
            screen->input[screen->input_len] = '\0';
        }
    }
}

bool screen_run(struct screen *screen, struct messenger *messenger)
{
    show_usage(screen);
    while (!screen->is_over) {
        draw(screen, messenger);
        messenger_wait(messenger, STDIN_FILENO);
        take_keys(screen, messenger);
    }
    return messenger_finish(messenger);
}

void screen_close(struct screen *screen)
{
    if (screen) {
        endwin();
        delscreen(screen->terminal);
        free(screen);
    }
}
