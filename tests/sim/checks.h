/* checks.h - what must hold in a simulated world, at every step: the five
 * promises, seen from outside through SQL and through what Intercom was sent.
 * Whatever does not hold ends the run: sim_fail(). */
#ifndef SIM_CHECKS_H
#define SIM_CHECKS_H

#include "delivery/http.h"
#include "sim/sim.h"

#include <stdbool.h>
#include <stdint.h>

struct checks *checks_new(struct sim *sim);
void checks_free(struct checks *checks);

/* The connection has to go before the power comes back; the next check opens
 * one again. */
void checks_close(struct sim *sim);

/* How long an attempt's tries go on before it fails. */
void checks_set_give_up(struct sim *sim, int64_t give_up_ms);

/* A call of a delivery's attempt is leaving. */
void checks_see_call(struct sim *sim, int64_t id, int number, int user,
                     const char *body, bool is_event);
/* Its answer has come. */
void checks_see_answer(struct sim *sim, int64_t id, int number, bool is_event,
                       const struct http_answer *answer);
/* Intercom takes a data event of this delivery that is another one to it than
 * the one before. */
void checks_see_change(struct sim *sim, const struct ledger_event *event,
                       int number, const char *name);

/* Before and after each turn of a relay, and whenever something was done. */
void checks_look(struct sim *sim);
/* A relay has begun its epoch. */
void checks_after_start(struct sim *sim);
/* All faults are over, and time enough has passed. */
void checks_at_end(struct sim *sim);

/* How many deliveries are pending or being sent. */
int64_t checks_count_waiting(struct sim *sim);

/* A number from the database: the first column of the first row, ?1 bound; 0
 * without one. */
int64_t checks_number(struct sim *sim, const char *sql, int64_t argument);

#endif
