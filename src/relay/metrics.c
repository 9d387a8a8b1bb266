#include "relay/metrics.h"

#include "base/prometheus.h"
#include "base/text.h"

#include <stdio.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const outcomes[METRICS_OUTCOME_COUNT] = {
    "delivered", "retry", "failed", "held", "unknown"};
static const char *const states[METRICS_STATE_COUNT] = {"delivered", "failed",
                                                        "skipped"};

/* A wake-up takes a millisecond, an outage days. */
static const int64_t delivered_bounds_ms[] = {
    10,    25,    50,    100,    250,     500,     1000,     2500,    5000,
    10000, 30000, 60000, 300000, 1800000, 3600000, 21600000, 86400000};
static const int64_t call_bounds_ms[] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000};

void metrics_init(struct metrics *metrics)
{
    for (size_t i = 0; i < METRICS_OUTCOME_COUNT; i++)
        atomic_init(&metrics->attempts[i], 0);
    for (size_t i = 0; i < METRICS_STATE_COUNT; i++)
        atomic_init(&metrics->settled[i], 0);
    for (size_t i = 0; i <= METRICS_MOST_STATUS; i++)
        atomic_init(&metrics->calls[i], 0);
    atomic_init(&metrics->calls_not_sent, 0);
    atomic_init(&metrics->calls_unknown, 0);
    histogram_init(&metrics->delivered_ms, delivered_bounds_ms,
                   COUNT_OF(delivered_bounds_ms));
    histogram_init(&metrics->call_ms, call_bounds_ms, COUNT_OF(call_bounds_ms));
}

static void add(_Atomic int64_t *counter, int64_t count)
{
    atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

static int64_t value_of(const _Atomic int64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The place of a word in its table; the length of the table: not in it. */
static size_t find(const char *const *words, size_t count, const char *word)
{
    size_t i = 0;
    while (i < count && !text_equals(words[i], word))
        i++;
    return i;
}

void metrics_count_call(struct metrics *metrics,
                        const struct http_answer *answer)
{
    if (metrics == NULL)
        return;
    if (answer->end == HTTP_NOT_SENT) {
        add(&metrics->calls_not_sent, 1);
        return;
    }
    histogram_add(&metrics->call_ms, answer->took_ms);
    if (answer->end == HTTP_UNKNOWN || answer->status < 0 ||
        answer->status > METRICS_MOST_STATUS)
        add(&metrics->calls_unknown, 1);
    else
        add(&metrics->calls[answer->status], 1);
}

void metrics_count_attempt(struct metrics *metrics, const char *outcome,
                           int64_t waited_ms)
{
    size_t place = find(outcomes, COUNT_OF(outcomes), outcome);
    if (metrics == NULL || place == COUNT_OF(outcomes))
        return;
    add(&metrics->attempts[place], 1);
    if (text_equals(outcome, "delivered"))
        histogram_add(&metrics->delivered_ms, waited_ms);
}

void metrics_count_settled(struct metrics *metrics, const char *state,
                           int64_t count)
{
    size_t place = find(states, COUNT_OF(states), state);
    if (metrics != NULL && place < COUNT_OF(states))
        add(&metrics->settled[place], count);
}

static void write_words(struct buf *out, const char *name, const char *label,
                        const char *const *words, const _Atomic int64_t *counts,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct prometheus_label one = {label, words[i]};
        prometheus_add(out, name, &one, 1, value_of(&counts[i]), 1);
    }
}

static void write_calls(const struct metrics *metrics, struct buf *out)
{
    static const char name[] = "subrelay_relay_calls_total";
    struct prometheus_label label = {"result", "not_sent"};
    prometheus_begin(out, name, "counter",
                     "Calls to Intercom by result: the HTTP status, not_sent, "
                     "or unknown where no answer came.");
    prometheus_add(out, name, &label, 1, value_of(&metrics->calls_not_sent), 1);
    label.value = "unknown";
    prometheus_add(out, name, &label, 1, value_of(&metrics->calls_unknown), 1);
    for (int status = 0; status <= METRICS_MOST_STATUS; status++) {
        char text[16];
        int64_t count = value_of(&metrics->calls[status]);
        (void)snprintf(text, sizeof(text), "%d", status);
        label.value = text;
        if (count > 0)
            prometheus_add(out, name, &label, 1, count, 1);
    }
}

void metrics_write(void *context, struct buf *out)
{
    const struct metrics *metrics = context;
    static const char attempts[] = "subrelay_relay_attempts_total";
    static const char settled[] = "subrelay_relay_settled_total";
    prometheus_begin(out, attempts, "counter",
                     "Attempts of this process, by outcome.");
    write_words(out, attempts, "outcome", outcomes, metrics->attempts,
                COUNT_OF(outcomes));
    prometheus_begin(out, settled, "counter",
                     "Deliveries that this process has settled, by state.");
    write_words(out, settled, "state", states, metrics->settled,
                COUNT_OF(states));
    write_calls(metrics, out);
    prometheus_add_histogram(out, "subrelay_relay_delivery_latency_seconds",
                             "From the commit of an event to its delivery.",
                             &metrics->delivered_ms, 1000);
    prometheus_add_histogram(out, "subrelay_relay_call_duration_seconds",
                             "Of calls to Intercom that were sent.",
                             &metrics->call_ms, 1000);
}
