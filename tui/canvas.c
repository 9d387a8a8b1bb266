#include "tui/canvas.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT_BYTES = 1024, MOST_CHARACTER_BYTES = 4 };

static const wchar_t CUT = L'~';
static const wchar_t UNKNOWN = L'?';

/* --- characters ---------------------------------------------------------- */

/* They have no width and are seen by nobody, so they could make two texts look
 * the same. */
static bool is_invisible(uint32_t character)
{
    return character == 0xAD || character == 0x034F || character == 0x180E ||
           (character >= 0x200B && character <= 0x200F) ||
           (character >= 0x2060 && character <= 0x206F) ||
           character == 0xFEFF ||
           (character >= 0xFFF9 && character <= 0xFFFC) ||
           (character >= 0xE0000 && character <= 0xE0FFF);
}

/* They choose between two shapes of the character before them, and terminals
 * disagree about the width of the result: left out. */
static bool is_variation(uint32_t character)
{
    return character >= 0xFE00 && character <= 0xFE0F;
}

/* The character as it is shown, and its width: 0, 1 or 2. */
static wchar_t make_visible(uint32_t character, int *width)
{
    *width = 1;
    if (character == '\t' || character == '\n' || character == '\r')
        return L' ';
    if (text_is_hostile(character) || is_invisible(character))
        return UNKNOWN;
    int columns = wcwidth((wchar_t)character);
    if (columns < 0)
        return UNKNOWN;
    *width = is_variation(character) ? 0 : columns;
    return is_variation(character) ? L'\0' : (wchar_t)character;
}

/* Read the next character; *width is what it takes. */
static size_t read_visible(const char *bytes, size_t length, wchar_t *shown,
                           int *width)
{
    uint32_t character;
    size_t used = text_next_character(bytes, length, &character);
    bool is_bad = used == 1 && (unsigned char)*bytes >= 0x80;
    *width = 1;
    *shown = is_bad ? UNKNOWN : make_visible(character, width);
    return used;
}

size_t canvas_fit(const char *bytes, size_t length, int columns)
{
    size_t at = 0;
    int used = 0;
    while (at < length) {
        wchar_t shown;
        int width;
        size_t next = read_visible(bytes + at, length - at, &shown, &width);
        if (used + width > columns && at > 0)
            break;
        used += width;
        at += next;
    }
    return at;
}

int canvas_width(const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    int columns = 0;
    while (length > 0) {
        wchar_t shown;
        int width;
        size_t used = read_visible(text, length, &shown, &width);
        columns += width;
        text += used;
        length -= used;
    }
    return columns;
}

/* --- cells --------------------------------------------------------------- */

void canvas_init(struct canvas *canvas, int columns, int lines)
{
    *canvas = (struct canvas){
        .columns = columns < 1 ? 1 : columns,
        .lines = lines < 1 ? 1 : lines,
    };
    canvas->cells =
        mem_new_array((size_t)canvas->columns * (size_t)canvas->lines,
                      sizeof(*canvas->cells));
    canvas_clear(canvas);
}

void canvas_free(struct canvas *canvas)
{
    free(canvas->cells);
    *canvas = (struct canvas){0};
}

static struct canvas_cell *find_cell(const struct canvas *canvas, int line,
                                     int column)
{
    if (line < 0 || line >= canvas->lines || column < 0 ||
        column >= canvas->columns)
        return NULL;
    return &canvas->cells[(size_t)line * (size_t)canvas->columns +
                          (size_t)column];
}

void canvas_clear(struct canvas *canvas)
{
    size_t count = (size_t)canvas->columns * (size_t)canvas->lines;
    for (size_t i = 0; i < count; i++)
        canvas->cells[i] = (struct canvas_cell){.text = {L' '}};
    canvas->cursor_line = -1;
    canvas->cursor_column = -1;
}

/* A half of a wide character that loses the other half is a blank. */
static void break_wide(const struct canvas *canvas, int line, int column)
{
    struct canvas_cell *cell = find_cell(canvas, line, column);
    struct canvas_cell *next = find_cell(canvas, line, column + 1);
    struct canvas_cell *before = find_cell(canvas, line, column - 1);
    if (cell == NULL)
        return;
    if (cell->text[0] == L'\0' && before != NULL)
        before->text[0] = L' ', before->text[1] = L'\0';
    else if (next != NULL && next->text[0] == L'\0')
        next->text[0] = L' ';
}

static void set_cell(const struct canvas *canvas, int line, int column,
                     enum role role, wchar_t character)
{
    struct canvas_cell *cell = find_cell(canvas, line, column);
    if (cell == NULL)
        return;
    break_wide(canvas, line, column);
    *cell = (struct canvas_cell){
        .text = {character}, .role = role, .is_cursor = cell->is_cursor};
}

/* The right half is set after the left one, which it must not break. */
static void set_wide(const struct canvas *canvas, int line, int column,
                     enum role role, wchar_t character)
{
    set_cell(canvas, line, column, role, L' ');
    set_cell(canvas, line, column + 1, role, L' ');
    struct canvas_cell *left = find_cell(canvas, line, column);
    struct canvas_cell *right = find_cell(canvas, line, column + 1);
    if (left == NULL || right == NULL)
        return;
    left->text[0] = character;
    right->text[0] = L'\0';
}

/* A mark joins the character before it in the field; more than fit are left
 * out. */
