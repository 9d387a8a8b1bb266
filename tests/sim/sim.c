#include "sim/sim.h"

#include "sim/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_BYTES = 6000, KEPT_BYTES = 60000 };

uint32_t sim_draw(struct sim *sim, uint32_t limit)
{
    return limit == 0 ? 0 : random_below(&sim->random, limit);
}

int64_t sim_draw_time(struct sim *sim, int64_t most_ms)
{
    int64_t part_ms = (int64_t)sim_draw(sim, (uint32_t)most_ms + 1);
    return sim_happens(sim, 50) ? part_ms : part_ms / 10;
}

bool sim_happens(struct sim *sim, uint32_t percent)
{
    return sim_draw(sim, 100) < percent;
}

int64_t sim_true_ms(const struct sim *sim)
{
    return sim->clock.monotonic_ms + sim->true_ahead_ms;
}

static void add_to_hash(struct sim *sim, const char *line)
{
    uint64_t hash = sim->trace_hash ^ UINT64_C(14695981039346656037);
    for (; *line != '\0'; line++)
        hash = (hash ^ (unsigned char)*line) * UINT64_C(1099511628211);
    sim->trace_hash = hash;
}

void sim_trace(struct sim *sim, const char *format, ...)
{
    char line[600];
    char text[500];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)snprintf(line, sizeof(line), "%4d %12.3f  %s\n", sim->steps,
                   (double)sim->clock.monotonic_ms / 1000.0, text);
    add_to_hash(sim, line);
    if (sim->is_loud)
        (void)fputs(line, stdout);
    if (sim->trace.length > KEPT_BYTES)
        buf_drop_front(&sim->trace, sim->trace.length - TOLD_BYTES);
    buf_add_text(&sim->trace, line);
}

void sim_fail(struct sim *sim, const char *format, ...)
{
    va_list arguments;
    const char *told = buf_text(&sim->trace);
    if (sim->trace.length > TOLD_BYTES) {
        told += sim->trace.length - TOLD_BYTES;
        told = strchr(told, '\n') + 1;
    }
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s\nseed %llu FAILED at step %d, %.3f s: ",
                  sim->is_loud ? "" : told, (unsigned long long)sim->seed,
                  sim->steps, (double)sim->clock.monotonic_ms / 1000.0);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr,
                  "\nrun it again: scripts/sim --seed %llu (--verbose tells "
                  "all of it)\n",
                  (unsigned long long)sim->seed);
    exit(1);
}
