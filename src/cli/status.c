#include "cli/status.h"

#include "base/text.h"
#include "cli/columns.h"
#include "outbox/words.h"
#include "delivery/verdict.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <string.h>

enum { LABEL_COLUMNS = 10, NUMBER_BYTES = 32 };

static void write_label(struct output *output, const char *label)
{
    output_role_text(output, OUTPUT_HEADING, label);
    for (size_t i = strlen(label); i < LABEL_COLUMNS; i++)
        buf_add_byte(&output->text, ' ');
}

/* "2026-08-24 12:00:58 UTC (41 min ago)" */
static void write_since(struct output *output, int64_t since_ms, int64_t now_ms)
{
    char when[TEXT_TIME_BYTES];
    char ago[NUMBER_BYTES];
    text_format_time(since_ms, when, sizeof(when));
    text_format_duration(now_ms - since_ms, ago, sizeof(ago));
    buf_add_format(&output->text, "%s (%s ago)", when, ago);
}

static void write_outbox(const struct view_status *status, const char *database,
                         struct output *output)
{
    write_label(output, "Outbox");
    output_printable(output, database);
    buf_add_format(&output->text, ", WAL %.1f MB\n",
                   (double)status->wal_bytes / 1e6);
}

/* "; " and when the next probe goes. */
static void write_probe(const struct view_status *status, int64_t probe_ms,
                        struct output *output)
{
    char wait[NUMBER_BYTES];
    if (probe_ms == OUTBOX_NO_TIME || !status->relay_is_running)
        return;
    text_format_duration(probe_ms - status->now_ms, wait, sizeof(wait));
    if (probe_ms > status->now_ms)
        buf_add_format(&output->text, "; next probe in %s", wait);
    else
        buf_add_text(&output->text, "; next probe is due");
}

static void write_none_fails(const struct view_status *status,
                             struct output *output)
{
    buf_add_format(&output->text,
                   "          %" PRId64
                   " pending wait; none of them fails because of this.\n",
                   status->pending);
}

static void write_hold(const struct view_status *status, struct output *output)
{
    buf_add_text(&output->text, "          ");
    output_role_text(output, OUTPUT_BAD, "HELD");
    buf_add_text(&output->text, " since ");
    write_since(output, status->held_since_ms, status->now_ms);
    write_probe(status, status->probe_ms, output);
    buf_add_text(&output->text, "\n          ");
    output_printable(output, status->hold_text != NULL ? status->hold_text
                                                       : status->hold_reason);
    buf_add_byte(&output->text, '\n');
    write_none_fails(status, output);
}

static void write_breaker(const struct view_status *status,
                          struct output *output)
{
    buf_add_text(&output->text, "          ");
    output_role_text(output, OUTPUT_BAD, "NOTHING GETS THROUGH");
    buf_add_text(&output->text, " since ");
    write_since(output, status->breaker_since_ms, status->now_ms);
    write_probe(status, status->breaker_probe_ms, output);
    buf_add_text(&output->text, "\n          ");
    output_printable(output,
                     status->breaker_text == NULL ? "" : status->breaker_text);
    buf_add_text(&output->text,
                 ". One delivery at a time tries until one gets through.\n");
    write_none_fails(status, output);
}

static void write_pause(const struct view_status *status, struct output *output)
{
    buf_add_text(&output->text, "          ");
    output_role_text(output, OUTPUT_WARNING, "PAUSED");
    if (status->paused_by != NULL) {
        buf_add_text(&output->text, " by ");
        output_printable(output, status->paused_by);
    }
    buf_add_text(&output->text, " since ");
    write_since(output, status->paused_since_ms, status->now_ms);
    if (*status->pause_reason != '\0') {
        buf_add_text(&output->text, ": ");
        output_printable(output, status->pause_reason);
    }
    buf_add_text(&output->text, "\n          Nothing is sent until an operator "
                                "lifts it.\n");
}

static void write_destination(const struct view_status *status,
                              struct output *output)
{
    write_label(output, "Intercom");
    output_printable(output, status->api_url != NULL
                                 ? status->api_url
                                 : "no relay has run on this file yet");
    buf_add_byte(&output->text, '\n');
    if (status->hold_reason != NULL)
        write_hold(status, output);
    if (status->breaker_since_ms != OUTBOX_NO_TIME)
        write_breaker(status, output);
    if (status->pause_reason != NULL)
        write_pause(status, output);
    if (status->wait_until_ms == OUTBOX_NO_TIME ||
        status->wait_until_ms <= status->now_ms)
        return;
    char wait[NUMBER_BYTES];
    text_format_duration(status->wait_until_ms - status->now_ms, wait,
                         sizeof(wait));
    buf_add_format(&output->text,
                   "          asked to wait (429): goes on in %s\n", wait);
}

