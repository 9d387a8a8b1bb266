/* health.h - is the outbox whole: the structure of the file, the counters, a
 * delivery for every event, and a head for every lane. Reads only;
 * outbox_recount() and outbox_adopt() mend what can be mended. These looks are
 * long ones in a large outbox (a second and more for millions): only for an
 * operator who asks. */
#ifndef OUTBOX_HEALTH_H
#define OUTBOX_HEALTH_H

#include "base/clock.h"
#include "base/err.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

struct health_integrity {
    bool is_whole;    /* nothing wrong was found */
    bool ended_early; /* … in the time that there was */
    char found[200];  /* else the first thing that is wrong */
};

/* Look at the structure of the whole file, deep: indexes compared with their
 * tables, too. most_ms 0: as long as it takes. */
MUST_CHECK bool health_check_integrity(struct store *store, bool deep,
                                       int64_t most_ms,
                                       const struct clock *clock,
                                       struct health_integrity *integrity,
                                       struct err *err);

struct health_counts {
    int64_t events;
    int64_t deliveries;
    int64_t lost; /* … that wait, and their lanes would never come to them */
    int wrong_counters;
    char first_wrong[120]; /* "pending is 7, counted 5"; "" */
};

/* Count events, deliveries and lost ones, and compare the counters with them.
 */
MUST_CHECK bool health_check_counts(struct store *store,
                                    struct health_counts *counts,
                                    struct err *err);

/* When the newest event arrived; OUTBOX_NO_TIME: there is none. */
MUST_CHECK bool health_newest_arrival(struct store *store, int64_t *arrived_ms,
                                      struct err *err);

#endif
