/* run.h - one seed: a world is made, things go wrong in it for a while, then
 * all is mended, and everything has to have come right. */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct run_result {
    uint64_t trace_hash; /* the same for the same seed */
    int64_t turns;
    int64_t events;
    int64_t calls;
    int64_t simulated_ms;
};

/* Run it; path is an empty file. Ends the process if a promise is broken. */
void run_seed(uint64_t seed, const char *path, bool is_loud,
              struct run_result *result);

#endif
