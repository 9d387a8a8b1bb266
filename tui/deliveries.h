/* deliveries.h - screen 2: the deliveries that a filter chooses, however many,
 * and what to do with them. */
#ifndef TUI_DELIVERIES_H
#define TUI_DELIVERIES_H

#include "outbox/cursor.h"
#include "outbox/filter.h"
#include "outbox/views.h"
#include "tui/list.h"
#include "tui/marks.h"
#include "tui/save.h"
#include "tui/view.h"

#include <stdbool.h>
#include <stdint.h>

enum deliveries_sort { SORT_NEWEST, SORT_OLDEST, SORT_USER, SORT_REASON };

enum { DELIVERIES_FILTER_BYTES = 1024 };

/* How many match: counted in slices, again when that is cheap. */
struct deliveries_count {
    struct cursor cursor; /* while is_counting */
    bool is_counting;
    bool is_known; /* matching is of this filter, if not of this moment */
    int64_t matching;
    int64_t took_ms, next_ms; /* wall clock */
};

struct deliveries {
    struct list list;                   /* of struct view_delivery */
    char text[DELIVERIES_FILTER_BYTES]; /* the filter as typed */
    struct filter filter;
    enum deliveries_sort sort;
    struct cursor cursor; /* of the list's reading */
    struct deliveries_count count;
    struct marks marks;
    int starts;        /* model->starts when the marks were set */
    struct save *save; /* the list that is being written; NULL: none */
    struct cursor save_cursor;
    int64_t saved; /* rows */
};

extern const struct view deliveries_view;

/* Go to the screen with this filter, as it could have been typed. */
void deliveries_show(struct model *model, const char *filter);

#endif
