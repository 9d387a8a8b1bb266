/* wake.h - commit -> wake-up, without polling.
 *
 * inotify on the write-ahead log, the database file (rollback journals) and
 * their directory (the log comes and goes) is a hint that can come before the
 * commit is visible; so it starts a series of looks (design, "Wake-up"), which
 * is 3 s long, and goes on where it is asked to.
 * Where inotify can't be had, a look every second. The database files are
 * watched by path, never opened: closing a descriptor would drop SQLite's
 * locks. The token file's directory is watched beside them. One thread, but
 * for wake_signal(). */
#ifndef RELAY_WAKE_H
#define RELAY_WAKE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct wake; /* owned by who made it */

/* Watch the files of this database, and the directory of the token file (NULL:
 * none). Fails with ERR_IO when the system has no descriptors left; without
 * inotify it polls. */
MUST_CHECK bool wake_new(const char *database_path, const char *token_file,
                         struct wake **wake, struct err *err);
void wake_free(struct wake *wake);

/* Becomes readable when there is a hint or a signal; borrowed. */
int wake_descriptor(const struct wake *wake);

/* Make the descriptor readable. Any thread; safe in no signal handler. */
void wake_signal(struct wake *wake);

/* What came. */
struct wake_news {
    bool hint;       /* perhaps a commit: a new series of looks has begun */
    bool token_file; /* something in its directory was written or moved */
    bool place;      /* the database's own name came or went: moved, replaced */
};

/* Take in what came. */
void wake_drain(struct wake *wake, int64_t monotonic_ms,
                struct wake_news *news);

/* True if it is time to look; counts as looked. */
bool wake_take_look(struct wake *wake, int64_t monotonic_ms);

/* The last look of the series was too early: look once more, as long after it
 * as the series is. */
void wake_look_again(struct wake *wake, int64_t monotonic_ms);

/* Milliseconds until the next look of the series; INT64_MAX: none. */
int64_t wake_time_to_look(const struct wake *wake, int64_t monotonic_ms);

/* False: inotify can't be had, the outbox is polled. */
bool wake_is_watching(const struct wake *wake);

#endif
