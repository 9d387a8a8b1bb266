/* items.h - the deliveries of an operation and what became of each; lies on
 * screen 4. */
#ifndef TUI_ITEMS_H
#define TUI_ITEMS_H

#include "outbox/operation.h"
#include "tui/list.h"
#include "tui/outcomes.h"
#include "tui/view.h"

#include <stdbool.h>
#include <stdint.h>

struct items {
    struct list list;         /* of struct operation_item */
    int64_t id;               /* of the operation */
    int64_t read_id;          /* where the list's reading stands */
    struct operation_row row; /* valid if is_read */
    bool is_read;
    struct outcomes outcomes;
};

extern const struct view items_view;

/* Go to an operation's deliveries; q comes back. */
void items_open(struct model *model, int64_t id);

#endif
