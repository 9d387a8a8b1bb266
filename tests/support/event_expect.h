/* event_expect.h - what becomes of a body that is read as an event. */
#ifndef SUPPORT_EVENT_EXPECT_H
#define SUPPORT_EVENT_EXPECT_H

#include "event/event.h"

#include <stddef.h>

/* Fail the test unless it is refused, with this reason. */
void event_expect_reason(const char *body, size_t length, const char *reason);

/* Fail the test unless it is taken; the event is the caller's. */
void event_expect_taken(const char *body, struct event *event);

#endif
