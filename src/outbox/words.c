#include "outbox/words.h"

#include "base/text.h"
#include "event/catalog.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void words_format_age(int64_t age_ms, char *out)
{
    static const struct {
        int64_t ms;
        char unit;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}};
    int64_t ms = age_ms < 0 ? 0 : age_ms;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ms >= units[i].ms) {
            (void)snprintf(out, WORDS_AGE_BYTES, "%" PRId64 "%c",
                           ms / units[i].ms, units[i].unit);
            return;
        }
    }
    (void)snprintf(out, WORDS_AGE_BYTES, "%" PRId64 "s", ms / 1000);
}

void words_add_kind(const char *kind, struct buf *out)
{
    if (*kind == '\0')
        buf_add_text(out, "no event");
    for (; *kind != '\0'; kind++)
        buf_add_byte(out, *kind == '_' ? ' ' : *kind);
}

/* A type can be as long as a payload; a longer one than any real one is cut
 * before a whole character. */
static void add_type(const char *type, struct buf *out)
{
    size_t length = WORDS_MOST_TYPE_BYTES;
    if (strnlen(type, length + 1) <= length) {
        buf_add_text(out, type);
        return;
    }
    while (length > 0 && ((unsigned char)type[length] & 0xC0) == 0x80)
        length--;
    buf_add(out, type, length);
    buf_add_text(out, "…");
}

void words_add_event(const struct view_delivery *row, struct buf *out)
{
    if (*row->kind != '\0')
        words_add_kind(row->kind, out);
    else
        add_type(row->type == NULL ? "no event" : row->type, out);
}

bool words_lane_is_user(const char *lane)
{
    return lane != NULL && *lane != '/';
}

static void add_pending(const struct view_delivery *row, int64_t now_ms,
                        struct buf *out)
{
    if (row->behind_id != 0) {
        buf_add_format(out, "behind #%" PRId64, row->behind_id);
    } else if (row->due_ms != OUTBOX_NO_TIME && row->due_ms > now_ms) {
        char wait[32];
        text_format_duration(row->due_ms - now_ms, wait, sizeof(wait));
        buf_add_format(out, "%s in %s", row->attempts > 0 ? "retry" : "due",
                       wait);
    } else {
        buf_add_text(out, "due now");
    }
}

void words_add_result(const struct view_delivery *row, int64_t now_ms,
                      struct buf *out)
{
    bool is_pending = text_equals(row->state, "pending");
    const char *last = row->result != NULL ? row->result : row->reason;
    if (is_pending)
        add_pending(row, now_ms, out);
    else if (text_equals(row->state, "sending"))
        buf_add_text(out, "being sent");
    if (is_pending && last != NULL)
        buf_add_text(out, "; last: ");
    if (last != NULL)
        buf_add_text(out, last);
}

void words_write_time(struct json *json, const char *key, int64_t time_ms)
{
    json_key(json, key);
    if (time_ms == OUTBOX_NO_TIME)
        json_null(json);
    else
        json_int64(json, time_ms);
}

void words_add_operation(const struct operation_row *row, struct buf *out)
{
    if (row->target_id != 0)
        buf_add_format(out, "operation %" PRId64, row->target_id);
    else if (row->kind[0] != '\0')
        buf_add_format(out, "%s: %s -> %s%s", row->kind,
                       row->name_before != NULL ? row->name_before : "default",
                       row->name_after != NULL ? row->name_after : "default",
                       row->off_after ? ", off" : "");
    else if (row->filter != NULL)
        buf_add_text(out, row->filter);
}

void words_write_delivery(const struct view_delivery *row, struct json *json)
{
    json_key_int64(json, "id", row->id);
    json_key_text(json, "event_id", row->event_id);
    json_key_text(json, "type", row->type);
    json_key_text(json, "kind", *row->kind == '\0' ? NULL : row->kind);
    json_key_text(json, "lane", row->lane);
    json_key_text(json, "user",
                  words_lane_is_user(row->lane) ? row->lane : NULL);
    json_key_text(json, "state", row->state);
    json_key_text(json, "reason", row->reason);
    json_key_text(json, "result", row->result);
    json_key(json, "status");
    if (row->status == 0)
        json_null(json);
    else
        json_int64(json, row->status);
    words_write_time(json, "due_ms", row->due_ms);
    json_key(json, "behind_id");
    if (row->behind_id == 0)
        json_null(json);
    else
        json_int64(json, row->behind_id);
    words_write_time(json, "arrived_ms", row->arrived_ms);
    words_write_time(json, "settled_ms", row->settled_ms);
    words_write_time(json, "event_timestamp_ms", row->event_timestamp_ms);
    json_key_int64(json, "attempts", row->attempts);
    json_key_int64(json, "tries", row->tries);
}
