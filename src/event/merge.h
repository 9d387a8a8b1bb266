/* merge.h - data events that Intercom makes one.
 *
 * Intercom keeps one event of a user, name and second: the second one is
 * answered 202 and merged (facts on Intercom, "POST /events"). The outbox says
 * so in the delivery's reason. For this it keeps, with each user, the last
 * data events sent, one a line: "ID CREATED_AT NAME\n". Two with more than
 * MERGE_MOST_EVENTS - 1 others between them are not recognised. Pure. */
#ifndef EVENT_MERGE_H
#define EVENT_MERGE_H

#include "base/buf.h"

#include <stdint.h>

enum { MERGE_MOST_EVENTS = 8 };

/* Add a delivery's event, the body of POST /events as mapping_write_event()
 * renders it, to those sent before (sent_events; NULL: none): out gets their
 * lines, the oldest left out where there are too many, and its own. Returns 0;
 * or the id of the delivery whose event Intercom takes for the same: nothing
 * is added then. */
int64_t merge_add(const char *sent_events, const char *event_body, int64_t id,
                  struct buf *out);

#endif
