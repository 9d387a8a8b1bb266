/* server_clock.h - how far the server's clock is ahead of ours.
 *
 * Each answer shows the server's time only roughly, and some time between the
 * request and now. What all answers say together is narrow: the bounds are cut
 * with each. Pure. */
#ifndef DELIVERY_SERVER_CLOCK_H
#define DELIVERY_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct server_clock {
    bool is_known;
    int64_t least_ms; /* their clock minus ours is at least this … */
    int64_t most_ms;  /* … and at most this */
    int64_t learned_ms;
};

/* What an answer shows. */
struct server_glimpse {
    int64_t from_ms;  /* their clock was at least this … */
    int64_t until_ms; /* … and at most this, */
    int64_t sent_ms;  /* at some time between this … */
    int64_t came_ms;  /* … and this on ours */
};

void server_clock_init(struct server_clock *clock);

/* Learn from an answer. One that contradicts what was known replaces it: a
 * clock jumped. */
void server_clock_learn(struct server_clock *clock,
                        const struct server_glimpse *glimpse);

#endif
