/* operations.h - screen 4: what operators did, newest first, how far it is and
 * what became of it. */
#ifndef TUI_OPERATIONS_H
#define TUI_OPERATIONS_H

#include "outbox/operation.h"
#include "tui/list.h"
#include "tui/outcomes.h"
#include "tui/view.h"

#include <stdbool.h>
#include <stdint.h>

enum { OPERATIONS_FILTER_BYTES = 200 };

struct operations {
    struct list list;                     /* of struct operation_row */
    char filter[OPERATIONS_FILTER_BYTES]; /* a text that rows contain; "" */
    int64_t read_id;                      /* where the list's reading stands */
    struct outcomes outcomes;             /* of the row under the cursor */
};

extern const struct view operations_view;

#endif