static void write_quota(const struct view_status *status, struct output *output)
{
    if (status->quota_limit == OUTBOX_NO_TIME)
        return;
    char left[NUMBER_BYTES];
    char limit[NUMBER_BYTES];
    int64_t left_count = status->quota_left;
    bool is_over = status->quota_reset_ms <= status->now_ms;
    write_label(output, "Quota");
    text_format_count(status->quota_limit, limit, sizeof(limit));
    if (is_over || left_count == OUTBOX_NO_TIME) {
        buf_add_format(&output->text, "%s calls a window\n", limit);
        return;
    }
    char wait[NUMBER_BYTES];
    text_format_count(left_count, left, sizeof(left));
    text_format_duration(status->quota_reset_ms - status->now_ms, wait,
                         sizeof(wait));
    buf_add_format(&output->text, "%s of %s calls left, new ones in %s\n", left,
                   limit, wait);
}

static void write_relay(const struct view_status *status, const char *database,
                        struct output *output)
{
    write_label(output, "Relay");
    if (status->relay_is_running) {
        buf_add_format(&output->text, "pid %" PRId64, status->relay_pid);
        if (status->relay_host != NULL) {
            buf_add_text(&output->text, " on ");
            output_printable(output, status->relay_host);
        }
        buf_add_text(&output->text, " since ");
        write_since(output, status->relay_started_ms, status->now_ms);
        buf_add_byte(&output->text, '\n');
        return;
    }
    output_role_text(output, OUTPUT_WARNING, "not running");
    buf_add_text(&output->text, "; start it: subrelay -d ");
    output_printable(output, database);
    buf_add_text(&output->text, " run\n");
}

static void write_states(const struct view_status *status,
                         struct output *output)
{
    struct view_state_count states[VIEW_STATES];
    view_count_states(status, states);
    buf_add_byte(&output->text, '\n');
    for (size_t i = 0; i < VIEW_STATES; i++) {
        char count[NUMBER_BYTES];
        text_format_count(states[i].count, count, sizeof(count));
        buf_add_format(&output->text, "%s%s ", i == 0 ? "" : "   ", count);
        output_role_text(output,
                         states[i].count == 0
                             ? OUTPUT_PLAIN
                             : output_state_role(states[i].state),
                         states[i].state);
    }
    buf_add_byte(&output->text, '\n');
    if (status->delivered_counted > 0)
        buf_add_format(&output->text,
                       "%.2f calls per delivered event (2 for a new user)\n",
                       (double)status->calls_delivered /
                           (double)status->delivered_counted);
    if (status->oldest_pending_ms != OUTBOX_NO_TIME) {
        char age[NUMBER_BYTES];
        text_format_duration(status->now_ms - status->oldest_pending_ms, age,
                             sizeof(age));
        buf_add_format(&output->text, "The oldest pending one has waited %s.\n",
                       age);
    }
}

static void add_rate(struct columns *columns, const char *name,
                     const int64_t *by_minute)
{
    int64_t hour = 0;
    for (int i = 0; i < VIEW_MINUTES; i++)
        hour += by_minute[i];
    columns_add(columns, OUTPUT_PLAIN, name);
    columns_add_format(columns, OUTPUT_PLAIN, "%" PRId64,
                       by_minute[VIEW_MINUTES - 2]);
    columns_add_format(columns, OUTPUT_PLAIN, "%.1f",
                       (double)hour / VIEW_MINUTES);
    columns_add_format(columns, OUTPUT_PLAIN, "%" PRId64, hour);
}

/* The last minute is the last whole one. */
static void write_rates(const struct status_rates *rates, struct output *output)
{
    static const struct columns_column table[] = {
        {"ATTEMPTS", false, 0},
        {"last minute", true, 0},
        {"a minute, last hour", true, 0},
        {"last hour", true, 0},
    };
    struct columns columns;
    char today[NUMBER_BYTES];
    columns_init(&columns, table, sizeof(table) / sizeof(table[0]));
    add_rate(&columns, "delivered", rates->minutes.delivered);
    add_rate(&columns, "tried again later", rates->minutes.retried);
    add_rate(&columns, "failed", rates->minutes.failed);
    buf_add_byte(&output->text, '\n');
    columns_write(&columns, output);
    columns_free(&columns);
    text_format_count(rates->delivered_today, today, sizeof(today));
    buf_add_format(&output->text, "%s delivered since midnight UTC\n", today);
}

