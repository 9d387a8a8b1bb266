/* deliveries.h - screen 2: the deliveries that a filter chooses, however many,
 * and what to do with them. */
#ifndef TUI_DELIVERIES_H
#define TUI_DELIVERIES_H

#include "outbox/cursor.h"
#include "outbox/filter.h"
#include "outbox/views.h"
#include "tui/deliveries_count.h"
#include "tui/deliveries_save.h"
#include "tui/list.h"
#include "tui/marks.h"
#include "tui/view.h"

#include <stdbool.h>
#include <stdint.h>

enum deliveries_sort { SORT_NEWEST, SORT_OLDEST, SORT_USER, SORT_REASON };

enum { DELIVERIES_FILTER_BYTES = 1024 };

struct deliveries {
    struct list list;                   /* of struct view_delivery */
    char text[DELIVERIES_FILTER_BYTES]; /* the filter as typed */
    struct filter filter;
    enum deliveries_sort sort;
    struct cursor cursor; /* of the list's reading */
    struct deliveries_count count;
    struct marks marks;
    int starts; /* model->starts when the marks were set */
    struct deliveries_save save;
};

extern const struct view deliveries_view;

/* Go to the screen with this filter, as it could have been typed. */
void deliveries_show(struct model *model, const char *filter);

#endif
