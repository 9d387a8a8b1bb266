#include "net/receiver_metrics.h"

#include "base/prometheus.h"
#include "outbox/outbox.h"

#include <stdio.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void write_states(const struct view_status *status, struct buf *out)
{
    struct view_state_count states[VIEW_STATES];
    static const char name[] = "subrelay_deliveries";
    prometheus_begin(out, name, "gauge", "Deliveries in the outbox, by state.");
    view_count_states(status, states);
    for (size_t i = 0; i < VIEW_STATES; i++) {
        const struct prometheus_label label = {"state", states[i].state};
        prometheus_add(out, name, &label, 1, states[i].count, 1);
    }
}

/* The reason is one word of ours. */
static void write_hold(const struct view_status *status, struct buf *out)
{
    static const char name[] = "subrelay_destination_held";
    const struct prometheus_label label = {"reason", status->hold_reason};
    prometheus_begin(out, name, "gauge",
                     "Whether the sending is held, with the reason.");
    if (status->hold_reason == NULL)
        prometheus_add(out, name, NULL, 0, 0, 1);
    else
        prometheus_add(out, name, &label, 1, 1, 1);
}

/* Figures that Intercom has not told are left out. */
static void write_quota(const struct view_status *status, struct buf *out)
{
    const struct {
        const char *name, *help;
        int64_t value, parts;
    } rows[] = {
        {"subrelay_quota_limit", "Calls that Intercom allows in a window.",
         status->quota_limit, 1},
        {"subrelay_quota_left", "Calls left in the window, as last told.",
         status->quota_left, 1},
        {"subrelay_quota_reset_timestamp_seconds", "When the window ends.",
         status->quota_reset_ms, 1000},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].value != OUTBOX_NO_TIME)
            prometheus_add_one(out, rows[i].name, "gauge", rows[i].help,
                               rows[i].value, rows[i].parts);
    }
}

static int64_t oldest_age_ms(const struct view_status *status)
{
    int64_t age_ms = 0;
    if (status->oldest_pending_ms != OUTBOX_NO_TIME)
        age_ms = status->now_ms - status->oldest_pending_ms;
    return age_ms < 0 ? 0 : age_ms;
}

static void write_destination(const struct view_status *status, struct buf *out)
{
    write_hold(status, out);
    prometheus_add_one(out, "subrelay_destination_paused", "gauge",
                       "Whether an operator has paused the sending.",
                       status->pause_reason != NULL, 1);
    prometheus_add_one(out, "subrelay_destination_breaker_open", "gauge",
                       "Whether nothing gets through to Intercom.",
                       status->breaker_since_ms != OUTBOX_NO_TIME, 1);
    write_quota(status, out);
}

void receiver_metrics_write(const struct view_status *status, struct buf *out)
{
    prometheus_add_one(out, "subrelay_outbox_readable", "gauge",
                       "Whether the figures of the outbox could be read.",
                       status != NULL, 1);
    if (status == NULL)
        return;
    write_states(status, out);
    prometheus_add_one(out, "subrelay_oldest_pending_age_seconds", "gauge",
                       "How long the oldest pending delivery has waited; to "
                       "the minute if more than 10,000 wait.",
                       oldest_age_ms(status), 1000);
    prometheus_add_one(out, "subrelay_delivered_total", "counter",
                       "Events ever delivered, by any relay.",
                       status->delivered_counted, 1);
    prometheus_add_one(out, "subrelay_delivered_calls_total", "counter",
                       "Calls of the attempts that delivered them.",
                       status->calls_delivered, 1);
    prometheus_add_one(out, "subrelay_relay_running", "gauge",
                       "Whether a relay, in any process, holds the outbox.",
                       status->relay_is_running, 1);
    prometheus_add_one(out, "subrelay_wal_bytes", "gauge",
                       "Size of the write-ahead log.", status->wal_bytes, 1);
    write_destination(status, out);
}
