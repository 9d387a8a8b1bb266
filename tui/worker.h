/* worker.h - what the model asks of the database: reads, what keys have
 * ordered, and longer work in slices. Knows no terminal and no time, so tests
 * run the whole console with it. The main thread. */
#ifndef TUI_WORKER_H
#define TUI_WORKER_H

#include "base/err.h"
#include "outbox/store.h"
#include "tui/model.h"

#include <stdbool.h>

/* Read what the screen shows as of model->now_ms; what fails is told in
 * model->trouble. */
void worker_load(struct model *model, struct store *store);

/* Run what a key has ordered. True: it is done, or refused with a message;
 * false: the file is busy, try again. */
bool worker_run_order(struct model *model, struct store *store);

/* Do a slice of what takes longer: a job, then the view's work. *more: call
 * again. False: the file is busy, so call again a little later. */
bool worker_step(struct model *model, struct store *store, bool *more);

/* Before leaving: a plan that nobody starts any more goes with us. What cannot
 * be dropped within two seconds (the file is busy) is left: it does nothing. */
void worker_leave(struct model *model, struct store *store);

#endif
