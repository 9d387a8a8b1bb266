/* people.h - who else uses the outbox: producers that write events, operators
 * that retry, rename, pause and take back, and a program that holds the lock.
 *
 * What a producer was told goes into the ledger. Any of them may meet a full
 * disk, a lock, an I/O error or its own death in the middle. */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H

#include "sim/sim.h"

struct people *people_new(struct sim *sim);
void people_free(struct people *people);

/* A transaction of one event or a few. */
void people_produce(struct sim *sim);

/* An operator asks for something, or goes on with what was asked. */
void people_operate(struct sim *sim);
/* Nothing is paused any more, and no name refused. */
void people_resume(struct sim *sim);

/* Another program begins a transaction and holds it, or ends it. */
void people_hold_lock(struct sim *sim);
void people_release_lock(struct sim *sim);

/* A process of theirs dies at its n-th write or sync, or meets an error. */
void people_plan_trouble(struct sim *sim);

/* Close what dead processes had open. */
void people_leave_dead(struct sim *sim);

#endif
