/* Whether Intercom can be sent to now: holds, probes, pauses, 429. */
#include "relay/destination.h"

#include "support/plain_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };
static const int64_t START_MS = INT64_C(1787565600000);

static struct destination destination;
static int64_t now_ms;

static int set_destination(void **state)
{
    (void)state;
    destination_init(&destination, 1);
    now_ms = START_MS;
    return 0;
}

static const struct verdict delivered = {.action = VERDICT_GO_ON};
static const struct verdict server_error = {
    .result = "503", .action = VERDICT_RETRY, .in_transit = true};
static const struct verdict refused_event = {.action = VERDICT_FAIL};
static const struct verdict token_refused = {
    .action = VERDICT_HOLD,
    .reason = "token_refused",
    .result = "401 unauthorized",
    .mend = "Put a valid token into the token file.",
    .probe = PROBE_GET_ME,
};
static const struct verdict forbidden = {
    .action = VERDICT_HOLD,
    .reason = "forbidden",
    .result = "403 forbidden",
    .probe = PROBE_DELIVERY,
};

static void take(const struct verdict *verdict, bool is_probe)
{
    const struct destination_result result = {
        .lane = "u1", .verdict = verdict, .is_probe = is_probe};
    destination_take_result(&destination, &result, now_ms);
}

static struct destination_leave ask(void)
{
    struct destination_leave leave;
    destination_ask_leave(&destination, now_ms, 0, 8, &leave);
    return leave;
}

/* Start the probe that leave allows, and let it end like this. */
static void probe(const struct verdict *verdict)
{
    struct destination_leave leave = ask();
    assert_true(leave.get_me || leave.is_probe);
    destination_start_probe(&destination);
    if (leave.get_me)
        destination_take_me(&destination, verdict, now_ms);
    else
        take(verdict, true);
}

/* --- free ----------------------------------------------------------------- */

static void nothing_known_stops_nothing(void **state)
{
    (void)state;
    assert_int_equal(ask().deliveries, 8);
    assert_false(ask().is_probe);
    assert_false(ask().get_me);
    assert_true(destination_next_ms(&destination, now_ms) <= now_ms);
}

static void without_room_there_is_no_leave(void **state)
{
    (void)state;
    struct destination_leave leave;
    destination_ask_leave(&destination, now_ms, 8, 0, &leave);
    assert_int_equal(leave.deliveries, 0);
}

static void ordinary_results_stop_nothing(void **state)
{
    (void)state;
    take(&delivered, false);
    take(&refused_event, false);
    take(&server_error, false);
    assert_int_equal(ask().deliveries, 8);
    assert_false(destination.hold_changed);
}

static void a_pause_stops_until_someone_lifts_it(void **state)
{
    (void)state;
    destination.is_paused = true;
    assert_int_equal(ask().deliveries, 0);
    assert_int_equal(destination_next_ms(&destination, now_ms), INT64_MAX);
    destination.is_paused = false;
    assert_int_equal(ask().deliveries, 8);
}

static void a_wait_stops_until_its_time(void **state)
{
    (void)state;
    const struct verdict wait = {.action = VERDICT_WAIT,
                                 .wait_until_ms = now_ms + 7000};
    take(&wait, false);
    assert_int_equal(ask().deliveries, 0);
    assert_int_equal(destination_next_ms(&destination, now_ms), now_ms + 7000);
    now_ms += 6999;
    assert_int_equal(ask().deliveries, 0);
    now_ms += 1;
    assert_int_equal(ask().deliveries, 8);
}

/* --- the breaker ---------------------------------------------------------- */

static void fail_in_transit(const char *lane)
{
    const struct destination_result result = {.lane = lane,
                                              .verdict = &server_error};
    destination_take_result(&destination, &result, now_ms);
}

static void an_open_breaker_is_told_until_one_gets_through(void **state)
{
    (void)state;
    static const char *const lanes[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 4; i++)
        fail_in_transit(lanes[i]);
    assert_false(destination.breaker_changed);
    fail_in_transit(lanes[4]);
    assert_true(destination.breaker_changed);
    assert_int_equal(destination.breaker_since_ms, now_ms);
    assert_string_equal(destination.breaker_text, server_error.result);
    int64_t opened_ms = now_ms;

    destination.breaker_changed = false;
    now_ms = destination.breaker_probe_ms;
    assert_int_equal(ask().deliveries, 1);
    fail_in_transit("f"); /* the probe: the next one comes later */
    assert_true(destination.breaker_changed);
    assert_true(destination.breaker_probe_ms > now_ms);
    assert_int_equal(destination.breaker_since_ms, opened_ms);

    destination.breaker_changed = false;
    take(&delivered, false);
    assert_true(destination.breaker_changed);
    assert_int_equal(destination.breaker_since_ms, 0);
}

/* --- holds ---------------------------------------------------------------- */

