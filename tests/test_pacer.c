#include "delivery/pacer.h"

#include "answers.h"
#include "base/random.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The server's clock is ours in these; a window ends at T + 10 s. */
#define T_S  INT64_C(1787572850)
#define T    (T_S * 1000)
#define MOST 1000

static struct http_answer quota(int64_t limit, int64_t left, int64_t reset_s,
                                int64_t date_s)
{
    struct http_answer answer = plain_answer(202, "");
    answer.quota_limit = limit;
    answer.quota_left = left;
    answer.quota_reset_s = reset_s;
    answer.date_s = date_s;
    return answer;
}

/* One call, started and answered at once. */
static void call(struct pacer *pacer, int64_t now_ms, struct http_answer answer)
{
    answer.started_ms = now_ms;
    pacer_start_call(pacer, now_ms);
    pacer_take_answer(pacer, &answer, now_ms);
}

/* A pacer that knows: limit 100, so much left at T + 1 s. */
static struct pacer pacer_with(int64_t left)
{
    struct pacer pacer;
    pacer_init(&pacer);
    call(&pacer, T + 1000, quota(100, left, T_S + 10, T_S + 1));
    return pacer;
}

static void nothing_known_nothing_paced(void **state)
{
    (void)state;
    struct pacer pacer;
    pacer_init(&pacer);
    assert_int_equal(pacer_allowed(&pacer, T, 32), 32);
    assert_int_equal(pacer_allowed_deliveries(&pacer, T, 32), 32);
    assert_int_equal(pacer_next_ms(&pacer, T), T);
    call(&pacer, T, plain_answer(202, ""));
    struct http_answer part = plain_answer(202, "");
    part.quota_limit = 100;
    call(&pacer, T, part);
    assert_int_equal(pacer_allowed(&pacer, T, 32), 32);
    assert_int_equal(pacer_allowed(&pacer, T, 0), 0);
}

static void calls_are_spread_over_the_window(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(90);
    assert_int_equal(pacer_allowed(&pacer, T + 1000, MOST), 0);
    int started = 0;
    int by_half = 0;
    for (int64_t now_ms = T + 1000; now_ms < T + 10000; now_ms++) {
        while (pacer_allowed(&pacer, now_ms, 1) > 0) {
            pacer_start_call(&pacer, now_ms);
            started++;
        }
        if (now_ms == T + 5500)
            by_half = started;
    }
    assert_in_range(by_half, 43, 57);
    assert_int_equal(started, 90);
    assert_int_equal(pacer.left, 0);
}

static void never_more_than_the_server_had_left(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(3);
    assert_int_equal(pacer_allowed(&pacer, T + 9990, MOST), 3);
    assert_int_equal(pacer_allowed(&pacer, T + 9990, 2), 2);
    for (int i = 0; i < 3; i++)
        pacer_start_call(&pacer, T + 9990);
    assert_int_equal(pacer_allowed(&pacer, T + 9999, MOST), 0);
    assert_true(pacer_next_ms(&pacer, T + 9999) >= T + 10000);
}

static void older_counts_of_parallel_answers_are_ignored(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(50);
    for (int i = 0; i < 3; i++)
        pacer_start_call(&pacer, T + 2000);
    assert_int_equal(pacer.left, 47);
    static const int64_t lefts[] = {48, 47, 49}; /* they overtook each other */
    static const int64_t expected[] = {46, 46, 47};
    for (int i = 0; i < 3; i++) {
        struct http_answer answer = quota(100, lefts[i], T_S + 10, T_S + 2);
        answer.started_ms = T + 2000;
        pacer_take_answer(&pacer, &answer, T + 2100 + i);
        assert_int_equal(pacer.left, expected[i]);
    }
}

static void call_that_never_left_is_given_back(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(50);
    struct http_answer answer = no_answer(HTTP_NOT_SENT, HTTP_REFUSED);
    pacer_start_call(&pacer, T + 2000);
    assert_int_equal(pacer.left, 49);
    pacer_take_answer(&pacer, &answer, T + 2000);
    assert_int_equal(pacer.left, 50);
}

