/* sim.h - one simulated world: what all parts of tests/sim share.
 *
 * The real relay, mapping, delivery and store code runs in it, against a
 * simulated clock, disk and Intercom. Everything is drawn from one seed, so
 * that a run can be had again. One at a time, one thread. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/buf.h"
#include "base/random.h"
#include "sim/disk.h"
#include "sim/ledger.h"
#include "support/fake_clock.h"

#include <stdbool.h>
#include <stdint.h>

/* Processes of the simulated machine. Relays have the numbers from
 * SIM_FIRST_RELAY on, a new one each. */
enum {
    SIM_CHECKER = 1,
    SIM_PRODUCER,
    SIM_OPERATOR,
    SIM_WRITER,
    SIM_FIRST_RELAY
};

enum {
    SIM_SECOND = 1000,
    SIM_MINUTE = 60 * SIM_SECOND,
    SIM_HOUR = 60 * SIM_MINUTE
};

struct peer;
struct people;
struct machine;
struct checks;

struct sim {
    uint64_t seed;
    const char *path; /* of the database; an empty file of this name is there */
    bool is_loud;     /* the trace goes to stdout */
    struct random random;
    struct fake_clock clock;
    struct disk *disk;
    struct ledger ledger;
    struct peer *peer;
    struct people *people;
    struct machine *machine;
    struct checks *checks;
    int clock_jumps;       /* so far */
    int64_t true_ahead_ms; /* true time less the monotonic clock */
    int steps;
    uint64_t trace_hash;
    struct buf trace; /* the last lines */
};

/* Draw: 0 … limit-1; one to most, small ones more often; true so often in a
 * hundred. */
uint32_t sim_draw(struct sim *sim, uint32_t limit);
int64_t sim_draw_time(struct sim *sim, int64_t most_ms);
bool sim_happens(struct sim *sim, uint32_t percent);

/* What time it is, whatever the machine's clock says. */
int64_t sim_true_ms(const struct sim *sim);

/* A line about what happens. */
void sim_trace(struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A promise is broken: say which, with the last lines and how to run this
 * again, and end the process with 1. */
void sim_fail(struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
