#include "tui/line_editor.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { MOST_CHARACTER_BYTES = 4 };

/* --- characters ---------------------------------------------------------- */

/* How many columns a character takes. One without a known width is shown as
 * some mark of one column. */
static int count_columns(uint32_t character)
{
    int columns = wcwidth((wchar_t)character);
    return columns < 0 ? 1 : columns;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static size_t read_character(const struct line_editor *editor, size_t at,
                             uint32_t *character)
{
    return text_next_character(editor->text.bytes + at,
                               editor->text.length - at, character);
}

/* The place behind the character at this place and what belongs to it. */
static size_t find_next(const struct line_editor *editor, size_t at)
{
    uint32_t character;
    if (at >= editor->text.length)
        return editor->text.length;
    at += read_character(editor, at, &character);
    while (at < editor->text.length) {
        size_t used = read_character(editor, at, &character);
        if (count_columns(character) > 0)
            break;
        at += used;
    }
    return at;
}

/* The place of the character that ends at this place. */
static size_t find_previous(const struct line_editor *editor, size_t at)
{
    while (at > 0) {
        uint32_t character;
        at--;
        if (is_continuation(editor->text.bytes[at]))
            continue;
        (void)read_character(editor, at, &character);
        if (count_columns(character) > 0)
            break;
    }
    return at;
}

/* UTF-8 of a character that is neither hostile nor a surrogate. */
static size_t encode(uint32_t character, char *bytes)
{
    static const struct {
        uint32_t below;
        unsigned lead;
    } forms[] = {{0x80, 0}, {0x800, 0xC0}, {0x10000, 0xE0}, {0x110000, 0xF0}};
    size_t length = 1;
    while (character >= forms[length - 1].below)
        length++;
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80U | (character & 0x3FU));
        character >>= 6;
    }
    bytes[0] = (char)(forms[length - 1].lead | character);
    return length;
}

static bool is_allowed(uint32_t character)
{
    bool is_surrogate = character >= 0xD800 && character <= 0xDFFF;
    return character <= 0x10FFFF && !is_surrogate &&
           !text_is_hostile(character);
}

/* --- changing ------------------------------------------------------------ */

/* Put bytes in the place of those between from and to; the cursor stands
 * behind them. False: there is no room. */
static bool replace(struct line_editor *editor, size_t from, size_t to,
                    const char *bytes, size_t length)
{
    struct buf *text = &editor->text;
    size_t rest = text->length - to;
    if (from + length + rest > text->maximum)
        return false;
    char *tail = mem_copy_bytes(buf_text(text) + to, rest);
    text->length = from;
    if (text->bytes != NULL)
        text->bytes[from] = '\0';
    buf_add(text, bytes, length);
    editor->cursor = text->length;
    buf_add(text, tail, rest);
    free(tail);
    return true;
}

static void delete_between(struct line_editor *editor, size_t from, size_t to)
{
    (void)replace(editor, from, to, "", 0);
}

static size_t find_word(const struct line_editor *editor)
{
    size_t at = editor->cursor;
    const char *bytes = line_editor_text(editor);
    while (at > 0 && bytes[at - 1] == ' ')
        at--;
    while (at > 0 && bytes[at - 1] != ' ')
        at--;
    return at;
}

static void show_history(struct line_editor *editor, size_t at)
{
    if (editor->history_at == editor->history_count) {
        free(editor->draft);
        editor->draft = mem_copy_text(line_editor_text(editor));
    }
    size_t count = editor->history_count;
    line_editor_set(editor, at == count ? editor->draft : editor->history[at]);
    editor->history_at = at;
}

/* --- public -------------------------------------------------------------- */

void line_editor_init(struct line_editor *editor, size_t most_bytes)
{
    *editor = (struct line_editor){.cursor = 0};
    buf_init(&editor->text, most_bytes);
}

void line_editor_free(struct line_editor *editor)
{
    for (size_t i = 0; i < editor->history_count; i++)
        free(editor->history[i]);
    free(editor->draft);
    buf_free(&editor->text);
    *editor = (struct line_editor){.cursor = 0};
}

void line_editor_set(struct line_editor *editor, const char *text)
{
    size_t left = strlen(text);
    buf_clear(&editor->text);
    while (left > 0) {
        uint32_t character;
        size_t used = text_next_character(text, left, &character);
        bool is_whole = used > 1 || (unsigned char)*text < 0x80;
        if (is_whole && is_allowed(character)) {
            if (editor->text.length + used > editor->text.maximum)
                break;
            buf_add(&editor->text, text, used);
        }
        text += used;
        left -= used;
    }
    editor->cursor = editor->text.length;
    editor->history_at = editor->history_count;
}

const char *line_editor_text(const struct line_editor *editor)
{
    return buf_text(&editor->text);
}

