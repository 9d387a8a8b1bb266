#include "cli/status.h"

#include "base/json.h"
#include "outbox/words.h"
#include "delivery/verdict.h"
#include "outbox/outbox.h"

static void write_counts(const struct view_status *status, struct json *json)
{
    struct view_state_count states[VIEW_STATES];
    view_count_states(status, states);
    for (size_t i = 0; i < VIEW_STATES; i++)
        json_key_int64(json, states[i].state, states[i].count);
    words_write_time(json, "oldest_pending_ms", status->oldest_pending_ms);
    json_key(json, "calls_per_event");
    if (status->delivered_counted == 0)
        json_null(json);
    else
        json_double(json, (double)status->calls_delivered /
                              (double)status->delivered_counted);
}

static void write_rate(struct json *json, const char *key,
                       const int64_t *by_minute)
{
    int64_t hour = 0;
    for (int i = 0; i < VIEW_MINUTES; i++)
        hour += by_minute[i];
    json_key(json, key);
    json_open_object(json);
    json_key_int64(json, "last_minute", by_minute[VIEW_MINUTES - 2]);
    json_key_int64(json, "last_hour", hour);
    json_close(json);
}

static void write_rates(const struct status_rates *rates, struct json *json)
{
    json_key(json, "attempts");
    json_open_object(json);
    write_rate(json, "delivered", rates->minutes.delivered);
    write_rate(json, "again", rates->minutes.retried);
    write_rate(json, "failed", rates->minutes.failed);
    json_close(json);
    json_key_int64(json, "delivered_today", rates->delivered_today);
}

static void write_kinds(const struct view_status *status, struct json *json)
{
    static const char *const ages[AGE_COUNT] = {
        [AGE_1M] = "under_1m", [AGE_5M] = "under_5m", [AGE_20M] = "under_20m",
        [AGE_1H] = "under_1h", [AGE_4H] = "under_4h", [AGE_1D] = "under_1d",
        [AGE_OLDER] = "older",
    };
    json_key(json, "pending_by_age");
    json_open_array(json);
    for (size_t k = 0; k < status->kind_count; k++) {
        const struct view_pending *kind = &status->kinds[k];
        json_open_object(json);
        json_key_text(json, "kind", *kind->kind == '\0' ? NULL : kind->kind);
        for (int i = 0; i < AGE_COUNT; i++)
            json_key_int64(json, ages[i], kind->by_age[i]);
        json_close(json);
    }
    json_close(json);
}

static void write_causes(const struct view_status *status, struct json *json)
{
    json_key(json, "failed_by_cause");
    json_open_array(json);
    for (size_t i = 0; i < status->cause_count; i++) {
        const struct view_cause *cause = &status->causes[i];
        json_open_object(json);
        json_key_text(json, "reason", cause->reason);
        json_key_text(json, "result", cause->result);
        json_key_int64(json, "count", cause->count);
        words_write_time(json, "first_ms", cause->first_ms);
        words_write_time(json, "last_ms", cause->last_ms);
        json_key_int64(json, "users", cause->users);
        json_key_text(json, "next_step", verdict_next_step(cause->reason));
        json_close(json);
    }
    json_close(json);
}

static void write_destination(const struct view_status *status,
                              struct json *json)
{
    json_key(json, "destination");
    json_open_object(json);
    json_key_text(json, "api_url", status->api_url);
    json_key_text(json, "hold_reason", status->hold_reason);
    json_key_text(json, "hold_text", status->hold_text);
    words_write_time(json, "held_since_ms", status->held_since_ms);
    words_write_time(json, "probe_ms", status->probe_ms);
    words_write_time(json, "breaker_since_ms", status->breaker_since_ms);
    words_write_time(json, "breaker_probe_ms", status->breaker_probe_ms);
    json_key_text(json, "breaker_text", status->breaker_text);
    json_key_text(json, "pause_reason", status->pause_reason);
    json_key_text(json, "paused_by", status->paused_by);
    words_write_time(json, "paused_since_ms", status->paused_since_ms);
    words_write_time(json, "wait_until_ms", status->wait_until_ms);
    words_write_time(json, "quota_limit", status->quota_limit);
    words_write_time(json, "quota_left", status->quota_left);
    words_write_time(json, "quota_reset_ms", status->quota_reset_ms);
    json_close(json);
}

static void write_relay(const struct view_status *status, struct json *json)
{
    json_key(json, "relay");
    json_open_object(json);
    json_key_bool(json, "is_running", status->relay_is_running);
    json_key(json, "pid");
    if (status->relay_is_running)
        json_int64(json, status->relay_pid);
    else
        json_null(json);
    json_key_text(json, "host", status->relay_host);
    words_write_time(json, "started_ms", status->relay_started_ms);
    json_close(json);
}

void status_write_json(const struct view_status *status,
                       const struct status_rates *rates, const char *database,
                       struct output *output)
{
    struct json json;
    json_begin(&json, &output->text);
    json_open_object(&json);
    json_key_text(&json, "database", database);
    json_key_int64(&json, "now_ms", status->now_ms);
    json_key_int64(&json, "wal_bytes", status->wal_bytes);
    write_counts(status, &json);
    write_rates(rates, &json);
    write_kinds(status, &json);
    write_causes(status, &json);
    write_destination(status, &json);
    write_relay(status, &json);
    json_close(&json);
    buf_add_byte(&output->text, '\n');
}
