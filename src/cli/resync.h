/* resync.h - where to go on behind a value that is not JSON.
 *
 * Guesses, byte by byte, where the next value begins, so that a bad one takes
 * no good ones with it. It starts at the first byte of the bad value, because
 * that may have swallowed good ones before it was found bad:
 * - At a line that begins with '{', no further in than the line on which the
 *   bad value began. A value of its own does; what is inside a bad one written
 *   over several lines stands further in.
 * - Outside of a list also at another line no further in, unless it begins with
 *   what closes or goes on ("}", "]", "," or a quote): so each bad line is
 *   found. Where the brackets close, the rest of that line is left out.
 * - In a list where the brackets close; at '{' behind a comma in an object,
 *   where only a key could stand; behind an element without brackets; and at
 *   the ']' of the list.
 * A string ends at its line's end at the latest, and a closing bracket closes
 * all up to the opening one of its kind. Plain data, one thread. */
#ifndef CLI_RESYNC_H
#define CLI_RESYNC_H

#include "cli/json_scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resync {
    struct json_levels levels;
    bool is_in_list;
    int64_t most_indent; /* of the line on which the bad value began */
    int64_t indent;      /* blanks so far on this line */
    bool is_at_front;    /* of a line: nothing but blanks so far */
    bool is_in_string;
    bool is_escaped;
    bool follows_comma;
    bool skips_line; /* the rest of this line is left out */
    bool has_begun;
};

/* Start at the first byte of a bad value. */
void resync_begin(struct resync *resync, bool is_in_list, int64_t most_indent);

/* Start where a scan found a bad value bad. */
void resync_begin_inside(struct resync *resync, bool is_in_list,
                         int64_t most_indent, const struct json_scan *scan);

/* Start inside of what is no value at all: the line is left out. */
void resync_begin_line(struct resync *resync);

/* Look on through bytes. True: the next value is to be looked for from
 * bytes[*used] on. False: all bytes are looked at, and more are needed. */
bool resync_run(struct resync *resync, const char *bytes, size_t length,
                size_t *used);

#endif
