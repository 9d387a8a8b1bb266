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

/* Put a delivery of u1, whose id is returned, and start a relay; the first
 * event call is answered 503, to come again so much later. */
int64_t start_put_off(int64_t retry_after_s);

#endif
