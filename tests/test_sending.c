/* When outcomes are recorded: not one by one while there is enough to send, and
 * never late. And when what waits for a connection is taken back. */
#include "relay/sending.h"

#include "support/fake_clock.h"
#include "support/plain_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { CONNECTIONS = 32, AHEAD = 160, WORTH_A_COMMIT = 40 };

static struct fake_clock clock_now;
static struct destination destination;
static struct sending sending;
static int recalls;
static int answers;         /* that have come */
static int64_t answer_took; /* … ms, each */

static bool next_done(void *context, struct http_done *done)
{
    static const enum call_owner owner = OWNER_UPKEEP;
    (void)context;
    if (answers == 0)
        return false;
    answers--;
    sending.upkeep.job = UPKEEP_GET_ME;
    *done = (struct http_done){.owner = (void *)(intptr_t)&owner,
                               .answer = plain_answer(200, "")};
    done->answer.took_ms = answer_took;
    return true;
}

static void recall(void *context)
{
    (void)context;
    recalls++;
}

static const struct http http = {.next_done = next_done, .recall = recall};

/* Calls wait for a connection, and something has ended just now. */
static int set_sending(void **state)
{
    (void)state;
    fake_clock_init(&clock_now);
    destination_init(&destination, 1);
    recalls = 0;
    answers = 0;
    answer_took = 1;
    sending = (struct sending){.clock = &clock_now.clock,
                               .http = &http,
                               .destination = &destination,
                               .connections = CONNECTIONS};
    sending_init(&sending);
    sending.ahead = AHEAD;
    sending.moved_ms = clock_now.monotonic_ms;
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

/* --- what waits ---------------------------------------------------------- */

static void what_waits_is_taken_back_when_nothing_moves(void **state)
{
    (void)state;
    sending.under_way = CONNECTIONS + AHEAD;
    int64_t next_ms = sending_next_ms(&sending);
    assert_in_range(next_ms - clock_now.monotonic_ms, 1, 1000);
    fake_clock_advance(&clock_now, next_ms - clock_now.monotonic_ms - 1);
    sending_go_on(&sending);
    assert_int_equal(recalls, 0);
    fake_clock_advance(&clock_now, 1);
    sending_go_on(&sending);
    assert_int_equal(recalls, 1);
    assert_int_equal(sending.ahead, 0); /* nor is more claimed ahead */
    sending_go_on(&sending);
    assert_int_equal(recalls, 1);
}

static void what_moves_may_wait(void **state)
{
    (void)state;
    sending.under_way = CONNECTIONS + AHEAD;
    for (int i = 0; i < 10; i++) {
        fake_clock_advance(&clock_now, 900);
        answers = 1;
        sending_go_on(&sending);
    }
    assert_int_equal(recalls, 0);
}

static void no_queue_is_never_taken_back(void **state)
{
    (void)state;
    sending.under_way = CONNECTIONS;
    assert_int_equal(sending_next_ms(&sending), INT64_MAX);
    fake_clock_advance(&clock_now, 60 * 1000);
    sending_go_on(&sending);
    assert_int_equal(recalls, 0);
}

static void slow_answers_let_nothing_be_claimed_ahead(void **state)
{
    (void)state;
    sending.under_way = CONNECTIONS + AHEAD;
    answer_took = 3000;
    for (int i = 0; i < 20 && recalls == 0; i++) {
        answers = CONNECTIONS;
        sending_after_commit(&sending);
    }
    assert_int_equal(recalls, 1);
    assert_int_equal(sending.ahead, 0);
    answers = CONNECTIONS;
    sending_after_commit(&sending);
    assert_int_equal(sending.ahead, 0);
    answers = CONNECTIONS;
    answer_took = 20;
    sending_after_commit(&sending);
    assert_true(sending.ahead > 0);
}

/* A slow commit had let many be claimed, and the next ones are quick. */
static void what_waits_stays_while_answers_are_quick(void **state)
{
    (void)state;
    sending.under_way = CONNECTIONS + AHEAD;
    answer_took = 20;
    for (int i = 0; i < 20; i++) {
        answers = 1;
        sending_go_on(&sending);
        sending_after_commit(&sending);
    }
    assert_true(sending.ahead < 4);
    assert_int_equal(recalls, 0);
}

static void fewer_are_claimed_ahead_beside_others(void **state)
{
    (void)state;
    sending.under_way = CONNECTIONS;
    assert_int_equal(sending_room(&sending, false), AHEAD);
    assert_in_range(sending_room(&sending, true), CONNECTIONS, AHEAD / 2);
    sending.ahead = 3;
    assert_int_equal(sending_room(&sending, true), 3);
}

/* What is claimed ahead after so many answers, all before the commit. */
static int ahead_after(int64_t took_ms, bool were_idle)
{
    sending.ahead = 0;
    sending.under_way = were_idle ? 0 : CONNECTIONS;
    answers = CONNECTIONS;
    answer_took = took_ms;
    sending_go_on(&sending);
    sending.were_idle = were_idle; /* as sending_start() sees it */
    sending_after_commit(&sending);
    return sending.ahead;
}

static void nothing_under_way_during_a_commit_lets_more_be_claimed(void **state)
{
    (void)state;
    assert_true(ahead_after(1, true) >= 2 * CONNECTIONS);
    assert_int_equal(ahead_after(1, false), 0);
    assert_int_equal(ahead_after(20, true), 0);
    /* each commit counts those before it alone */
    sending.were_idle = true;
    sending_after_commit(&sending);
    assert_int_equal(sending.ahead, 0);
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
        RULE(what_waits_is_taken_back_when_nothing_moves),
        RULE(what_moves_may_wait),
        RULE(no_queue_is_never_taken_back),
        RULE(slow_answers_let_nothing_be_claimed_ahead),
        RULE(what_waits_stays_while_answers_are_quick),
        RULE(fewer_are_claimed_ahead_beside_others),
        RULE(nothing_under_way_during_a_commit_lets_more_be_claimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
