/* machine.h - the relays' processes on the simulated machine: they start, take
 * their turns as time passes, are killed, halted, or stop in good order; and
 * the power goes and comes back. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "sim/sim.h"

#include <stdbool.h>
#include <stdint.h>

struct machine *machine_new(struct sim *sim);
/* End everything; the disk stays. */
void machine_free(struct machine *machine);

/* A relay is taking its turns. */
bool machine_is_running(const struct machine *machine);

/* Start a relay as `run` does: lock, store, epoch. While another one holds the
 * lock it must be refused. */
void machine_start(struct sim *sim);

/* The relay's process dies at its n-th write or sync from now on. */
void machine_plan_death(struct sim *sim, int64_t n, enum disk_death death);
/* Its n-th write or sync from now on fails; 0: none. */
void machine_plan_error(struct sim *sim, int64_t n);
/* It dies now. */
void machine_kill(struct sim *sim, enum disk_death death);

/* It is halted, as by SIGSTOP, and loses its lock (someone removed the file):
 * another one may start. Woken up, it must change nothing and end. */
void machine_halt(struct sim *sim);
bool machine_has_halted(const struct machine *machine);
void machine_wake_up(struct sim *sim);

/* SIGTERM with this grace. It ends in its own time. */
void machine_stop(struct sim *sim, int64_t grace_ms);

/* Something was committed: the relay is told, as inotify does. */
void machine_tell(struct sim *sim);
/* The token's file has changed: the relay is told. */
void machine_tell_token(struct sim *sim);

/* Let time pass; relays take their turns. */
void machine_pass(struct sim *sim, int64_t ms);

/* Drop whoever has died, and bring the power back. */
void machine_tidy_up(struct sim *sim);

/* How many turns so far. */
int64_t machine_turns(const struct machine *machine);

#endif
