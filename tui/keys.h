/* keys.h - the one table of keys: it feeds what a key does, the footer, and
 * help. Constant; any thread.
 *
 * Small letters look, capitals change: --read-only drops the capitals, but for
 * G, from all three at once. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codes of keys: characters are their own code, others lie behind Unicode. */
enum key {
    KEYS_TAB = '\t',
    KEYS_ENTER = '\r',
    KEYS_ESCAPE = 0x1B,
    KEYS_SPACE = ' ',
    KEYS_FIRST_NAMED = 0x110000,
    KEYS_UP = KEYS_FIRST_NAMED,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_HOME,
    KEYS_END,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_BACK_TAB,
    KEYS_BACKSPACE,
    KEYS_DELETE,
    KEYS_CLICK,      /* the mouse: with a line and a column */
    KEYS_WHEEL_UP,   /* … */
    KEYS_WHEEL_DOWN, /* … */
};
#define KEYS_CTRL(letter) ((letter)&0x1F)

/* action, its keys (0: no more), and how they are told. A key means one action
 * everywhere. */
#define KEYS_ACTIONS(ACTION)                                                   \
    ACTION(DOWN, 'j', KEYS_DOWN, "j, Down")                                    \
    ACTION(UP, 'k', KEYS_UP, "k, Up")                                          \
    ACTION(OPEN, KEYS_ENTER, 0, "Enter")                                       \
    ACTION(FIRST, 'g', KEYS_HOME, "g, Home")                                   \
    ACTION(LAST, 'G', KEYS_END, "G, End")                                      \
    ACTION(PAGE_DOWN, KEYS_PAGE_DOWN, 0, "PgDn")                               \
    ACTION(PAGE_UP, KEYS_PAGE_UP, 0, "PgUp")                                   \
    ACTION(HALF_DOWN, KEYS_CTRL('d'), 0, "Ctrl-D")                             \
    ACTION(HALF_UP, KEYS_CTRL('u'), 0, "Ctrl-U")                               \
    ACTION(WHEEL_DOWN, KEYS_WHEEL_DOWN, 0, "wheel")                            \
    ACTION(WHEEL_UP, KEYS_WHEEL_UP, 0, "wheel")                                \
    ACTION(CLICK, KEYS_CLICK, 0, "mouse")                                      \
    ACTION(FILTER, '/', 0, "/")                                                \
    ACTION(SORT, 's', 0, "s")                                                  \
    ACTION(MARK, KEYS_SPACE, 0, "Space")                                       \
    ACTION(MARK_ALL, 'a', 0, "a")                                              \
    ACTION(UNMARK, 'u', 0, "u")                                                \
    ACTION(VIEW, 'v', 0, "v")                                                  \
    ACTION(INDENT, 'i', 0, "i")                                                \
    ACTION(WRITE, 'w', 0, "w")                                                 \
    ACTION(NEXT, 'n', 0, "n")                                                  \
    ACTION(PREVIOUS, 'p', 0, "p")                                              \
    ACTION(RETRY, 'R', 0, "R")                                                 \
    ACTION(DISCARD, 'D', 0, "D")                                               \
    ACTION(EDIT, 'E', 0, "E")                                                  \
    ACTION(OFF, 'O', 0, "O")                                                   \
    ACTION(CANCEL, 'C', 0, "C")                                                \
    ACTION(UNDO, 'U', 0, "U")                                                  \
    ACTION(PAUSE, 'P', 0, "P")                                                 \
    ACTION(FREEZE, 'z', 0, "z")                                                \
    ACTION(TAB, KEYS_TAB, 0, "Tab")                                            \
    ACTION(BACK_TAB, KEYS_BACK_TAB, 0, "Shift-Tab")                            \
    ACTION(SCREEN_1, '1', 0, "1")                                              \
    ACTION(SCREEN_2, '2', 0, "2")                                              \
    ACTION(SCREEN_3, '3', 0, "3")                                              \
    ACTION(SCREEN_4, '4', 0, "4")                                              \
    ACTION(BACK, KEYS_ESCAPE, 0, "Esc")                                        \
    ACTION(QUIT, 'q', 0, "q")                                                  \
    ACTION(HELP, '?', 0, "?")                                                  \
    ACTION(REDRAW, KEYS_CTRL('l'), 0, "Ctrl-L")                                \
    ACTION(SUSPEND, KEYS_CTRL('z'), 0, "Ctrl-Z")

#define KEYS_NAME_ACTION(name, first, second, shown) ACTION_##name,
enum action { ACTION_NONE, KEYS_ACTIONS(KEYS_NAME_ACTION) ACTION_COUNT };
#undef KEYS_NAME_ACTION

/* Where a key means something: bits, so that a row can name several. */
enum keys_place {
    PLACE_OVERVIEW = 1 << 0,
    PLACE_DELIVERIES = 1 << 1,
    PLACE_NAMES = 1 << 2,
    PLACE_OPERATIONS = 1 << 3,
    PLACE_DELIVERY = 1 << 4,
    PLACE_BODY = 1 << 5,
    PLACE_ITEMS = 1 << 6, /* of an operation */
    PLACE_HELP = 1 << 7,
    PLACE_EVERYWHERE = (1 << 8) - 1,
    /* The four that have a number. */
    PLACE_SCREENS =
        PLACE_OVERVIEW | PLACE_DELIVERIES | PLACE_NAMES | PLACE_OPERATIONS,
};

struct keys_row {
    enum action action;
    unsigned places;
    const char *footer; /* "j/k move"; NULL: not in the footer */
    const char *help;   /* "next line" */
};

/* All rows in the order of footer and help; *count of them. */
const struct keys_row *keys_table(size_t *count);

/* The action of a key; ACTION_NONE: it has none anywhere. */
enum action keys_find(uint32_t code);

/* How a help text tells the action's keys: "j, Down". */
const char *keys_shown(enum action action);

/* True if the action changes something. */
bool keys_changes(enum action action);

/* True if the action means something in this place. */
bool keys_applies(enum action action, enum keys_place place, bool read_only);

/* Name a key for a person: "x", "Ctrl-X", "F1". out has 16 bytes. */
enum { KEYS_NAME_BYTES = 16 };
void keys_name(uint32_t code, char *out);

#endif
