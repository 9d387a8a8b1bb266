/* map_bodies.h - what each webhook body would become: the core of the map
 * command.
 *
 * Reads, writes, and touches no database. One thread. */
#ifndef CLI_MAP_BODIES_H
#define CLI_MAP_BODIES_H

#include "base/err.h"
#include "event/mapping.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct map_options {
    const char *const *paths; /* as body_files_new() takes them */
    size_t path_count;
    const char *database; /* must not be opened as a file; NULL: none */
    const struct mapping_policy *policy;
    bool is_json;
    FILE *out;      /* for the results */
    FILE *messages; /* for files that cannot be read, one line each */
};

struct map_counts {
    int64_t mapped;
    int64_t skipped;
    int64_t invalid;    /* not JSON, no webhook, or a field that is wrong */
    int64_t unreadable; /* files */
};

/* Map each body of the files in order, and write what became of it.
 * is_json: exactly one line each: the envelope, {"skipped":"reason"} or
 * {"invalid":"reason"}. Otherwise for people: a line with file, line and
 * outcome, with the envelope behind it; nothing in it is obeyed by a terminal.
 * What has been written is flushed before each wait for more input.
 * Fails with the system's reason when out cannot be written; counts are valid
 * in either case. */
MUST_CHECK bool map_bodies(const struct map_options *options,
                           struct map_counts *counts, struct err *err);

#endif
