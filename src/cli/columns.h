/* columns.h - rows of text set in columns for a person.
 *
 * Rows are gathered and written a page at a time; a column is as wide as its
 * widest cell so far, so pages stay aligned or grow. On a terminal cells are
 * cut with "~" at their limit, and lines at the terminal's width; elsewhere
 * nothing is cut. One owner, one thread. */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include "base/buf.h"
#include "cli/output.h"

#include <stdbool.h>
#include <stddef.h>

enum { COLUMNS_MOST = 12 };

struct columns_column {
    const char *title;
    bool is_right; /* numbers */
    int most;      /* columns on a terminal; 0: as many as there are */
};

struct columns {
    const struct columns_column *columns; /* borrowed */
    size_t count;                         /* at most COLUMNS_MOST */
    int widths[COLUMNS_MOST];
    struct buf cells;  /* a role's byte, the text, a NUL; row after row */
    size_t cell_count; /* in cells */
    bool has_titles;   /* written already, or not wanted */
};

void columns_init(struct columns *columns, const struct columns_column *table,
                  size_t count);
void columns_free(struct columns *columns);

/* Add the next cell of the row; count cells make one. The text is made
 * printable; NULL counts as "". */
void columns_add(struct columns *columns, enum output_role role,
                 const char *text);
void columns_add_format(struct columns *columns, enum output_role role,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Write the rows gathered, the titles before the first, and forget them. */
void columns_write(struct columns *columns, struct output *output);

#endif
