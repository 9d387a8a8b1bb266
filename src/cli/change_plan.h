/* change_plan.h - the plan of a retry or discard: made from the words of the
 * command line, shown, given up. */
#ifndef CLI_CHANGE_PLAN_H
#define CLI_CHANGE_PLAN_H

#include "base/err.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "outbox/cursor.h"
#include "outbox/operation.h"
#include "outbox/store.h"

#include <stdbool.h>

struct change_plan {
    bool by_ids;
    struct cursor cursor; /* without by_ids: what the filter chooses */
    struct operation_plan plan;
};

/* Read the words: ids if all of them are numbers, else a filter. Fails with
 * ERR_USAGE. */
MUST_CHECK bool change_plan_read(const struct command_call *call,
                                 struct change_plan *plan, struct err *err);

/* Plan all that they choose. Fails with ERR_STOPPED if a signal came, with
 * ERR_NOT_FOUND for an id; what is planned by then is to be given up. */
MUST_CHECK bool change_plan_make(const struct command_call *call,
                                 struct store *store, bool include_delivered,
                                 struct progress *progress,
                                 struct change_plan *plan, struct err *err);

/* Give it up: nothing of it stays. */
MUST_CHECK bool change_plan_drop(struct store *store,
                                 const struct change_plan *plan,
                                 struct err *err);

/* Print the figures on stdout, for a person or as one JSON object. */
MUST_CHECK bool change_plan_show(struct store *store,
                                 const struct change_plan *plan, bool json,
                                 struct err *err);

#endif
