#include "tui/table.h"

enum { FIRST_COLUMN = 2 }; /* behind the cursor */

void table_put(const struct table_column *table, struct canvas *canvas,
               int line, int column, enum role role, const char *text)
{
    int at = FIRST_COLUMN;
    if (canvas->columns < table[column].least)
        return;
    for (int i = 0; i < column; i++)
        at += canvas->columns >= table[i].least ? table[i].width + 1 : 0;
    int width = table[column].width;
    if (width == 0)
        width = canvas->columns - at - 1;
    if (table[column].is_right)
        canvas_put_right(canvas, line, at, width, role, text);
    else
        (void)canvas_put(canvas, line, at, width, role, text);
}

void table_put_titles(const struct table_column *table, int count,
                      struct canvas *canvas, int line)
{
    for (int i = 0; i < count; i++)
        table_put(table, canvas, line, i, ROLE_HEADING, table[i].title);
}