static void call_without_an_answer_counts(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(50);
    struct http_answer answer = no_answer(HTTP_UNKNOWN, HTTP_TIMED_OUT);
    pacer_start_call(&pacer, T + 2000);
    pacer_take_answer(&pacer, &answer, T + 2000);
    assert_int_equal(pacer.left, 49);
    call(&pacer, T + 2000, plain_answer(502, ""));
    assert_int_equal(pacer.left, 48);
}

static void new_window_has_the_full_limit_less_calls_under_way(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(2);
    pacer_start_call(&pacer, T + 9990);
    /* Date told the second only: the window may end up to 1 s later */
    (void)pacer_allowed(&pacer, T + 11100, 1);
    assert_int_equal(pacer.left, 99);
    assert_true(pacer.reset_ms >= T + 20000);
    /* counted in the old window after all */
    struct http_answer answer = quota(100, 1, T_S + 10, T_S + 9);
    answer.started_ms = T + 9990;
    pacer_take_answer(&pacer, &answer, T + 11100);
    assert_int_equal(pacer.left, 100);
}

static void new_window_begins_with_an_answer_that_says_so(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(0);
    call(&pacer, T + 10010, quota(100, 70, T_S + 20, T_S + 10));
    assert_int_equal(pacer.left, 70);
    /* one that was counted before comes late */
    struct http_answer late = quota(100, 0, T_S + 10, T_S + 9);
    late.started_ms = T + 9900;
    pacer_start_call(&pacer, T + 10015);
    pacer_take_answer(&pacer, &late, T + 10020);
    assert_int_equal(pacer.left, 70);
}

static void window_that_has_not_begun_is_given_back(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(10);
    (void)pacer_allowed(&pacer, T + 11100, 1); /* counts on a new one */
    assert_int_equal(pacer.left, 100);
    /* their clock was set back by 5 s */
    call(&pacer, T + 11200, quota(100, 4, T_S + 10, T_S + 6));
    assert_int_equal(pacer.left, 4);
    assert_in_range(pacer.reset_ms, T + 14200, T + 16300);
}

static void refusal_stops_all_until_its_time(void **state)
{
    (void)state;
    struct pacer pacer;
    pacer_init(&pacer);
    pacer_wait_until(&pacer, T + 5000);
    pacer_wait_until(&pacer, T + 3000); /* the later one counts */
    assert_int_equal(pacer_allowed(&pacer, T + 4999, 32), 0);
    assert_int_equal(pacer_allowed_deliveries(&pacer, T + 4999, 32), 0);
    assert_int_equal(pacer_next_ms(&pacer, T + 4999), T + 5000);
    assert_int_equal(pacer_next_delivery_ms(&pacer, T + 4999), T + 5000);
    assert_int_equal(pacer_allowed(&pacer, T + 5000, 32), 32);
}

static void clock_set_back_does_not_stop_the_sending(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(0);
    pacer_wait_until(&pacer, T + 5000);
    const int64_t day_ms = 24 * 3600 * 1000;
    assert_int_equal(pacer_allowed(&pacer, T - day_ms, 1), 0);
    int64_t next_ms = pacer_next_ms(&pacer, T - day_ms);
    assert_in_range(next_ms - (T - day_ms), 1, 13000);
    next_ms = T - day_ms + 13000;
    (void)pacer_allowed(&pacer, next_ms, 1);
    assert_true(pacer_allowed(&pacer, next_ms + 1000, 1) == 1);
}

static void quota_without_headers_is_forgotten(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(0);
    pacer_start_call(&pacer, T + 2000);
    for (int i = 0; i < 49; i++)
        call(&pacer, T + 2000, plain_answer(202, ""));
    assert_int_equal(pacer_allowed(&pacer, T + 2000, 32), 0);
    call(&pacer, T + 2000, plain_answer(202, ""));
    assert_int_equal(pacer_allowed(&pacer, T + 2000, 32), 32);
    assert_int_equal(pacer.in_flight, 1);
}

