/* outcomes.h - what became of an operation's deliveries, counted in slices so
 * that keys never wait. */
#ifndef TUI_OUTCOMES_H
#define TUI_OUTCOMES_H

#include "outbox/operation.h"
#include "tui/canvas.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outcomes {
    int64_t id;                         /* of the operation; 0: none */
    struct operation_outcomes counted;  /* valid if is_known */
    struct operation_outcomes counting; /* if is_counting */
    bool is_known, is_counting;
};

/* Count anew, of this operation; what was counted of it stays till then. */
void outcomes_begin(struct outcomes *outcomes, int64_t id);
/* Count the next slice. */
MUST_CHECK bool outcomes_work(struct outcomes *outcomes, struct store *store,
                              bool *more, struct err *err);

/* "137 delivered, 2 failed, 71 wait"; "" before they are known. */
void outcomes_write(const struct outcomes *outcomes, char *out, size_t size);

/* Draw "[#####.....]" from side to side: how many have come to an end. Nothing
 * if that is not known, or there are none. */
void outcomes_draw_bar(const struct outcomes *outcomes, struct canvas *canvas,
                       int line);

#endif
