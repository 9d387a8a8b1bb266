#include "net/receiver_stats.h"

#include "base/prometheus.h"

#include <stdio.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const int64_t group_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
static const int64_t commit_bounds_us[] = {
    100,   250,    500,    1000,   2500,    5000,    10000,   25000,
    50000, 100000, 250000, 500000, 1000000, 5000000, 10000000};
static const int64_t request_bounds_ms[] = {1,   2,   5,    10,   25,   50,
                                            100, 250, 1000, 2500, 5000, 10000};

void receiver_stats_init(struct receiver_stats *stats)
{
    for (size_t i = 0; i < RECEIVER_ROUTE_COUNT; i++) {
        for (size_t j = 0; j < RECEIVER_ANSWER_COUNT; j++)
            atomic_init(&stats->answers[i][j], 0);
    }
    for (size_t i = 0; i < RECEIVER_CUT_COUNT; i++)
        atomic_init(&stats->cuts[i], 0);
    atomic_init(&stats->malformed, 0);
    atomic_init(&stats->connections, 0);
    atomic_init(&stats->accepted, 0);
    atomic_init(&stats->accept_failures, 0);
    atomic_init(&stats->commits_failed, 0);
    histogram_init(&stats->group_events, group_bounds, COUNT_OF(group_bounds));
    histogram_init(&stats->commit_us, commit_bounds_us,
                   COUNT_OF(commit_bounds_us));
    histogram_init(&stats->request_ms, request_bounds_ms,
                   COUNT_OF(request_bounds_ms));
}

void receiver_stats_count(_Atomic int64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static int64_t value_of(const _Atomic int64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Events are told whether there were any or not; the rest of the answers, as
 * they come. */
static void write_answers(const struct receiver_stats *stats, struct buf *out)
{
#define WORD(constant, path, word, methods) word,
    static const char *const routes[] = {RECEIVER_ROUTES(WORD)};
#undef WORD
    static const char name[] = "subrelay_receiver_requests_total";
    prometheus_begin(out, name, "counter",
                     "Requests answered, by path, status and result.");
    for (size_t i = 0; i < RECEIVER_ROUTE_COUNT; i++) {
        for (size_t j = 0; j < RECEIVER_ANSWER_COUNT; j++) {
            char status[16];
            int64_t count = value_of(&stats->answers[i][j]);
            (void)snprintf(status, sizeof(status), "%d",
                           receiver_answers[j].status);
            const struct prometheus_label labels[] = {
                {"path", routes[i]},
                {"status", status},
                {"result", receiver_answers[j].word},
            };
            if (count > 0)
                prometheus_add(out, name, labels, COUNT_OF(labels), count, 1);
        }
    }
}

static void write_events(const struct receiver_stats *stats, struct buf *out)
{
    static const enum receiver_answer outcomes[] = {
        RECEIVER_ACCEPTED, RECEIVER_DUPLICATE, RECEIVER_REFUSED};
    static const char name[] = "subrelay_receiver_events_total";
    prometheus_begin(out, name, "counter",
                     "Webhooks by outcome: accepted (committed and new), "
                     "duplicate, refused.");
    for (size_t i = 0; i < COUNT_OF(outcomes); i++) {
        const struct prometheus_label label = {
            "outcome", receiver_answers[outcomes[i]].word};
        prometheus_add(
            out, name, &label, 1,
            value_of(&stats->answers[RECEIVER_ROUTE_WEBHOOK][outcomes[i]]), 1);
    }
}

static void write_cuts(const struct receiver_stats *stats, struct buf *out)
{
#define WORD(constant, word) word,
    static const char *const words[] = {RECEIVER_CUTS(WORD)};
#undef WORD
    static const char name[] = "subrelay_receiver_connections_cut_total";
    prometheus_begin(out, name, "counter",
                     "Connections that the receiver closed, by reason.");
    for (size_t i = 0; i < RECEIVER_CUT_COUNT; i++) {
        const struct prometheus_label label = {"reason", words[i]};
        prometheus_add(out, name, &label, 1, value_of(&stats->cuts[i]), 1);
    }
}

void receiver_stats_write(const struct receiver_stats *stats, struct buf *out)
{
    write_answers(stats, out);
    write_events(stats, out);
    prometheus_add_one(out, "subrelay_receiver_malformed_requests_total",
                       "counter",
                       "Requests that were no HTTP, or had too much header.",
                       value_of(&stats->malformed), 1);
    prometheus_add_one(out, "subrelay_receiver_connections", "gauge",
                       "Connections open now.", value_of(&stats->connections),
                       1);
    prometheus_add_one(out, "subrelay_receiver_connections_total", "counter",
                       "Connections accepted.", value_of(&stats->accepted), 1);
    prometheus_add_one(out, "subrelay_receiver_accept_failures_total",
                       "counter",
                       "Times that the system had no descriptor or memory for "
                       "a connection.",
                       value_of(&stats->accept_failures), 1);
    write_cuts(stats, out);
    prometheus_add_histogram(out, "subrelay_receiver_commit_events",
                             "Webhooks committed together.",
                             &stats->group_events, 1);
    prometheus_add_histogram(out, "subrelay_receiver_commit_duration_seconds",
                             "From taking the lock of the outbox to the end of "
                             "the commit.",
                             &stats->commit_us, 1000000);
    prometheus_add_one(out, "subrelay_receiver_commit_failures_total",
                       "counter",
                       "Commits that did not happen; their webhooks were "
                       "answered with 503.",
                       value_of(&stats->commits_failed), 1);
    prometheus_add_histogram(out, "subrelay_receiver_request_duration_seconds",
                             "Of webhooks, from the end of the head to the "
                             "answer.",
                             &stats->request_ms, 1000);
}
