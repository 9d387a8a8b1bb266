/* overview.h - screen 1: how it is going, what waits, what failed and why. */
#ifndef TUI_OVERVIEW_H
#define TUI_OVERVIEW_H

#include "outbox/views.h"
#include "tui/list.h"
#include "tui/view.h"

struct overview {
    struct list list; /* of model->status.causes */
    int64_t delivered_today;
    /* the cause under the cursor, to find it again */
    char reason[sizeof(((struct view_cause *)0)->reason)];
    char result[sizeof(((struct view_cause *)0)->result)];
};

extern const struct view overview_view;

#endif
