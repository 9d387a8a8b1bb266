#include "cli/columns.h"

#include "base/text.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum {
    CELL_BYTES = 2000,
    PAGE_BYTES = 16 * 1024 * 1024,
    GAP = 2, /* between two columns */
};

void columns_init(struct columns *columns, const struct columns_column *table,
                  size_t count)
{
    assert(count <= COLUMNS_MOST);
    *columns = (struct columns){.columns = table, .count = count};
    buf_init(&columns->cells, PAGE_BYTES);
}

void columns_free(struct columns *columns)
{
    buf_free(&columns->cells);
}

void columns_add(struct columns *columns, enum output_role role,
                 const char *text)
{
    buf_add_byte(&columns->cells, (char)role);
    if (text != NULL)
        text_add_printable(&columns->cells, text, strlen(text));
    buf_add_byte(&columns->cells, '\0');
    columns->cell_count++;
}

void columns_add_format(struct columns *columns, enum output_role role,
                        const char *format, ...)
{
    char text[CELL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    columns_add(columns, role, text);
}

/* The bytes of text that fit into the columns, and how many they take. */
static size_t fit(const char *text, int columns, int *taken)
{
    mbstate_t state = {0};
    size_t length = strlen(text);
    size_t at = 0;
    *taken = 0;
    while (at < length) {
        wchar_t character;
        size_t used = mbrtowc(&character, text + at, length - at, &state);
        int width = 1;
        if (used == 0 || used > length - at) {
            used = 1;
            state = (mbstate_t){0};
        } else if (wcwidth(character) >= 0) {
            width = wcwidth(character);
        }
        if (*taken + width > columns)
            break;
        *taken += width;
        at += used;
    }
    return at;
}

/* One cell of at most `room` columns, padded to `width`. */
static void write_cell(struct output *output, const char *cell, int width,
                       int room, bool is_right)
{
    enum output_role role = (enum output_role)cell[0];
    const char *text = cell + 1;
    int taken;
    struct buf shown;
    buf_init(&shown, strlen(text) + 1);
    size_t bytes = fit(text, room, &taken);
    if (text[bytes] != '\0') {
        bytes = fit(text, room - 1, &taken);
        buf_add(&shown, text, bytes);
        buf_add_byte(&shown, '~');
        taken++;
    } else {
        buf_add(&shown, text, bytes);
    }
    for (int i = taken; is_right && i < width; i++)
        buf_add_byte(&output->text, ' ');
    output_role_text(output, role, buf_text(&shown));
    for (int i = taken; !is_right && i < width; i++)
        buf_add_byte(&output->text, ' ');
    buf_free(&shown);
}

static const char *next_cell(const char *cell)
{
    return cell + strlen(cell + 1) + 2;
}

static int room_for(const struct columns_column *column,
                    const struct output *output, int used)
{
    if (output->columns == 0)
        return INT_MAX;
    int room = output->columns - used;
    if (column->most > 0 && column->most < room)
        room = column->most;
    return room;
}

/* One line; returns the first cell behind it. */
static const char *write_row(const struct columns *columns, const char *cell,
                             struct output *output)
{
    int used = 0;
    for (size_t i = 0; i < columns->count; i++) {
        const struct columns_column *column = &columns->columns[i];
        bool is_last = i + 1 == columns->count;
        int room = room_for(column, output, used);
        int width = columns->widths[i];
        if (column->most > 0 && output->columns > 0 && width > column->most)
            width = column->most;
        if (room > 0)
            write_cell(output, cell, is_last && !column->is_right ? 0 : width,
                       room, column->is_right);
        used += width + GAP;
        if (!is_last)
            buf_add(&output->text, "  ", GAP);
        cell = next_cell(cell);
    }
    while (output->text.length > 0 &&
           output->text.bytes[output->text.length - 1] == ' ')
        output->text.bytes[--output->text.length] = '\0';
    buf_add_byte(&output->text, '\n');
    return cell;
}

static void measure(struct columns *columns)
{
    const char *cell = buf_text(&columns->cells);
    for (size_t i = 0; i < columns->cell_count; i++) {
        int *width = &columns->widths[i % columns->count];
        int own;
        (void)fit(cell + 1, INT_MAX, &own);
        if (own > *width)
            *width = own;
        cell = next_cell(cell);
    }
}

static void write_titles(struct columns *columns, struct output *output)
{
    struct buf titles;
    buf_init(&titles, PAGE_BYTES);
    for (size_t i = 0; i < columns->count; i++) {
        const char *title = columns->columns[i].title;
        int own;
        (void)fit(title, INT_MAX, &own);
        if (own > columns->widths[i])
            columns->widths[i] = own;
        buf_add_byte(&titles, (char)OUTPUT_HEADING);
        buf_add(&titles, title, strlen(title) + 1);
    }
    (void)write_row(columns, buf_text(&titles), output);
    buf_free(&titles);
    columns->has_titles = true;
}

void columns_write(struct columns *columns, struct output *output)
{
    assert(columns->cell_count % columns->count == 0);
    measure(columns);
    if (!columns->has_titles)
        write_titles(columns, output);
    const char *cell = buf_text(&columns->cells);
    for (size_t i = 0; i < columns->cell_count; i += columns->count)
        cell = write_row(columns, cell, output);
    buf_clear(&columns->cells);
    columns->cell_count = 0;
}