static void a_hold_gives_no_leave_and_says_why(void **state)
{
    (void)state;
    take(&token_refused, false);
    assert_int_equal(ask().deliveries, 0);
    assert_string_equal(destination.hold_reason, "token_refused");
    assert_string_equal(destination.hold_text,
                        "401 unauthorized. Put a valid token into the token "
                        "file.");
    assert_int_equal(destination.held_since_ms, now_ms);
    assert_true(destination.hold_changed);
    take(&forbidden, false); /* it was under way: changes nothing */
    assert_string_equal(destination.hold_reason, "token_refused");
}

static void probes_come_after_30_s_and_then_later_up_to_5_min(void **state)
{
    (void)state;
    static const int64_t waits_ms[] = {30000,  60000,  120000,
                                       240000, 300000, 300000};
    const struct verdict *const holds[] = {&token_refused, &forbidden};
    for (int hold = 0; hold < 2; hold++) {
        (void)set_destination(state);
        take(holds[hold], false);
        for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
            assert_int_equal(destination_next_ms(&destination, now_ms),
                             now_ms + waits_ms[i]);
            now_ms += waits_ms[i] - 1;
            assert_false(ask().get_me || ask().is_probe);
            now_ms += 1;
            assert_int_equal(ask().get_me, hold == 0);
            assert_int_equal(ask().is_probe, hold == 1);
            assert_int_equal(ask().deliveries, hold == 1 ? 1 : 0);
            probe(holds[hold]);
        }
    }
}

static void one_probe_at_a_time(void **state)
{
    (void)state;
    const struct verdict *const holds[] = {&token_refused, &forbidden};
    for (int hold = 0; hold < 2; hold++) {
        (void)set_destination(state);
        take(holds[hold], false);
        now_ms += 30 * SECOND;
        destination_start_probe(&destination);
        assert_false(ask().get_me || ask().is_probe);
        assert_int_equal(destination_next_ms(&destination, now_ms), INT64_MAX);
    }
}

static void a_probe_that_gets_through_lifts_the_hold_slowly(void **state)
{
    (void)state;
    const struct verdict *const holds[] = {&token_refused, &forbidden};
    for (int hold = 0; hold < 2; hold++) {
        (void)set_destination(state);
        take(holds[hold], false);
        now_ms += 30 * SECOND;
        destination.hold_changed = false;
        probe(&delivered);
        assert_null(destination.hold_reason);
        assert_true(destination.hold_changed);
        assert_int_equal(ask().deliveries, 1);
        now_ms += 10 * SECOND;
        assert_int_equal(ask().deliveries, 8);
    }
}

static void a_probe_that_fails_otherwise_is_put_off(void **state)
{
    (void)state;
    const struct verdict *const holds[] = {&token_refused, &forbidden};
    const struct verdict *const results[] = {&server_error, &refused_event};
    for (int hold = 0; hold < 2; hold++) {
        for (int i = 0; i < 2; i++) {
            (void)set_destination(state);
            take(holds[hold], false);
            now_ms += 30 * SECOND;
            probe(results[i]);
            assert_string_equal(destination.hold_reason, holds[hold]->reason);
            assert_false(ask().get_me || ask().is_probe);
            assert_int_equal(destination_next_ms(&destination, now_ms),
                             now_ms + MINUTE);
        }
    }
}

static void a_delivery_that_was_under_way_lifts_nothing(void **state)
{
    (void)state;
    take(&forbidden, false);
    take(&delivered, false);
    assert_string_equal(destination.hold_reason, "forbidden");
}

static void get_me_lifts_no_hold_that_a_delivery_has_to(void **state)
{
    (void)state;
    destination_start_probe(&destination); /* asked while failures came */
    take(&forbidden, false);
    destination_take_me(&destination, &delivered, now_ms);
    assert_string_equal(destination.hold_reason, "forbidden");
    now_ms += 30 * SECOND;
    assert_true(ask().is_probe);
    destination_start_probe(&destination);
    destination_take_me(&destination, &delivered, now_ms); /* a late one */
    assert_false(ask().is_probe); /* the delivery still probes */
}

static void get_me_can_find_out_about_a_hold(void **state)
{
    (void)state;
    destination_start_probe(&destination);
    destination_take_me(&destination, &token_refused, now_ms);
    assert_string_equal(destination.hold_reason, "token_refused");
    assert_int_equal(destination_next_ms(&destination, now_ms),
                     now_ms + 30 * SECOND);
}

static void a_mended_token_is_probed_at_once(void **state)
{
    (void)state;
    take(&token_refused, false);
    now_ms += SECOND;
    destination_probe_now(&destination, now_ms);
    assert_true(ask().get_me);
    assert_true(destination_next_ms(&destination, now_ms) <= now_ms);
}