static void add_ages(struct columns *columns, const int64_t *by_age)
{
    int64_t all = 0;
    for (int i = 0; i < AGE_COUNT; i++)
        all += by_age[i];
    columns_add_format(columns, OUTPUT_PLAIN, "%" PRId64, all);
    for (int i = 0; i < AGE_COUNT; i++)
        columns_add_format(columns, by_age[i] == 0 ? OUTPUT_DIM : OUTPUT_PLAIN,
                           "%" PRId64, by_age[i]);
}

static void write_pending(const struct view_status *status,
                          struct output *output)
{
    static const struct columns_column table[] = {
        {"PENDING, BY AGE", false, 0},
        {"all", true, 0},
        {"<1m", true, 0},
        {"<5m", true, 0},
        {"<20m", true, 0},
        {"<1h", true, 0},
        {"<4h", true, 0},
        {"<1d", true, 0},
        {">1d", true, 0},
    };
    if (status->kind_count == 0)
        return;
    struct columns columns;
    columns_init(&columns, table, sizeof(table) / sizeof(table[0]));
    int64_t all[AGE_COUNT] = {0};
    for (size_t k = 0; k < status->kind_count; k++) {
        for (int i = 0; i < AGE_COUNT; i++)
            all[i] += status->kinds[k].by_age[i];
    }
    columns_add(&columns, OUTPUT_PLAIN, "all");
    add_ages(&columns, all);
    for (size_t k = 0; k < status->kind_count; k++) {
        struct buf kind;
        buf_init(&kind, 200);
        words_add_kind(status->kinds[k].kind, &kind);
        columns_add(&columns, OUTPUT_PLAIN, buf_text(&kind));
        add_ages(&columns, status->kinds[k].by_age);
        buf_free(&kind);
    }
    buf_add_byte(&output->text, '\n');
    columns_write(&columns, output);
    columns_free(&columns);
}

static void add_age_cell(struct columns *columns, int64_t since_ms,
                         int64_t now_ms)
{
    char age[WORDS_AGE_BYTES];
    words_format_age(now_ms - since_ms, age);
    columns_add(columns, OUTPUT_PLAIN, age);
}

/* The next step once for each reason, under the table. */
static void write_next_steps(const struct view_status *status,
                             struct output *output)
{
    for (size_t i = 0; i < status->cause_count; i++) {
        const char *reason = status->causes[i].reason;
        bool is_told = false;
        for (size_t before = 0; before < i; before++)
            is_told =
                is_told || text_equals(status->causes[before].reason, reason);
        if (is_told)
            continue;
        buf_add_text(&output->text, "  ");
        output_printable(output, reason);
        buf_add_format(&output->text, ": %s\n", verdict_next_step(reason));
    }
}

static void write_failed(const struct view_status *status,
                         struct output *output)
{
    static const struct columns_column table[] = {
        {"FAILED, BY CAUSE", false, 44},
        {"count", true, 0},
        {"first", true, 0},
        {"last", true, 0},
        {"users", true, 0},
    };
    if (status->cause_count == 0)
        return;
    struct columns columns;
    columns_init(&columns, table, sizeof(table) / sizeof(table[0]));
    for (size_t i = 0; i < status->cause_count; i++) {
        const struct view_cause *cause = &status->causes[i];
        columns_add(&columns, OUTPUT_PLAIN,
                    *cause->result != '\0' ? cause->result : cause->reason);
        columns_add_format(&columns, OUTPUT_PLAIN, "%" PRId64, cause->count);
        add_age_cell(&columns, cause->first_ms, status->now_ms);
        add_age_cell(&columns, cause->last_ms, status->now_ms);
        columns_add_format(&columns, OUTPUT_PLAIN, "%" PRId64, cause->users);
    }
    buf_add_byte(&output->text, '\n');
    columns_write(&columns, output);
    columns_free(&columns);
    write_next_steps(status, output);
}

void status_write_page(const struct view_status *status,
                       const struct status_rates *rates, const char *database,
                       struct output *output)
{
    write_outbox(status, database, output);
    write_destination(status, output);
    write_quota(status, output);
    write_relay(status, database, output);
    write_states(status, output);
    write_rates(rates, output);
    write_pending(status, output);
    write_failed(status, output);
}
