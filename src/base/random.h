/* random.h - a small seeded generator (splitmix64), so that a run can be
 * repeated from its seed. Not for secrets. One thread. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
};

/* A seed from the system, for when none is given. */
uint64_t random_seed_from_system(void);

/* Uniform over all values. */
uint32_t random_next(struct random *random);

/* Uniform over 0 … limit-1; limit > 0. */
uint32_t random_below(struct random *random, uint32_t limit);

#endif