static void a_pause_keeps_deliveries_from_probing_but_not_get_me(void **state)
{
    (void)state;
    take(&token_refused, false);
    destination.is_paused = true;
    now_ms += 30 * SECOND;
    assert_true(ask().get_me);
    (void)set_destination(state);
    take(&forbidden, false);
    destination.is_paused = true;
    now_ms += 30 * SECOND;
    assert_int_equal(ask().deliveries, 0);
    assert_int_equal(destination_next_ms(&destination, now_ms), INT64_MAX);
}

static void a_clock_set_back_puts_no_probe_off(void **state)
{
    (void)state;
    take(&token_refused, false);
    now_ms -= INT64_C(1000) * MINUTE;
    assert_false(ask().get_me);
    assert_int_equal(destination_next_ms(&destination, now_ms),
                     now_ms + 30 * SECOND);
    assert_true(destination.held_since_ms <= now_ms);
}

/* --- failing -------------------------------------------------------------- */

static void answer_with(int status)
{
    const struct http_answer answer = plain_answer(status, "");
    destination_start_call(&destination, now_ms);
    destination_take_answer(&destination, &answer, now_ms);
}

static void
while_only_failures_are_seen_get_me_is_asked_each_minute(void **state)
{
    (void)state;
    static const int statuses[] = {500, 503, 408, 425};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        (void)set_destination(state);
        answer_with(statuses[i]);
        assert_false(ask().get_me);
        now_ms += MINUTE;
        assert_true(ask().get_me);
        assert_false(ask().get_me); /* once a minute */
        now_ms += MINUTE;
        answer_with(statuses[i]);
        assert_true(ask().get_me);
        answer_with(404); /* that got through */
        now_ms += 10 * MINUTE;
        assert_false(ask().get_me);
    }
}

static void only_open_time_counts(void **state)
{
    (void)state;
    static const int64_t began_ms = 1000;
    destination_tick(&destination, began_ms);
    destination_tick(&destination, began_ms + 10);
    assert_int_equal(destination.open_ms, 10);
    destination.is_paused = true;
    destination_tick(&destination, began_ms + 20);
    assert_int_equal(destination.open_ms, 10);
    destination.is_paused = false;
    answer_with(500);
    destination_tick(&destination, began_ms + 30);
    assert_int_equal(destination.open_ms, 10);
    answer_with(200);
    destination_tick(&destination, began_ms + 40);
    assert_int_equal(destination.open_ms, 20);
    take(&forbidden, false);
    destination_tick(&destination, began_ms + 50);
    assert_int_equal(destination.open_ms, 20);
}

static void the_quota_is_kept_for_the_record_without_overflow(void **state)
{
    (void)state;
    const struct http_answer answer = {.end = HTTP_ANSWERED,
                                       .status = 200,
                                       .body = "",
                                       .quota_limit = 83,
                                       .quota_left = 80,
                                       .quota_reset_s = INT64_C(1787565610),
                                       .retry_after_s = HTTP_NONE,
                                       .date_s = HTTP_NONE};
    destination_start_call(&destination, now_ms);
    destination_take_answer(&destination, &answer, now_ms);
    assert_true(destination.quota_changed);
    assert_int_equal(destination.quota_limit, 83);
    assert_int_equal(destination.quota_left, 80);
    assert_int_equal(destination.quota_reset_ms, INT64_C(1787565610000));

    /* what tells nothing of it changes nothing */
    struct http_answer cut = answer;
    cut.end = HTTP_UNKNOWN;
    cut.quota_limit = 7;
    destination.quota_changed = false;
    destination_start_call(&destination, now_ms);
    destination_take_answer(&destination, &cut, now_ms);
    answer_with(200);
    assert_false(destination.quota_changed);
    assert_int_equal(destination.quota_limit, 83);
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup(name, set_destination)
    const struct CMUnitTest tests[] = {
        RULE(nothing_known_stops_nothing),
        RULE(without_room_there_is_no_leave),
        RULE(ordinary_results_stop_nothing),
        RULE(a_pause_stops_until_someone_lifts_it),
        RULE(a_wait_stops_until_its_time),
        RULE(an_open_breaker_is_told_until_one_gets_through),
        RULE(a_hold_gives_no_leave_and_says_why),
        RULE(probes_come_after_30_s_and_then_later_up_to_5_min),
        RULE(one_probe_at_a_time),
        RULE(a_probe_that_gets_through_lifts_the_hold_slowly),
        RULE(a_probe_that_fails_otherwise_is_put_off),
        RULE(a_delivery_that_was_under_way_lifts_nothing),
        RULE(get_me_lifts_no_hold_that_a_delivery_has_to),
        RULE(get_me_can_find_out_about_a_hold),
        RULE(a_mended_token_is_probed_at_once),
        RULE(a_pause_keeps_deliveries_from_probing_but_not_get_me),
        RULE(a_clock_set_back_puts_no_probe_off),
        RULE(while_only_failures_are_seen_get_me_is_asked_each_minute),
        RULE(only_open_time_counts),
        RULE(the_quota_is_kept_for_the_record_without_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
