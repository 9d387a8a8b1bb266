/* Ends, good and bad: stops, drains, crashes, a busy store, a newer relay. */
#include "relay/relay.h"

#include "base/random.h"
#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static const struct fake_rule unauthorized = {.request = "", .status = 401};

/* --- stopping ------------------------------------------------------------- */

static void
a_stop_claims_nothing_more_and_lets_end_what_is_under_way(void **state)
{
    (void)state;
    world->policy.connections = 4;
    put_users(20);
    world_start(world);
    (void)world_run(world, 0);
    relay_stop(world->relay, world->clock.monotonic_ms + 10 * SECOND);
    assert_int_equal(world_run(world, MINUTE), RELAY_IS_DONE);
    assert_int_equal(count_in("delivered"), 4);
    assert_int_equal(count_in("pending"), 16);
    assert_int_equal(fake_http_calls(world->http), 8);
    assert_int_equal(world->report.pending_left, 16);
    world_check(world);
}

static void a_stop_cuts_at_its_deadline_and_records_unknown(void **state)
{
    (void)state;
    world->policy.connections = 4;
    fake_intercom_set_latency(world->intercom, MINUTE);
    put_users(20);
    world_start(world);
    (void)world_run(world, 0);
    int64_t began_ms = world->clock.monotonic_ms;
    relay_stop(world->relay, began_ms + 10 * SECOND);
    assert_int_equal(world_run(world, HOUR), RELAY_IS_DONE);
    assert_in_range(world->clock.monotonic_ms - began_ms, 10 * SECOND,
                    10 * SECOND + 100);
    assert_int_equal(count_in("pending"), 20);
    assert_int_equal(count_in("sending"), 0);
    assert_int_equal(
        world_number(world, "SELECT sum(unknown) FROM outbox_delivery", 0), 4);
    assert_int_equal(
        world_number(world, "SELECT sum(tries) FROM outbox_delivery", 0), 0);
    world_check(world);
}

static void a_stop_of_an_idle_relay_ends_at_once(void **state)
{
    (void)state;
    world_start(world);
    (void)world_run(world, SECOND);
    int64_t began_ms = world->clock.monotonic_ms;
    relay_stop(world->relay, began_ms + 10 * SECOND);
    assert_int_equal(world_run(world, HOUR), RELAY_IS_DONE);
    assert_int_equal(world->clock.monotonic_ms, began_ms);
}

static void a_stop_ends_though_the_store_is_locked(void **state)
{
    (void)state;
    put_users(3);
    world_start(world);
    (void)world_run(world, 0);
    world_execute(world, "BEGIN IMMEDIATE");
    int64_t began_ms = world->clock.monotonic_ms;
    relay_stop(world->relay, began_ms + 10 * SECOND);
    assert_int_equal(world_run(world, HOUR), RELAY_IS_DONE);
    assert_in_range(world->clock.monotonic_ms - began_ms, 10 * SECOND,
                    11 * SECOND);
    world_execute(world, "COMMIT");
    world_crash(world);
    assert_int_equal(count_in("sending"), 3);
    world_start(world);
    (void)world_run(world, 2 * MINUTE);
    assert_int_equal(count_in("delivered"), 3);
    assert_int_equal(fake_intercom_events(world->intercom), 3);
}

static void a_stop_while_held_or_waiting_for_attributes_ends(void **state)
{
    (void)state;
    const struct fake_rule slow = {
        .request = "POST /data_attributes", .status = 200, .after_ms = HOUR};
    fake_intercom_forget_attributes(world->intercom);
    fake_intercom_script(world->intercom, &slow);
    put_users(5);
    world_start(world);
    (void)world_run(world, SECOND);
    relay_stop(world->relay, world->clock.monotonic_ms + SECOND);
    assert_int_equal(world_run(world, HOUR), RELAY_IS_DONE);
    assert_int_equal(count_in("pending"), 5);
    world_crash(world);

    fake_intercom_script(world->intercom, &unauthorized);
    world_start(world);
    (void)world_run(world, MINUTE);
    relay_stop(world->relay, world->clock.monotonic_ms + SECOND);
    assert_int_equal(world_run(world, HOUR), RELAY_IS_DONE);
    assert_int_equal(count_in("pending"), 5);
}

/* --- draining ------------------------------------------------------------- */

