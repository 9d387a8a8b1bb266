/* outbox_fixture.h - a fresh outbox in a directory of its own, for tests. */
#ifndef OUTBOX_FIXTURE_H
#define OUTBOX_FIXTURE_H

#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

struct fixture {
    char directory[64];
    char path[128];
    struct store *store;
    struct err err;
};

/* cmocka's setup and teardown: *state is a struct fixture. */
int fixture_open(void **state);
int fixture_close(void **state);

/* The path of a file of this name in the fixture's directory; static. */
const char *fixture_path(const struct fixture *fixture, const char *name);

/* Put an INITIAL_PURCHASE (or another type) of this user; NULL: no user. Fails
 * the test if it is refused. Returns false if the event was known. */
bool fixture_put(struct fixture *fixture, const char *event_id,
                 const char *type, const char *user);

/* Run SQL on a connection of its own, triggers on or off. Fails the test if it
 * fails. */
void fixture_run(const struct fixture *fixture, const char *sql);
void fixture_run_without_triggers(const struct fixture *fixture,
                                  const char *sql);

/* The number, or text (static, up to 1,000 bytes; "NULL"), that a query gives
 * in its first row. */
int64_t fixture_number(const struct fixture *fixture, const char *sql);
const char *fixture_text(const struct fixture *fixture, const char *sql);

/* How far the counters by state, and of what waits, are from the rows; 0. */
int64_t fixture_wrong_counters(const struct fixture *fixture);

/* Run in a process of its own; the test fails unless it returns true. */
void fixture_run_apart(struct fixture *fixture,
                       bool (*run)(struct fixture *fixture));

/* Fail the test with the error's text unless good. */
void fixture_check(const struct fixture *fixture, bool good);

#endif
