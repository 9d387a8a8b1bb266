/* show.h - one delivery in full, for a person and as JSON. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "base/buf.h"
#include "cli/output.h"
#include "event/names.h"
#include "outbox/operation.h"
#include "outbox/story.h"
#include "outbox/views.h"

#include <stdint.h>

enum { SHOW_MOST_OPERATIONS = 50 };

struct show_delivery {
    struct story story; /* with the row */
    struct view_history history;
    struct names names; /* as they are now */
    struct operation_touch operations[SHOW_MOST_OPERATIONS];
    int operation_count;
};

/* Read it all. Fails with ERR_NOT_FOUND. show_delivery_free(). */
MUST_CHECK bool show_read(struct store *store, int64_t id, int64_t now_ms,
                          struct show_delivery *delivery, struct err *err);
void show_delivery_free(struct show_delivery *delivery);

/* Write the page: the event, where its delivery is and why, the next step, the
 * envelope, the operations that touched it, and the attempts with their calls,
 * oldest first. */
void show_write_page(const struct show_delivery *delivery,
                     struct output *output);

/* Write one JSON object on one line: the row's keys as in `list --json`, with
 * event_name, why, next_step, payload, envelope, operations and history. What
 * was sent and answered stands in texts, byte for byte. */
void show_write_json(const struct show_delivery *delivery,
                     struct output *output);

#endif
