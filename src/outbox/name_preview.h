/* name_preview.h - what a change of names looks like before it is made: a real
 * event as it would be sent, and what to be careful about. For the command
 * line and the console alike. */
#ifndef OUTBOX_NAME_PREVIEW_H
#define OUTBOX_NAME_PREVIEW_H

#include "base/buf.h"
#include "base/err.h"
#include "event/event.h"
#include "event/names.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

/* The event of a delivery, held so that it can be shown with one name after
 * another. */
struct name_preview {
    int64_t delivery_id; /* 0: there is none */
    bool is_readable;    /* event is valid; else it cannot be mapped */
    struct event event;
};

/* Read the event of this delivery. Free *preview with name_preview_free().
 * Fails with ERR_NOT_FOUND. */
MUST_CHECK bool name_preview_read(struct store *store, int64_t delivery_id,
                                  struct name_preview *preview,
                                  struct err *err);
void name_preview_free(struct name_preview *preview);

/* Add the body of POST /events as it would be with these names, or in words
 * why there would be none. */
void name_preview_write(const struct name_preview *preview,
                        const struct names *names, struct buf *out);

/* Add what to be careful about when a kind's name changes so: a line each,
 * most important first. Nothing if nothing is. */
void name_preview_add_warnings(const struct names *before,
                               const struct names *after, enum event_kind kind,
                               struct buf *out);

/* How many names are in use: kinds that are on. Intercom takes
 * NAME_PREVIEW_MOST_NAMES a workspace. */
enum { NAME_PREVIEW_MOST_NAMES = 120 };
int name_preview_count_used(const struct names *names);

#endif
