/* list_parts.h - what list.c and list_load.c share: rows held, and what is to
 * be read next. */
#ifndef TUI_LIST_PARTS_H
#define TUI_LIST_PARTS_H

#include "tui/list.h"

/* A row of these. */
void *list_parts_row(const struct list *list, const void *rows, int index);
void list_parts_free(const struct list *list, void *rows, int from, int count);
void list_parts_clear(const struct list *list, struct list_rows *rows);

/* Bring cursor and window back to where there are rows. */
void list_parts_clamp(struct list *list);

/* From here on this is to be read; what was under way is given up. */
void list_parts_begin(struct list *list, enum list_load load, int step,
                      int window_step);

#endif
