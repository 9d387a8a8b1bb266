#include "relay/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct metrics metrics;

/* True if the line stands in what is written. */
static bool says(const char *line)
{
    char whole[160];
    struct buf out;
    buf_init(&out, 64 * 1024);
    metrics_write(&metrics, &out);
    assert_false(out.overflow);
    (void)snprintf(whole, sizeof(whole), "\n%s\n", line);
    bool found = strstr(buf_text(&out), whole) != NULL;
    buf_free(&out);
    return found;
}

static void attempts_are_told_by_outcome(void **state)
{
    (void)state;
    metrics_init(&metrics);
    assert_true(says("subrelay_relay_attempts_total{outcome=\"held\"} 0"));
    metrics_count_attempt(&metrics, "delivered", 20);
    metrics_count_attempt(&metrics, "delivered", 3000);
    metrics_count_attempt(&metrics, "retry", 5);
    metrics_count_attempt(&metrics, "no such outcome", 5);
    assert_true(says("subrelay_relay_attempts_total{outcome=\"delivered\"} 2"));
    assert_true(says("subrelay_relay_attempts_total{outcome=\"retry\"} 1"));
    /* Only what was delivered has a latency. */
    static const char name[] = "subrelay_relay_delivery_latency_seconds";
    char line[160];
    (void)snprintf(line, sizeof(line), "%s_count 2", name);
    assert_true(says(line));
    (void)snprintf(line, sizeof(line), "%s_sum 3.02", name);
    assert_true(says(line));
    (void)snprintf(line, sizeof(line), "%s_bucket{le=\"0.025\"} 1", name);
    assert_true(says(line));
}

static void calls_are_told_by_status_or_by_how_they_ended(void **state)
{
    (void)state;
    static const struct {
        enum http_end end;
        int status;
    } calls[] = {
        {HTTP_ANSWERED, 200}, {HTTP_ANSWERED, 200}, {HTTP_ANSWERED, 429},
        {HTTP_ANSWERED, 599}, {HTTP_ANSWERED, 999}, {HTTP_NOT_SENT, 0},
        {HTTP_UNKNOWN, 0},
    };
    metrics_init(&metrics);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const struct http_answer answer = {
            .end = calls[i].end, .status = calls[i].status, .took_ms = 7};
        metrics_count_call(&metrics, &answer);
    }
    assert_true(says("subrelay_relay_calls_total{result=\"200\"} 2"));
    assert_true(says("subrelay_relay_calls_total{result=\"429\"} 1"));
    assert_true(says("subrelay_relay_calls_total{result=\"599\"} 1"));
    assert_true(says("subrelay_relay_calls_total{result=\"not_sent\"} 1"));
    assert_true(says("subrelay_relay_calls_total{result=\"unknown\"} 2"));
    assert_true(says("subrelay_relay_call_duration_seconds_count 6"));
}

static void settled_ones_are_told_by_state(void **state)
{
    (void)state;
    metrics_init(&metrics);
    metrics_count_settled(&metrics, "skipped", 3);
    metrics_count_settled(&metrics, "failed", 0);
    metrics_count_settled(&metrics, "pending", 9);
    assert_true(says("subrelay_relay_settled_total{state=\"skipped\"} 3"));
    assert_true(says("subrelay_relay_settled_total{state=\"failed\"} 0"));
}

static void nobody_has_to_watch(void **state)
{
    (void)state;
    const struct http_answer answer = {.end = HTTP_ANSWERED, .status = 200};
    metrics_count_call(NULL, &answer);
    metrics_count_attempt(NULL, "delivered", 1);
    metrics_count_settled(NULL, "failed", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_are_told_by_outcome),
        cmocka_unit_test(calls_are_told_by_status_or_by_how_they_ended),
        cmocka_unit_test(settled_ones_are_told_by_state),
        cmocka_unit_test(nobody_has_to_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
