/* table.h - the columns of a list whose widths are constant: where each stands
 * on a canvas, and which are dropped on a narrow one. Pure; any thread. */
#ifndef TUI_TABLE_H
#define TUI_TABLE_H

#include "tui/canvas.h"

#include <stdbool.h>

struct table_column {
    const char *title;
    bool is_right;
    int width; /* 0: what is left; the last column only */
    int least; /* it is dropped on a canvas under so many columns */
};

/* Put the text into its column of this line. */
void table_put(const struct table_column *table, struct canvas *canvas,
               int line, int column, enum role role, const char *text);

/* Put the titles of so many columns. */
void table_put_titles(const struct table_column *table, int count,
                      struct canvas *canvas, int line);

#endif
