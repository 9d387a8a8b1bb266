/* words.h - deliveries in a person's words, and in JSON: what the CLI and the
 * console have in common. The database's texts are given as they are;
 * who prints them makes them printable. */
#ifndef OUTBOX_WORDS_H
#define OUTBOX_WORDS_H

#include "base/buf.h"
#include "base/json.h"
#include "outbox/operation.h"
#include "outbox/views.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WORDS_AGE_BYTES = 24,        /* room for words_format_age() */
    WORDS_MOST_TYPE_BYTES = 200, /* words_add_event() shows no more of a type */
};

/* "42s", "7m", "3h", "12d". */
void words_format_age(int64_t age_ms, char *out);

/* The event as a list calls it: "initial purchase"; where there is none, the
 * webhook's type, cut where it is over WORDS_MOST_TYPE_BYTES. */
void words_add_event(const struct view_delivery *row, struct buf *out);

/* The same for a kind's word alone; "" reads "no event". */
void words_add_kind(const char *kind, struct buf *out);

/* True if the lane is a user's; else the delivery is alone in its lane. */
bool words_lane_is_user(const char *lane);

/* Where the delivery is now: "retry in 4 min", "behind #41", "waits to be
 * sent", else the last result or reason. */
void words_add_result(const struct view_delivery *row, int64_t now_ms,
                      struct buf *out);

/* What an operation is about: "renewal: default -> Renewed", "operation 12",
 * the filter, the ids, or a pause's reason. */
void words_add_operation(const struct operation_row *row, struct buf *out);

/* The row as JSON keys and values, inside an open object. */
void words_write_delivery(const struct view_delivery *row, struct json *json);

/* A key with a time, null for OUTBOX_NO_TIME. */
void words_write_time(struct json *json, const char *key, int64_t time_ms);

#endif