bool line_editor_type(struct line_editor *editor, uint32_t character)
{
    static const struct {
        uint32_t control;
        enum line_edit edit;
    } controls[] = {
        {'A' - '@', LINE_HOME},         {'B' - '@', LINE_LEFT},
        {'D' - '@', LINE_DELETE},       {'E' - '@', LINE_END},
        {'F' - '@', LINE_RIGHT},        {'H' - '@', LINE_BACKSPACE},
        {'K' - '@', LINE_DELETE_AFTER}, {'N' - '@', LINE_NEWER},
        {'P' - '@', LINE_OLDER},        {'U' - '@', LINE_DELETE_BEFORE},
        {'W' - '@', LINE_DELETE_WORD},  {0x7F, LINE_BACKSPACE},
    };
    char bytes[MOST_CHARACTER_BYTES];
    for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        if (controls[i].control == character) {
            line_editor_edit(editor, controls[i].edit);
            return true;
        }
    }
    if (!is_allowed(character))
        return false;
    return replace(editor, editor->cursor, editor->cursor, bytes,
                   encode(character, bytes));
}

void line_editor_edit(struct line_editor *editor, enum line_edit edit)
{
    size_t cursor = editor->cursor;
    switch (edit) {
    case LINE_LEFT:
        editor->cursor = find_previous(editor, cursor);
        break;
    case LINE_RIGHT:
        editor->cursor = find_next(editor, cursor);
        break;
    case LINE_HOME:
        editor->cursor = 0;
        break;
    case LINE_END:
        editor->cursor = editor->text.length;
        break;
    case LINE_BACKSPACE:
        delete_between(editor, find_previous(editor, cursor), cursor);
        break;
    case LINE_DELETE:
        delete_between(editor, cursor, find_next(editor, cursor));
        break;
    case LINE_DELETE_WORD:
        delete_between(editor, find_word(editor), cursor);
        break;
    case LINE_DELETE_BEFORE:
        delete_between(editor, 0, cursor);
        break;
    case LINE_DELETE_AFTER:
        delete_between(editor, cursor, editor->text.length);
        break;
    case LINE_OLDER:
        if (editor->history_at > 0)
            show_history(editor, editor->history_at - 1);
        break;
    case LINE_NEWER:
        if (editor->history_at < editor->history_count)
            show_history(editor, editor->history_at + 1);
        break;
    }
}

void line_editor_remember(struct line_editor *editor)
{
    const char *text = line_editor_text(editor);
    size_t count = editor->history_count;
    bool is_known = count > 0 && text_equals(editor->history[count - 1], text);
    if (*text != '\0' && !is_known) {
        if (count == LINE_EDITOR_MOST_HISTORY) {
            free(editor->history[0]);
            count--;
            memmove(&editor->history[0], &editor->history[1],
                    count * sizeof(editor->history[0]));
        }
        editor->history[count] = mem_copy_text(text);
        editor->history_count = count + 1;
    }
    editor->history_at = editor->history_count;
}

/* --- looking ------------------------------------------------------------- */

/* Columns of the text between two places. */
static int measure(const struct line_editor *editor, size_t from, size_t to)
{
    int columns = 0;
    while (from < to) {
        uint32_t character;
        from += read_character(editor, from, &character);
        columns += count_columns(character);
    }
    return columns;
}

/* The first place at or after so many columns of the line. */
static size_t find_column(const struct line_editor *editor, int column)
{
    size_t at = 0;
    while (at < editor->text.length && column > 0) {
        uint32_t character;
        (void)read_character(editor, at, &character);
        column -= count_columns(character);
        at = find_next(editor, at);
    }
    return at;
}

/* The last place up to which the text fits into so many columns. */
static size_t find_fit(const struct line_editor *editor, size_t at, int columns)
{
    while (at < editor->text.length) {
        uint32_t character;
        (void)read_character(editor, at, &character);
        columns -= count_columns(character);
        if (columns < 0)
            break;
        at = find_next(editor, at);
    }
    return at;
}

void line_editor_look(const struct line_editor *editor, int columns,
                      struct line_window *window)
{
    size_t length = editor->text.length;
    size_t from = 0;
    int cursor = measure(editor, 0, editor->cursor);
    if (measure(editor, 0, length) >= columns && cursor >= columns - 1) {
        int half = columns / 2 > 0 ? columns / 2 : 1;
        /* The fewest steps that bring the cursor, and a wide character under
         * it, into the field. */
        int steps = (cursor - columns + 2 + half - 1) / half;
        from = find_column(editor, steps * half);
        if (from > editor->cursor)
            from = editor->cursor;
    }
    size_t to = find_fit(editor, from, columns);
    *window = (struct line_window){
        .text = line_editor_text(editor) + from,
        .length = to - from,
        .cursor = measure(editor, from, editor->cursor),
        .cut_before = from > 0,
        .cut_after = to < length,
    };
}
