/* canvas.h - a screen as cells, drawn without a terminal.
 *
 * Views draw on a canvas; term.c shows it, tests read it as text. A cell is one
 * column: a character with the marks that combine with it, and the role that
 * it plays, which a scheme (scheme.h) turns into colours. All text goes through
 * canvas_put(), so nothing that came from outside can do more than fill its own
 * cells. What lies outside the canvas is left out: any size will do, down to
 * one cell. One owner, one thread. */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* What a text is. */
enum role {
    ROLE_PLAIN,
    ROLE_BAR,     /* the title line */
    ROLE_TAB,     /* in it, the screen that is shown */
    ROLE_HEADING, /* of columns and sections; labels */
    ROLE_RULE,    /* lines between sections */
    ROLE_DIM,     /* what matters least */
    ROLE_GOOD,
    ROLE_BAD,
    ROLE_WARNING,
    ROLE_KEY,    /* the name of a key */
    ROLE_INPUT,  /* where something is typed */
    ROLE_CHOSEN, /* marked, or found */
    ROLE_COUNT
};

enum { CANVAS_MOST_MARKS = 3 }; /* that combine with one character */

struct canvas_cell {
    /* The character, then its marks; 0 ends. [0] is 0 in the right half of a
     * wide one, which is the cell to its left. */
    wchar_t text[1 + CANVAS_MOST_MARKS];
    enum role role;
    bool is_cursor; /* the row that keys are about: reversed */
};

struct canvas {
    int columns, lines;
    struct canvas_cell *cells; /* owned; line by line */
    /* Where the terminal's cursor stands; -1: it is hidden. */
    int cursor_line, cursor_column;
};

/* Make an empty canvas; each side is at least 1. */
void canvas_init(struct canvas *canvas, int columns, int lines);
void canvas_free(struct canvas *canvas);

/* Blank all of it; the cursor is hidden. */
void canvas_clear(struct canvas *canvas);

/* Put text into a field of so many columns, one line. Text is UTF-8 as it came:
 * controls, bidirectional and invisible characters and bad bytes show as '?',
 * white space as a blank. What does not fit is cut, with '~' behind the last
 * character that does. Returns the columns used. A NULL text is empty. */
int canvas_put(struct canvas *canvas, int line, int column, int width,
               enum role role, const char *text);
/* The same for bytes that may hold NUL. */
int canvas_put_bytes(struct canvas *canvas, int line, int column, int width,
                     enum role role, const char *bytes, size_t length);
/* The same for a text that is made here. */
int canvas_put_format(struct canvas *canvas, int line, int column, int width,
                      enum role role, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The same at the right end of the field. */
void canvas_put_right(struct canvas *canvas, int line, int column, int width,
                      enum role role, const char *text);

/* How many columns canvas_put() needs for all of the text. */
int canvas_width(const char *text);
/* How many of these bytes fit into so many columns, whole characters. At least
 * one character, so that a loop over a text ends; 0 only for length 0. */
size_t canvas_fit(const char *bytes, size_t length, int columns);

/* Blank a field in a role. */
void canvas_fill(struct canvas *canvas, int line, int column, int width,
                 enum role role);

/* A rule from side to side, leaving a column on each; with a title (NULL: none)
 * near its left end. */
void canvas_put_rule(struct canvas *canvas, int line, const char *title);

/* Show the line as the one that keys are about: '>' in column 0, and reversed.
 */
void canvas_mark_cursor(struct canvas *canvas, int line);

/* Put the terminal's cursor here. */
void canvas_set_cursor(struct canvas *canvas, int line, int column);

/* Add the canvas as text, a line each, blanks at the ends of lines left out. */
void canvas_write(const struct canvas *canvas, struct buf *out);

#endif
