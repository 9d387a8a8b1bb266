/* breaker.h - stop sending while nothing gets through; then start slowly.
 *
 * Opens when several lanes in a row fail in transit; one user's or one event's
 * trouble never opens it. While open one real delivery at a time probes. After
 * an open breaker, or a hold, the number of deliveries under way doubles every
 * second (design, "Verdicts"). Pure. */
#ifndef DELIVERY_BREAKER_H
#define DELIVERY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_LANES = 5 }; /* in a row, all different */

struct breaker {
    bool is_open;
    uint64_t lanes[BREAKER_LANES]; /* hashes of those that failed in a row */
    int failures;                  /* how many of them */
    int64_t probe_ms;              /* when the next probe may go */
    bool probe_under_way;
    bool waits_for_result; /* older deliveries are under way: no probe yet */
    int probes;            /* failed since it opened */
    bool starts_slowly;
    int64_t slow_start_ms; /* when it began */
};

void breaker_init(struct breaker *breaker);

/* An attempt of this lane ended. got_through: any answer but 408, 425, 5xx
 * came. random is uniform over all 32-bit values (the probes' jitter). */
void breaker_take_result(struct breaker *breaker, const char *lane,
                         bool got_through, int64_t now_ms, uint32_t random);

/* Begin a slow start now (a hold was lifted). */
void breaker_start_slowly(struct breaker *breaker, int64_t now_ms);

/* How many more deliveries may start now, with under_way of them under way: 0
 * to most. Open: 1 when a probe may go (nothing else is under way, its time
 * has come), else 0; the next failure is then taken for the probe's. */
int breaker_allowed(struct breaker *breaker, int64_t now_ms, int under_way,
                    int most);

/* When breaker_allowed() may give more; now_ms where it limits nothing;
 * INT64_MAX: it waits for a result only. */
int64_t breaker_next_ms(const struct breaker *breaker, int64_t now_ms);

#endif