static void a_drain_ends_when(void **state)
{
    static const struct {
        int users;
        struct fake_rule rule;
        const char *sql; /* before it starts */
        int64_t least_ms;
        int64_t most_ms;
        int64_t delivered;
        int64_t failed;
        int64_t left;
        bool held_or_paused;
    } rows[] = {
        /* there is nothing */
        {.users = 0, .most_ms = 0},
        /* all is delivered */
        {.users = 10, .most_ms = SECOND, .delivered = 10},
        /* some have failed */
        {.users = 10,
         .rule = {.request = "POST /events", .times = 3, .status = 422},
         .most_ms = SECOND,
         .delivered = 7,
         .failed = 3},
        /* a retry soon is waited for */
        {.users = 1,
         .rule = {.request = "POST /events",
                  .times = 1,
                  .status = 503,
                  .retry_after_s = 59},
         .least_ms = 59 * SECOND,
         .most_ms = MINUTE,
         .delivered = 1},
        /* one further away is not */
        {.users = 2,
         .rule = {.request = "POST /events",
                  .times = 1,
                  .status = 503,
                  .retry_after_s = 120},
         .most_ms = 2 * SECOND,
         .delivered = 1,
         .left = 1},
        /* a 429 is waited for */
        {.users = 1,
         .rule = {.request = "POST /events",
                  .times = 1,
                  .status = 429,
                  .retry_after_s = 300},
         .least_ms = 300 * SECOND,
         .most_ms = 302 * SECOND,
         .delivered = 1},
        /* an outage is given a minute, while probes grow to one a minute */
        {.users = 10,
         .rule = {.request = "POST /", .status = 503},
         .least_ms = MINUTE,
         .most_ms = 3 * MINUTE,
         .left = 10},
        /* a hold is given a minute */
        {.users = 3,
         .rule = {.request = "", .status = 401},
         .least_ms = MINUTE,
         .most_ms = MINUTE + 2 * SECOND,
         .left = 3,
         .held_or_paused = true},
        /* a pause is not */
        {.users = 3,
         .sql = "UPDATE outbox_destination SET pause_reason = 'x', paused_by = "
                "'me', paused_since_ms = 1",
         .most_ms = 10,
         .left = 3,
         .held_or_paused = true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (i > 0) {
            (void)close_world(state);
            (void)open_world(state);
        }
        world->policy.drain = true;
        put_users(rows[i].users);
        if (rows[i].rule.request != NULL)
            fake_intercom_script(world->intercom, &rows[i].rule);
        if (rows[i].sql != NULL)
            world_execute(world, rows[i].sql);
        world_start(world);
        int64_t began_ms = world->clock.monotonic_ms;
        print_message("row %zu\n", i);
        assert_int_equal(world_run(world, HOUR), RELAY_IS_DONE);
        assert_in_range(world->clock.monotonic_ms - began_ms, rows[i].least_ms,
                        rows[i].most_ms);
        assert_int_equal(world->report.delivered, rows[i].delivered);
        assert_int_equal(world->report.failed, rows[i].failed);
        assert_int_equal(world->report.pending_left, rows[i].left);
        assert_int_equal(world->report.held_or_paused, rows[i].held_or_paused);
    }
}

static void a_drain_waits_for_what_came_meanwhile(void **state)
{
    (void)state;
    world->policy.drain = true;
    put_users(3);
    world_start(world);
    (void)world_run(world, 10);
    int64_t late = world_put(world, "late");
    assert_int_equal(world_run(world, HOUR), RELAY_IS_DONE);
    assert_string_equal(world_state(world, late), "delivered");
}

/* --- a busy store, a newer relay ------------------------------------------ */

static void a_locked_store_loses_nothing(void **state)
{
    (void)state;
    put_users(10);
    world_start(world);
    (void)world_run(world, 0);
    /* Answers come while another process writes. */
    world_execute(world, "BEGIN IMMEDIATE");
    int turns = world->turns;
    (void)world_run(world, 10 * SECOND);
    assert_int_equal(count_in("sending"), 10);
    assert_in_range(world->turns - turns, 1, 300);
    world_execute(world, "COMMIT");
    (void)world_run(world, SECOND);
    assert_int_equal(count_in("delivered"), 10);
    assert_int_equal(fake_http_calls(world->http), 20);
    assert_int_equal(world->report.attempts, 10);
    world_check(world);
}

static void a_lock_during_the_claim_starts_nothing_unrecorded(void **state)
{
    (void)state;
    put_users(10);
    world_start(world);
    world_execute(world, "BEGIN IMMEDIATE");
    (void)world_run(world, 5 * SECOND);
    assert_int_equal(fake_http_calls(world->http), 0);
    world_execute(world, "COMMIT");
    (void)world_run(world, SECOND);
    assert_int_equal(count_in("delivered"), 10);
    assert_int_equal(fake_http_calls(world->http), 20);
}

static void a_newer_relay_makes_the_older_one_end(void **state)
{
    (void)state;
    put_users(5);
    world_start(world);
    (void)world_run(world, 0);
    assert_int_equal(fake_http_under_way(world->http), 5);
    world_execute(world, "UPDATE outbox_relay SET epoch = epoch + 1");
    assert_int_equal(world_run(world, MINUTE), RELAY_HAS_FAILED);
    assert_int_equal(world->err.code, ERR_SUPERSEDED);
    assert_int_equal(count_in("sending"), 5); /* the newer one's business */
    /* It notices before the chains go on: no second call. */
    assert_int_equal(fake_http_calls(world->http), 5);
    world_crash(world);
    world_start(world);
    (void)world_run(world, 2 * MINUTE);
    assert_int_equal(count_in("delivered"), 5);
    assert_int_equal(fake_intercom_events(world->intercom), 5);
}

/* --- crashes -------------------------------------------------------------- */

static void after_a_crash_the_same_bytes_go_first_of_their_lane(void **state)
{
    (void)state;
    int64_t first = world_put(world, "u1");
    int64_t second = world_put(world, "u1");
    int64_t other = world_put(world, "u2");
    world_start(world);
    (void)world_run(world, 25); /* the contact is made, the event sent */
    assert_int_equal(fake_intercom_events(world->intercom), 2);
    world_crash(world);
    assert_string_equal(world_state(world, first), "sending");
    int before = fake_http_calls(world->http);

    world_execute(world, "INSERT INTO outbox_name (kind, name) VALUES "
                         "('renewal', 'renamed')");
    int64_t fresh = world_put(world, "u3");
    world_start(world);
    assert_int_equal(world->report.delivered, 0);
    assert_int_equal(
        world_number(world, "SELECT sum(unknown) FROM outbox_delivery", 0), 2);
    /* Its lane waits for what may still be on its way; others do not. */
    world_run_until(world, fresh, "delivered", SECOND);
    (void)world_run(world, 28 * SECOND);
    assert_int_equal(fake_http_calls(world->http) - before, 2);
    world_run_until(world, first, "delivered", 5 * SECOND);
    world_run_until(world, second, "delivered", SECOND);
    world_run_until(world, other, "delivered", SECOND);

    /* The renamed name is for those which had not left. */
    assert_int_equal(fake_intercom_events(world->intercom), 4);
    assert_int_equal(fake_intercom_event(world->intercom, 0)->times, 2);
    assert_string_equal(fake_intercom_event(world->intercom, 0)->name,
                        "rc_renewal_event");
    assert_int_equal(world_attempts(world, first), 2);
    assert_int_equal(world_tries(world, first), 0);
    assert_int_equal(world_number(world,
                                  "SELECT count(*) FROM outbox_attempt WHERE "
                                  "delivery_id = ?1 AND outcome = 'unknown'",
                                  first),
                     1);
    world_check(world);
}

/* Crash after every number of turns there is, until all is delivered in one
 * life. However it falls, each event is at Intercom once. */
static void a_crash_at_any_turn_loses_and_doubles_nothing(void **state)
{
    enum { USERS = 3, EACH = 3 };
    for (int lives = 1; lives <= 3; lives++) {
        for (int after_ms = 0; after_ms <= 130; after_ms += 10) {
            (void)close_world(state);
            (void)open_world(state);
            for (int i = 0; i < EACH; i++)
                put_users(USERS);
            for (int life = 0; life < lives; life++) {
                world_start(world);
                (void)world_run(world, after_ms);
                world_crash(world);
            }
            world_start(world);
            (void)world_run(world, 2 * MINUTE);
            assert_int_equal(count_in("delivered"), USERS * EACH);
            assert_int_equal(fake_intercom_events(world->intercom),
                             USERS * EACH);
            world_check(world);
        }
    }
}

/* --- all of it together --------------------------------------------------- */

static void script_random_faults(struct random *random)
{
    static const struct fake_rule faults[] = {
        {.request = "POST /events", .times = 3, .status = 503},
        {.request = "POST /contacts", .times = 2, .status = 500, .acts = true},
        {.request = "POST /events",
         .times = 2,
         .end = HTTP_UNKNOWN,
         .trouble = HTTP_TIMED_OUT,
         .after_ms = 30 * SECOND,
         .acts = true},
        {.request = "POST /events",
         .times = 2,
         .end = HTTP_UNKNOWN,
         .trouble = HTTP_RESET,
         .acts = true},
        {.request = "", .times = 2, .end = HTTP_UNKNOWN, .trouble = HTTP_RESET},
        {.request = "", .times = 3, .status = 429, .retry_after_s = 7},
        {.request = "", .times = 4, .status = 401},
        {.request = "PUT /contacts", .times = 1, .status = 403},
        {.request = "",
         .times = 5,
         .end = HTTP_NOT_SENT,
         .trouble = HTTP_REFUSED},
        {.request = "POST /events",
         .times = 1,
         .status = 200,
         .body = "<html>",
         .is_html = true},
    };
    fake_intercom_clear_rules(world->intercom);
    for (int i = 0; i < 3; i++) {
        uint32_t count = sizeof(faults) / sizeof(faults[0]);
        fake_intercom_script(world->intercom,
                             &faults[random_below(random, count)]);
    }
}

static void live_randomly(struct random *random, int steps)
{
    char user[16];
    for (int step = 0; step < steps; step++) {
        switch (random_below(random, 10)) {
        case 0:
            world_crash(world);
            world_start(world);
            break;
        case 1:
        case 2:
            script_random_faults(random);
            break;
        case 3:
            world->clock.wall_ms += (int64_t)random_below(random, HOUR) -
                                    (int64_t)random_below(random, HOUR);
            break;
        case 4:
            world_execute(world, "BEGIN IMMEDIATE");
            (void)world_run(world, random_below(random, 500));
            world_execute(world, "COMMIT");
            break;
        case 5:
            fake_intercom_forget_attributes(world->intercom);
            break;
        default:
            (void)snprintf(user, sizeof(user), "u%u", random_below(random, 6));
            (void)world_put(world, user);
            break;
        }
        (void)world_run(world, random_below(random, 20 * SECOND));
    }
}

static void whatever_happens_each_event_arrives_once(void **state)
{
    const char *given = getenv("TEST_SEED");
    uint64_t first = given == NULL ? 1 : strtoull(given, NULL, 10);
    const char *count = getenv("TEST_SEEDS");
    uint64_t last = first - 1 +
                    (count != NULL   ? strtoull(count, NULL, 10)
                     : given == NULL ? 20
                                     : 1);
    for (uint64_t seed = first; seed <= last; seed++) {
        struct random random = {.state = seed};
        (void)close_world(state);
        (void)open_world(state);
        world->policy.seed = seed;
        print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
        world_start(world);
        live_randomly(&random, 120);
        fake_intercom_clear_rules(world->intercom);
        (void)world_run(world, INT64_C(30) * HOUR);
        assert_int_equal(count_in("delivered"), world->events);
        assert_int_equal(fake_intercom_events(world->intercom), world->events);
        world_check(world);
    }
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(a_stop_claims_nothing_more_and_lets_end_what_is_under_way),
        RULE(a_stop_cuts_at_its_deadline_and_records_unknown),
        RULE(a_stop_of_an_idle_relay_ends_at_once),
        RULE(a_stop_ends_though_the_store_is_locked),
        RULE(a_stop_while_held_or_waiting_for_attributes_ends),
        RULE(a_drain_ends_when),
        RULE(a_drain_waits_for_what_came_meanwhile),
        RULE(a_locked_store_loses_nothing),
        RULE(a_lock_during_the_claim_starts_nothing_unrecorded),
        RULE(a_newer_relay_makes_the_older_one_end),
        RULE(after_a_crash_the_same_bytes_go_first_of_their_lane),
        RULE(a_crash_at_any_turn_loses_and_doubles_nothing),
        RULE(whatever_happens_each_event_arrives_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