static void add_mark(const struct canvas *canvas, int line, int column,
                     wchar_t mark)
{
    struct canvas_cell *cell = find_cell(canvas, line, column);
    if (cell != NULL && cell->text[0] == L'\0')
        cell = find_cell(canvas, line, column - 1);
    if (cell == NULL || mark == L'\0')
        return;
    for (size_t i = 1; i <= CANVAS_MOST_MARKS; i++) {
        if (cell->text[i] == L'\0') {
            cell->text[i] = mark;
            return;
        }
    }
}

/* Where drawing stands in a field. */
struct pen {
    const struct canvas *canvas;
    int line, column, width;
    enum role role;
    int used;
    int cut_at; /* where '~' goes if the text does not fit */
};

/* False: the character does not fit, the field is full. */
static bool draw_character(struct pen *pen, wchar_t shown, int width)
{
    int at = pen->column + pen->used;
    if (width == 0) {
        if (pen->used > 0)
            add_mark(pen->canvas, pen->line, at - 1, shown);
        return true;
    }
    if (pen->used + width > pen->width)
        return false;
    if (width == 2)
        set_wide(pen->canvas, pen->line, at, pen->role, shown);
    else
        set_cell(pen->canvas, pen->line, at, pen->role, shown);
    pen->cut_at =
        pen->used + width < pen->width ? pen->used + width : pen->used;
    pen->used += width;
    return true;
}

int canvas_put_bytes(struct canvas *canvas, int line, int column, int width,
                     enum role role, const char *bytes, size_t length)
{
    struct pen pen = {canvas, line, column, width, role, 0, 0};
    if (column + width > canvas->columns)
        pen.width = canvas->columns - column;
    if (pen.width <= 0)
        return 0;
    while (length > 0) {
        wchar_t shown;
        int columns;
        size_t used = read_visible(bytes, length, &shown, &columns);
        if (!draw_character(&pen, shown, columns)) {
            canvas_fill(canvas, line, column + pen.cut_at,
                        pen.width - pen.cut_at, role);
            set_cell(canvas, line, column + pen.cut_at, role, CUT);
            return pen.width;
        }
        bytes += used;
        length -= used;
    }
    return pen.used;
}

int canvas_put(struct canvas *canvas, int line, int column, int width,
               enum role role, const char *text)
{
    return text == NULL ? 0
                        : canvas_put_bytes(canvas, line, column, width, role,
                                           text, strlen(text));
}

int canvas_put_format(struct canvas *canvas, int line, int column, int width,
                      enum role role, const char *format, ...)
{
    char text[FORMAT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return canvas_put(canvas, line, column, width, role, text);
}

void canvas_put_right(struct canvas *canvas, int line, int column, int width,
                      enum role role, const char *text)
{
    int needed = canvas_width(text);
    int blank = needed < width ? width - needed : 0;
    (void)canvas_put(canvas, line, column + blank, width - blank, role, text);
}

void canvas_fill(struct canvas *canvas, int line, int column, int width,
                 enum role role)
{
    for (int i = 0; i < width; i++)
        set_cell(canvas, line, column + i, role, L' ');
}

void canvas_put_rule(struct canvas *canvas, int line, const char *title)
{
    enum { LEAD = 3 }; /* dashes before the title */
    for (int column = 1; column < canvas->columns - 1; column++)
        set_cell(canvas, line, column, ROLE_RULE, L'-');
    int room = canvas->columns - LEAD - 5; /* two blanks, a dash */
    if (title == NULL || room < 1)
        return;
    int used = canvas_put(canvas, line, LEAD + 2, room, ROLE_HEADING, title);
    set_cell(canvas, line, LEAD + 1, ROLE_RULE, L' ');
    set_cell(canvas, line, LEAD + 2 + used, ROLE_RULE, L' ');
}

void canvas_mark_cursor(struct canvas *canvas, int line)
{
    for (int column = 0; column < canvas->columns; column++) {
        struct canvas_cell *cell = find_cell(canvas, line, column);
        if (cell != NULL)
            cell->is_cursor = true;
    }
    struct canvas_cell *first = find_cell(canvas, line, 0);
    if (first != NULL)
        set_cell(canvas, line, 0, first->role, L'>');
}

void canvas_set_cursor(struct canvas *canvas, int line, int column)
{
    canvas->cursor_line = line;
    canvas->cursor_column = column;
}

/* --- as text ------------------------------------------------------------- */

/* UTF-8, whatever the locale. */
static void write_character(wchar_t character, struct buf *out)
{
    uint32_t code = (uint32_t)character;
    char bytes[MOST_CHARACTER_BYTES];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80U | (code & 0x3FU));
        code >>= 6;
    }
    bytes[0] = (char)(leads[length] | code);
    buf_add(out, bytes, length);
}

static void write_cell(const struct canvas_cell *cell, struct buf *out)
{
    for (size_t i = 0; i <= CANVAS_MOST_MARKS && cell->text[i] != L'\0'; i++)
        write_character(cell->text[i], out);
}

void canvas_write(const struct canvas *canvas, struct buf *out)
{
    for (int line = 0; line < canvas->lines; line++) {
        int last = canvas->columns - 1;
        while (last >= 0 && find_cell(canvas, line, last)->text[0] == L' ')
            last--;
        for (int column = 0; column <= last; column++)
            write_cell(find_cell(canvas, line, column), out);
        buf_add_byte(out, '\n');
    }
}
