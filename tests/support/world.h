/* world.h - a relay with a real outbox in a temporary folder, a fake HTTP seam
 * and a fake clock: what a test of the whole relay stands in.
 *
 * Every turn is watched: a relay that asks to be turned again at once without
 * having got anywhere fails the test. */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include "outbox/store.h"
#include "relay/relay.h"
#include "support/fake_clock.h"
#include "support/fake_http.h"
#include "support/fake_intercom.h"
#include "support/folder.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;

struct world {
    char folder[FOLDER_BYTES];
    char path[FOLDER_BYTES + 20];
    struct fake_clock clock;
    struct fake_intercom *intercom;
    struct fake_http *http; /* to it */
    struct store *store;    /* the relay's */
    struct store *producer; /* another connection */
    struct sqlite3 *looker; /* and one more, for SQL of tests */
    struct relay_policy policy;
    struct relay *relay; /* NULL: none is running */
    struct relay_report report;
    struct err err; /* of a relay that has failed */
    int turns;
    int idle_turns;   /* in a row, without a wait */
    int64_t progress; /* as it was then */
    int events;       /* made so far: makes their ids */
};

/* Make the outbox and all seams; no relay yet. Fails the test if it can't. */
void world_open(struct world *world);
void world_close(struct world *world);

/* Put an event of this user into the outbox: a renewal of its own second, with
 * the same attributes as every other. Returns its delivery's id. */
int64_t world_put(struct world *world, const char *user);

/* The same with the webhook's type and more members (",\"store\":…"). */
int64_t world_put_type(struct world *world, const char *user, const char *type,
                       const char *members);

/* Start a relay: a new epoch. */
void world_start(struct world *world);

/* Drop the relay as a crash would: nothing is recorded. */
void world_crash(struct world *world);

/* Turn until this much time has passed, or the relay is done or has failed. */
enum relay_state world_run(struct world *world, int64_t for_ms);

/* Turn until the state of a delivery is this. Fails the test if it is not
 * within this time. */
void world_run_until(struct world *world, int64_t id, const char *state,
                     int64_t most_ms);

/* The first column of the first row, with ?1 bound to id; 0 without a row. */
int64_t world_number(struct world *world, const char *sql, int64_t id);
/* As text, borrowed until the fourth next call; "" without a row or for NULL.
 */
const char *world_text(struct world *world, const char *sql, int64_t id);
void world_execute(struct world *world, const char *sql);

/* Shorthands: of a delivery. */
const char *world_state(struct world *world, int64_t id);
const char *world_reason(struct world *world, int64_t id);
int64_t world_attempts(struct world *world, int64_t id);
int64_t world_tries(struct world *world, int64_t id);

/* Check what must hold at any time, whatever happened: at most one call of a
 * user under way at once, one head a lane, counters as counted. */
void world_check(struct world *world);

#endif
