/* world_test.h - the world of the running test, for programs in which every
 * test stands in one. */
#ifndef SUPPORT_WORLD_TEST_H
#define SUPPORT_WORLD_TEST_H

#include "support/world.h"

#include <stdint.h>

/* Made by open_world(), gone after close_world(). */
extern struct world *world;

/* cmocka's setup and teardown. */
int open_world(void **state);
int close_world(void **state);

/* Put one event of each of so many users: u0, u1 … */
void put_users(int users);

/* Turn until all that was put is delivered: fails the test if one is not
 * within this time behind the one before. Checks the world, too. */
void expect_all_delivered(int64_t within_ms);

/* All that was put is pending, and none of it has cost a try. */
void expect_all_untried(void);

/* How many deliveries are in this state. */
int64_t count_in(const char *state);

/* Why the destination is held; "": it is not. Borrowed as world_text(). */
const char *hold_reason(void);

/* Put a delivery of u1, whose id is returned, and start a relay; the first
 * event call is answered 503, to come again so much later. */
int64_t start_put_off(int64_t retry_after_s);

#endif
