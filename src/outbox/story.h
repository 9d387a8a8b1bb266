/* story.h - why a delivery is where it is, and what happens next, in one
 * sentence; for the CLI and the console.
 *
 * Told from the state that the relay itself goes by: the delivery's row, the
 * one that it waits behind, the destination and the relay. Every state and
 * reason has a sentence. Texts from outside are in it as they are: who prints
 * it makes them printable. */
#ifndef OUTBOX_STORY_H
#define OUTBOX_STORY_H

#include "base/buf.h"
#include "base/err.h"
#include "event/names.h"
#include "outbox/views.h"

#include <stdbool.h>
#include <stdint.h>

/* What a story is told from. All borrowed. */
struct story_facts {
    const struct view_delivery *row;
    const struct view_delivery *head;  /* behind_id; NULL: none, or pruned */
    const struct view_status *sending; /* view_read_sending() or more */
    int64_t now_ms;
};

/* Add the sentence, with its full stop. */
void story_add_why(const struct story_facts *facts, struct buf *out);

/* The next step for a person about a failed delivery, or about one that waits
 * because the destination is held or paused. Constant; NULL: nothing to do. */
const char *story_next_step(const struct story_facts *facts);

/* A delivery with its story. */
struct story {
    struct view_delivery row; /* owned */
    struct buf why;           /* owned */
    const char *next_step;    /* constant; NULL: nothing to do */
};

/* Read what it takes and tell it. Fails with ERR_NOT_FOUND. */
MUST_CHECK bool story_read(struct store *store, int64_t id, int64_t now_ms,
                           struct story *story, struct err *err);
void story_free(struct story *story);

/* The name of the data event: in the newest bytes sent; else, while it waits,
 * as it would be now. "": none. name has room for NAME_MOST_BYTES + 1. */
void story_find_event_name(const struct view_delivery *row,
                           const struct view_history *history,
                           const struct names *names, char *name);

/* Add the envelope that the event becomes with these names (as `map` prints
 * it), or false: add why not. */
bool story_add_envelope(const struct view_history *history,
                        const struct names *names, struct buf *out);

#endif
