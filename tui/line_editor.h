/* line_editor.h - one line of text that a person types, with its history.
 *
 * Holds what stands there, where the cursor is and what was typed before;
 * knows no screen and no key codes but control characters. Pure but for
 * wcwidth(). The text is always valid UTF-8 without anything hostile
 * (base/text.h). Characters of no width belong to the one before them: the
 * cursor moves over them together. One owner, one thread. */
#ifndef TUI_LINE_EDITOR_H
#define TUI_LINE_EDITOR_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_EDITOR_MOST_HISTORY = 50 };

struct line_editor {
    struct buf text;                         /* line_editor_text() */
    size_t cursor;                           /* a byte; at most text.length */
    char *history[LINE_EDITOR_MOST_HISTORY]; /* owned; oldest first */
    size_t history_count;
    size_t history_at; /* = history_count: on the line itself */
    char *draft;       /* owned: the line while history is shown */
};

/* What a named key does. */
enum line_edit {
    LINE_LEFT,
    LINE_RIGHT,
    LINE_HOME,
    LINE_END,
    LINE_BACKSPACE,
    LINE_DELETE,
    LINE_DELETE_WORD,   /* before the cursor, with the spaces behind it */
    LINE_DELETE_BEFORE, /* all before the cursor */
    LINE_DELETE_AFTER,  /* all from the cursor on */
    LINE_OLDER,         /* the line before this one in history */
    LINE_NEWER,
};

/* Make it empty; the text never has more than most_bytes. */
void line_editor_init(struct line_editor *editor, size_t most_bytes);
void line_editor_free(struct line_editor *editor);

/* Begin with this text, the cursor behind it. What does not belong into a line
 * is left out, what is too long is cut between characters. */
void line_editor_set(struct line_editor *editor, const char *text);

/* What stands there; borrowed until the next change. Never NULL. */
const char *line_editor_text(const struct line_editor *editor);

/* Take a character as it was typed: control characters edit (Ctrl-A home,
 * Ctrl-E end, Ctrl-B left, Ctrl-F right, Ctrl-H and DEL backspace, Ctrl-D
 * delete, Ctrl-W word, Ctrl-U before, Ctrl-K after, Ctrl-P older, Ctrl-N
 * newer), others are inserted. False: it has no meaning here, or there is no
 * room for it. */
bool line_editor_type(struct line_editor *editor, uint32_t character);

/* Do what a named key does. At an end of line or history that is nothing. */
void line_editor_edit(struct line_editor *editor, enum line_edit edit);

/* The line is done: remember it in history, unless it is empty or the same as
 * the last one. The text stays. */
void line_editor_remember(struct line_editor *editor);

/* What to draw in a field of so many columns. */
struct line_window {
    const char *text; /* borrowed until the next change */
    size_t length;    /* bytes */
    int cursor;       /* column within the field, 0 … columns - 1 */
    bool cut_before;  /* there is more on that side */
    bool cut_after;
};

/* Choose the part of the line that is shown: all of it if it fits with the
 * cursor behind it, else moved by half fields so that the cursor is within.
 * columns > 0. */
void line_editor_look(const struct line_editor *editor, int columns,
                      struct line_window *window);

#endif
