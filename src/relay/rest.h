/* rest.h - when the relay leaves the outbox alone for a moment: others are
 * writing, or the last turn could not be committed.
 *
 * All times are monotonic milliseconds. One relay's; its thread. */
#ifndef RELAY_REST_H
#define RELAY_REST_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Plain data; all zero at first. */
struct rest {
    int64_t until_ms;        /* no turn before */
    int64_t wait_ms;         /* after a failure: how long that was */
    bool failed;             /* the last turn could not be committed */
    int64_t logged_ms;       /* a failure was told; 0: never */
    int64_t others_until_ms; /* so long somebody else counts as writing */
};

/* The relay begins. Who writes now has 50 ms to show it by a commit: nobody
 * who only waits for the lock can be seen. */
void rest_begin(struct rest *rest, int64_t now_ms);

/* Somebody else has committed. */
void rest_notice_others(struct rest *rest, int64_t now_ms);

/* Whether somebody else has, lately. */
bool rest_is_beside_others(const struct rest *rest, int64_t now_ms);

/* We held the write lock from began_ms on: while others write, it is left free
 * at least as long, because SQLite's waiting is unfair: who commits flat out
 * starves those beside it (design, "One commit a turn of the loop"). */
void rest_after_commit(struct rest *rest, int64_t began_ms, int64_t now_ms);

/* A turn could not be committed; it has changed nothing. Waited out: briefly
 * for somebody else's lock, longer each time for the disk's trouble. Logged now
 * and then. */
void rest_after_failure(struct rest *rest, const struct err *err,
                        int64_t now_ms);

/* The store worked. */
void rest_end_failure(struct rest *rest);

/* How long from now; 0: it may be used. */
int64_t rest_time_left(const struct rest *rest, int64_t now_ms);

#endif
