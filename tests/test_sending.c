/* When outcomes are recorded: not one by one while there is enough to send, and
 * never late. */
#include "relay/sending.h"

#include "support/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { CONNECTIONS = 32, AHEAD = 160, WORTH_A_COMMIT = 40 };

static struct fake_clock clock_now;
static struct sending sending;

/* Calls wait for a connection, and something has ended just now. */
static int set_sending(void **state)
{
    (void)state;
    fake_clock_init(&clock_now);
    sending = (struct sending){
        .clock = &clock_now.clock, .connections = CONNECTIONS, .ahead = AHEAD};
    queue_init(&sending.ended);
    sending.ended.count = 1;
    sending.ended_ms = clock_now.monotonic_ms;
    sending.under_way = CONNECTIONS + 1;
    return 0;
}

static void
few_outcomes_wait_for_more_while_there_is_enough_to_send(void **state)
{
    (void)state;
    assert_in_range(sending_time_to_record(&sending), 1, 2);
    sending.ended.count = WORTH_A_COMMIT - 1;
    assert_in_range(sending_time_to_record(&sending), 1, 2);
}

static void none_waits_for_long(void **state)
{
    (void)state;
    int64_t wait_ms = sending_time_to_record(&sending);
    fake_clock_advance(&clock_now, wait_ms - 1);
    assert_int_equal(sending_time_to_record(&sending), 1);
    fake_clock_advance(&clock_now, 1);
    assert_int_equal(sending_time_to_record(&sending), 0);
    fake_clock_advance(&clock_now, 1000);
    assert_int_equal(sending_time_to_record(&sending), 0);
}

static void as_many_as_the_commit_before_had_are_recorded_at_once(void **state)
{
    (void)state;
    sending.ended.count = WORTH_A_COMMIT;
    assert_int_equal(sending_time_to_record(&sending), 0);
    /* that may have been a single one */
    sending.ended.count = 1;
    sending.ahead = 4;
    assert_int_equal(sending_time_to_record(&sending), 0);
    sending.ahead = 0;
    assert_int_equal(sending_time_to_record(&sending), 0);
}

static void no_connection_waits_for_a_commit(void **state)
{
    (void)state;
    sending.under_way = CONNECTIONS;
    assert_int_equal(sending_time_to_record(&sending), 0);
}

static void what_stops_the_sending_is_recorded_at_once(void **state)
{
    (void)state;
    sending.is_stopped = true;
    assert_int_equal(sending_time_to_record(&sending), 0);
}

static void nothing_ended_nothing_to_record(void **state)
{
    (void)state;
    sending.ended.count = 0;
    assert_int_equal(sending_time_to_record(&sending), 0);
}

#define RULE(test) cmocka_unit_test_setup(test, set_sending)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(few_outcomes_wait_for_more_while_there_is_enough_to_send),
        RULE(none_waits_for_long),
        RULE(as_many_as_the_commit_before_had_are_recorded_at_once),
        RULE(no_connection_waits_for_a_commit),
        RULE(what_stops_the_sending_is_recorded_at_once),
        RULE(nothing_ended_nothing_to_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
