/* delivery.h - one delivery: why it is where it is, what to do, every attempt
 * and call, and the exact bytes. */
#ifndef TUI_DELIVERY_H
#define TUI_DELIVERY_H

#include "base/buf.h"
#include "event/names.h"
#include "outbox/views.h"
#include "tui/list.h"
#include "tui/view.h"

#include <stdbool.h>
#include <stdint.h>

struct delivery {
    int64_t id;
    bool is_read; /* what follows is of this id */
    struct view_delivery row;
    struct view_history history;
    struct buf why;
    const char *next_step; /* constant; NULL: nothing to do */
    char event_name[NAME_MOST_BYTES + 1];
    struct list list;   /* of the attempts, newest first */
    int attempt_number; /* under the cursor; 0: none */
    bool is_in_pane;    /* keys move the lower pane */
    int pane_top;
};

extern const struct view delivery_view;

/* Go to a delivery; q comes back. */
void delivery_open(struct model *model, int64_t id);

/* An attempt by its row in the list, the newest first; NULL: there is none. */
const struct view_attempt *delivery_attempt(const struct delivery *delivery,
                                            int index);

#endif
