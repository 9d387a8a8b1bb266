/* --keep: what settled long ago leaves the outbox by itself, beside the
 * sending and without waking anybody. A real outbox, scripted time. */
#include "relay/relay.h"

#include "relay/keeping.h"
#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static int64_t rows(void)
{
    return world_number(world, "SELECT count(*) FROM outbox", 0);
}

/* All that was put was delivered long ago, by SQL. */
static void make_old(void)
{
    world_execute(world, "UPDATE outbox_delivery SET state = 'delivered', "
                         "due_ms = NULL, arrived_ms = 1, settled_ms = 1; "
                         "UPDATE outbox_count SET count = (SELECT count(*) "
                         "FROM outbox_delivery WHERE state = name) WHERE name "
                         "NOT LIKE '%\\_%' ESCAPE '\\'; "
                         "DELETE FROM outbox_backlog");
}

static void put_old(int count)
{
    put_users(count);
    make_old();
}

static void the_delivered_go_after_their_time_and_the_failed_stay(void **state)
{
    (void)state;
    world->policy.keep_ms = HOUR;
    int64_t delivered = world_put(world, "u1");
    int64_t failed =
        world_put_type(world, "u2", "RENEWAL", ",\"store\":7"); /* invalid */
    world_start(world);
    world_run_until(world, delivered, "delivered", MINUTE);
    world_run_until(world, failed, "failed", MINUTE);
    (void)world_run(world, HOUR - 2 * MINUTE);
    assert_int_equal(rows(), 2);
    (void)world_run(world, 4 * MINUTE);
    assert_int_equal(rows(), 1);
    assert_string_equal(world_state(world, failed), "failed");
    world_check(world);
}

static void for_ever_is_for_ever(void **state)
{
    (void)state;
    put_old(3);
    world_start(world);
    (void)world_run(world, 3 * HOUR);
    assert_int_equal(rows(), 3);
}

static void what_settled_late_goes_with_a_later_walk(void **state)
{
    (void)state;
    world->policy.keep_ms = HOUR;
    int64_t id = world_put(world, "u1");
    world_execute(world,
                  "UPDATE outbox_delivery SET state = 'failed', aside = "
                  "'failed', due_ms = NULL, arrived_ms = 1, settled_ms = 1; "
                  "UPDATE outbox_count SET count = (name = 'failed'); "
                  "DELETE FROM outbox_backlog");
    world_start(world);
    (void)world_run(world, 3 * MINUTE);
    assert_string_equal(world_state(world, id), "failed");
    world_execute(world,
                  "UPDATE outbox_delivery SET state = 'discarded', aside "
                  "= 'discarded'; "
                  "UPDATE outbox_count SET count = name = 'discarded'");
    (void)world_run(world, HOUR + 2 * MINUTE);
    assert_int_equal(rows(), 0);
    world_check(world);
}

static void many_go_in_pages_while_fresh_events_are_sent(void **state)
{
    (void)state;
    enum { OLD = 3 * PRUNE_PAGE + 1 };
    put_old(OLD);
    world->policy.keep_ms = HOUR;
    int64_t first = world_put(world, "fresh");
    world_start(world);
    world_run_until(world, first, "delivered", SECOND);
    assert_true(rows() > OLD - 3 * PRUNE_PAGE); /* some wait */
    (void)world_run(world, SECOND);
    assert_int_equal(rows(), 1);
    world_check(world);
}

static void room_that_is_not_needed_again_is_given_back(void **state)
{
    (void)state;
    /* of two pages each */
    world_execute(world,
                  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                  "FROM n WHERE i < 1000) INSERT INTO outbox (payload) SELECT "
                  "json_object('event', json_object('id', 'e' || i, 'type', "
                  "'TEST'), 'pad', hex(zeroblob(4000))) FROM n");
    make_old();
    int64_t pages = world_number(world, "PRAGMA page_count", 0);
    world->policy.keep_ms = HOUR;
    world_start(world);
    (void)world_run(world, 5 * MINUTE);
    assert_int_equal(rows(), 0);
    /* what the next events will need again stays */
    assert_in_range(world_number(world, "PRAGMA freelist_count", 0), 900, 1024);
    assert_true(world_number(world, "PRAGMA page_count", 0) < pages - 500);
    world_check(world);
}

static void an_idle_relay_is_not_woken_for_it(void **state)
{
    (void)state;
    world->policy.keep_ms = HOUR;
    world_start(world);
    (void)world_run(world, MINUTE);
    int before = world->turns;
    (void)world_run(world, HOUR);
    /* the safety looks, one every 30 s */
    assert_in_range(world->turns - before, 100, 130);
}

static void it_starts_nothing_while_the_relay_stops(void **state)
{
    (void)state;
    put_old(PRUNE_PAGE);
    world->policy.keep_ms = HOUR;
    world_start(world);
    relay_stop(world->relay, world->clock.monotonic_ms + SECOND);
    assert_int_equal(world_run(world, SECOND), RELAY_IS_DONE);
    assert_int_equal(rows(), PRUNE_PAGE);
}

static void a_locked_outbox_only_puts_it_off(void **state)
{
    (void)state;
    put_old(5);
    world->policy.keep_ms = HOUR;
    world_start(world);
    world_execute(world, "BEGIN IMMEDIATE");
    (void)world_run(world, MINUTE / 2);
    world_execute(world, "COMMIT");
    assert_int_equal(rows(), 5);
    (void)world_run(world, 2 * MINUTE);
    assert_int_equal(rows(), 0);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(the_delivered_go_after_their_time_and_the_failed_stay),
        RULE(for_ever_is_for_ever),
        RULE(what_settled_late_goes_with_a_later_walk),
        RULE(many_go_in_pages_while_fresh_events_are_sent),
        RULE(room_that_is_not_needed_again_is_given_back),
        RULE(an_idle_relay_is_not_woken_for_it),
        RULE(it_starts_nothing_while_the_relay_stops),
        RULE(a_locked_outbox_only_puts_it_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
