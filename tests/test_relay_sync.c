/* When a relay leaves the sync of a commit for later, which calls wait for it
 * then, and what it does when it fails. A real outbox; the network and the time
 * are scripted, and the syncs that were left are made by the test. */
#include "relay/relay.h"

#include "support/slow_disk.h"
#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct http *inner;
static struct http seam;
static int waiting; /* calls that were to wait for a sync */
static int others;  /* … and calls that were not */
static int syncs;   /* asked for, whether calls wait or not */

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    waiting += request->after_sync;
    others += !request->after_sync;
    inner->start(context, request, owner);
}

static void note_sync(void *context)
{
    (void)context;
    syncs++;
}

static int open_slow_world(void **state)
{
    slow_disk_begin(0);
    int result = open_world(state);
    inner = fake_http_seam(world->http);
    seam = *inner;
    seam.start = start;
    seam.sync = note_sync;
    waiting = 0;
    others = 0;
    syncs = 0;
    return result;
}

static int close_slow_world(void **state)
{
    int result = close_world(state);
    slow_disk_end();
    return result;
}

static void make_relay(void)
{
    const struct relay_seams seams = {
        .clock = &world->clock.clock,
        .http = &seam,
        .store = world->store,
    };
    if (!relay_new(&world->policy, &seams, "http://127.0.0.1:1", &world->relay,
                   &world->err))
        fail_msg("%s", world->err.text);
}

/* … which has adopted what is there, and found nothing to do. */
static void start_relay(void)
{
    make_relay();
    (void)world_run(world, 100);
    assert_int_equal(others, 0);
}

static void turn(void)
{
    int64_t wait_ms;
    assert_int_equal(relay_turn(world->relay, &wait_ms, &world->err),
                     RELAY_GOES_ON);
}

static void pass(int64_t ms)
{
    fake_clock_advance(&world->clock, ms);
}

static void with_nothing_under_way_a_commit_syncs_itself(void **state)
{
    (void)state;
    start_relay();
    (void)world_put(world, "anna");
    int64_t before = slow_disk_syncs();
    turn();
    assert_int_equal(slow_disk_syncs(), before + 1);
    assert_int_equal(waiting, 0);
    assert_int_equal(others, 1);
    assert_int_equal(syncs, 0);
}

/* Only the first call of an attempt is new to the disk. */
static void
with_calls_under_way_the_first_call_of_an_attempt_waits(void **state)
{
    (void)state;
    fake_intercom_set_latency(world->intercom, 100);
    start_relay();
    (void)world_put(world, "anna");
    turn();
    pass(50);
    (void)world_put(world, "bob");
    int64_t before = slow_disk_syncs();
    turn();
    assert_int_equal(slow_disk_syncs(), before);
    assert_int_equal(waiting, 1);
    assert_int_equal(syncs, 0); /* the call asks for one */
    pass(50);
    turn(); /* anna's event call */
    assert_int_equal(waiting, 1);
    assert_int_equal(others, 2);
}

static void a_sync_is_asked_for_where_no_call_waits(void **state)
{
    (void)state;
    fake_intercom_set_latency(world->intercom, 100);
    start_relay();
    int64_t first = world_put(world, "anna");
    turn();
    pass(50);
    (void)world_put(world, "bob");
    turn();
    for (int i = 0; i < 10; i++) {
        pass(25);
        turn();
    }
    assert_string_equal(world_state(world, first), "delivered");
    assert_int_equal(syncs, 1);
    assert_int_equal(waiting, 1);
}

static void
a_sync_that_failed_is_mended_though_there_is_nothing_to_do(void **state)
{
    (void)state;
    start_relay();
    (void)world_put(world, "anna");
    (void)world_run(world, 1000);
    assert_true(relay_is_idle(world->relay));
    slow_disk_fail(1);
    assert_false(store_sync(world->store, &world->err));
    assert_true(store_is_to_be_mended(world->store));
    turn();
    assert_false(store_is_to_be_mended(world->store));
    int64_t syncs_then = slow_disk_syncs();
    (void)world_run(world, 10 * 1000);
    assert_int_equal(slow_disk_syncs(), syncs_then);
    /* From then on every commit syncs itself. */
    fake_intercom_set_latency(world->intercom, 100);
    (void)world_put(world, "anna");
    turn();
    pass(50);
    (void)world_put(world, "bob");
    syncs_then = slow_disk_syncs();
    turn();
    assert_int_equal(slow_disk_syncs(), syncs_then + 1);
    (void)world_run(world, 10 * 1000);
    assert_int_equal(count_in("delivered"), 3);
}

static void a_disk_that_keeps_failing_is_tried_again_now_and_then(void **state)
{
    (void)state;
    start_relay();
    int64_t id = world_put(world, "anna");
    slow_disk_fail(1000);
    assert_false(store_sync(world->store, &world->err));
    (void)world_run(world, 60 * 1000); /* no busy loop: it watches for one */
    assert_string_equal(world_state(world, id), "pending");
    assert_int_equal(others + waiting, 0);
    slow_disk_fail(0);
    world_run_until(world, id, "delivered", 120 * 1000);
}

static void crash(void)
{
    world_crash(world);
    world_execute(world, "UPDATE outbox_relay SET stopped_ms = NULL");
}

/* The one before may have been killed before it could mend what had failed. */
static void a_relay_begins_with_what_is_on_the_disk_for_certain(void **state)
{
    (void)state;
    for (int crashes = 0; crashes < 2; crashes++) {
        start_relay();
        if (crashes == 1)
            crash();
        else
            world_crash(world); /* that ends it in good order */
        int64_t before = slow_disk_syncs();
        make_relay();
        assert_int_equal(slow_disk_syncs(), before + 1 + crashes);
        world_crash(world);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_slow_world, close_slow_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(with_nothing_under_way_a_commit_syncs_itself),
        TEST(with_calls_under_way_the_first_call_of_an_attempt_waits),
        TEST(a_sync_is_asked_for_where_no_call_waits),
        TEST(a_sync_that_failed_is_mended_though_there_is_nothing_to_do),
        TEST(a_disk_that_keeps_failing_is_tried_again_now_and_then),
        TEST(a_relay_begins_with_what_is_on_the_disk_for_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
