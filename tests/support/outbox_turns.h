/* outbox_turns.h - a relay's turns in a line each, for tests of the outbox. */
#ifndef OUTBOX_TURNS_H
#define OUTBOX_TURNS_H

#include "support/outbox_fixture.h"

#include "outbox/outbox.h"

/* Begin a new epoch at this time; requests take 30 s at most. */
struct outbox_recovery turns_begin_epoch(struct fixture *fixture,
                                         int64_t now_ms);

/* In a turn of its own: find the due heads (at most limit) and start an
 * attempt for each, with the bytes {"a":1} and {"e":1}. Returns how many;
 * claims are owned. */
int turns_start(struct fixture *fixture, int64_t epoch, int64_t now_ms,
                int limit, struct outbox_claim *claims);

/* The same of the first that is due at 1, as start says; its claim is set. */
void turns_start_as(struct fixture *fixture, int64_t epoch,
                    struct outbox_start start, struct outbox_claim *claim);

/* Put anna's renewal, the first of all, and start it at this time in a new
 * epoch, which is returned. */
int64_t turns_start_annas(struct fixture *fixture, int64_t now_ms,
                          struct outbox_claim *claim);

/* In a turn of its own: end a claim's attempt. outcome and state in words,
 * not_before_ms with state pending. */
void turns_end(struct fixture *fixture, int64_t epoch,
               const struct outbox_claim *claim, const char *outcome,
               const char *state, int64_t not_before_ms);

void turns_free(struct outbox_claim *claims, int count);

/* The ids that are due at this time, in the order in which they are found, as
 * text ("1 3 5"); static. Changes nothing. */
const char *turns_due(struct fixture *fixture, int64_t now_ms);

#endif
