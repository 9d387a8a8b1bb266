/* turnstile.h - the threads of one process, one behind the other.
 *
 * SQLite's waiting is a poll with growing pauses, and unfair: two threads of
 * one process would starve each other. So whoever wants to write takes this
 * mutex first; there is one a file, whatever number of stores is open on it.
 * Any thread. */
#ifndef OUTBOX_TURNSTILE_H
#define OUTBOX_TURNSTILE_H

#include <stdbool.h>

struct turnstile; /* a store's handle on the mutex of its file */

/* The turnstile of the file at this absolute path. Owned. */
struct turnstile *turnstile_open(const char *real_path);

/* Leave it if it was entered, and give it back. NULL is fine. */
void turnstile_close(struct turnstile *turnstile);

/* Wait until no other thread is inside, at most wait_ms. False: one still is.
 * Not to be entered twice. */
bool turnstile_enter(struct turnstile *turnstile, int wait_ms);

/* Let the next one in. Fine if it was not entered. */
void turnstile_leave(struct turnstile *turnstile);

#endif