static void window_length_is_learned(void **state)
{
    (void)state;
    static const int64_t lengths_s[] = {1, 5, 10, 60, 300};
    for (size_t i = 0; i < sizeof(lengths_s) / sizeof(lengths_s[0]); i++) {
        int64_t length_s = lengths_s[i];
        struct pacer pacer;
        pacer_init(&pacer);
        int64_t at_s = T_S - T_S % length_s;
        for (int second = 1; second < 3 * length_s + 12; second++) {
            int64_t now_s = at_s + second;
            int64_t reset_s = now_s - now_s % length_s + length_s;
            call(&pacer, now_s * 1000 + 300, quota(100, 50, reset_s, now_s));
        }
        assert_int_equal(pacer.window_ms, length_s * 1000);
    }
}

static void smallest_limit_lets_deliveries_through(void **state)
{
    (void)state;
    for (int64_t limit = 1; limit <= 4; limit++) {
        struct pacer pacer;
        pacer_init(&pacer);
        call(&pacer, T + 1000, quota(limit, 0, T_S + 10, T_S + 1));
        int64_t now_ms = T + 1000;
        for (int i = 0;
             i < 100 && pacer_allowed_deliveries(&pacer, now_ms, 1) == 0; i++)
            now_ms = pacer_next_delivery_ms(&pacer, now_ms);
        assert_in_range(now_ms, T + 10000, T + 22000);
        assert_int_equal(pacer_allowed_deliveries(&pacer, now_ms, 1), 1);
    }
}

static int64_t draw_header(struct random *random, int64_t usual)
{
    switch (random_below(random, 8)) {
    case 0:
        return HTTP_NONE;
    case 1:
        return INT64_MAX;
    case 2:
        return INT64_MIN + 1;
    case 3:
        return -usual;
    case 4:
        return 0;
    default:
        return usual + random_below(random, 100);
    }
}

static void no_header_does_harm(void **state)
{
    (void)state;
    struct random random = {.state = 20260824};
    print_message("seed %" PRIu64 "\n", random.state);
    struct pacer pacer;
    pacer_init(&pacer);
    int64_t now_ms = T;
    for (int i = 0; i < 200000; i++) {
        now_ms += (int64_t)random_below(&random, 2000) - 100;
        struct http_answer answer =
            quota(draw_header(&random, 100), draw_header(&random, 10),
                  draw_header(&random, now_ms / 1000),
                  draw_header(&random, now_ms / 1000));
        answer.started_ms = draw_header(&random, now_ms - 100);
        answer.took_ms = draw_header(&random, 100);
        if (random_below(&random, 3) > 0)
            pacer_start_call(&pacer, now_ms);
        pacer_take_answer(&pacer, &answer, now_ms);
        int allowed = pacer_allowed(&pacer, now_ms, 7);
        int64_t next_ms = pacer_next_ms(&pacer, now_ms);
        assert_in_range(allowed, 0, 7);
        assert_int_equal(allowed > 0, next_ms <= now_ms);
        assert_true(next_ms <= now_ms + 3600 * 1000 + 2000);
        assert_true(pacer.left >= 0 && pacer.in_flight >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_nothing_paced),
        cmocka_unit_test(calls_are_spread_over_the_window),
        cmocka_unit_test(never_more_than_the_server_had_left),
        cmocka_unit_test(older_counts_of_parallel_answers_are_ignored),
        cmocka_unit_test(call_that_never_left_is_given_back),
        cmocka_unit_test(call_without_an_answer_counts),
        cmocka_unit_test(new_window_has_the_full_limit_less_calls_under_way),
        cmocka_unit_test(new_window_begins_with_an_answer_that_says_so),
        cmocka_unit_test(window_that_has_not_begun_is_given_back),
        cmocka_unit_test(refusal_stops_all_until_its_time),
        cmocka_unit_test(clock_set_back_does_not_stop_the_sending),
        cmocka_unit_test(quota_without_headers_is_forgotten),
        cmocka_unit_test(window_length_is_learned),
        cmocka_unit_test(smallest_limit_lets_deliveries_through),
        cmocka_unit_test(no_header_does_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
