#include "cli/show.h"

#include "base/json.h"
#include "base/text.h"
#include "outbox/words.h"

#include <string.h>

enum { ENVELOPE_BYTES = 64 * 1024 };

/* Bytes as they are, in a JSON text. */
static void write_bytes(struct json *json, const char *key, const char *bytes,
                        size_t length)
{
    json_key(json, key);
    if (bytes == NULL)
        json_null(json);
    else
        json_text_bytes(json, bytes, length);
}

static void write_call(const struct view_call *call, struct json *json)
{
    json_open_object(json);
    json_key_int64(json, "number", call->number);
    json_key_text(json, "request", call->request);
    words_write_time(json, "started_ms", call->started_ms);
    json_key_int64(json, "took_ms", call->took_ms);
    json_key(json, "status");
    if (call->status == 0)
        json_null(json);
    else
        json_int64(json, call->status);
    json_key_text(json, "request_id", call->request_id);
    json_key_text(json, "result", call->result);
    write_bytes(json, "answer", call->answer, call->answer_length);
    json_close(json);
}

static void write_attempt(const struct view_attempt *attempt, struct json *json)
{
    json_open_object(json);
    json_key_int64(json, "number", attempt->number);
    json_key_text(json, "cause", attempt->cause);
    json_key_text(json, "outcome", attempt->outcome);
    json_key_text(json, "reason", attempt->reason);
    json_key_text(json, "result", attempt->result);
    words_write_time(json, "started_ms", attempt->started_ms);
    words_write_time(json, "ended_ms", attempt->ended_ms);
    json_key_text(json, "attributes", attempt->attributes);
    json_key_text(json, "event_body", attempt->event_body);
    json_key(json, "calls");
    json_open_array(json);
    for (size_t i = 0; i < attempt->call_count; i++)
        write_call(&attempt->calls[i], json);
    json_close(json);
    json_close(json);
}

static void write_operation(const struct operation_touch *touch,
                            struct json *json)
{
    json_open_object(json);
    json_key_int64(json, "id", touch->id);
    json_key_text(json, "action", touch->action);
    json_key_text(json, "state", touch->state);
    json_key_text(json, "who", touch->who);
    words_write_time(json, "created_ms", touch->created_ms);
    json_key_text(json, "item_state", touch->item_state);
    json_key_text(json, "why", *touch->why == '\0' ? NULL : touch->why);
    json_close(json);
}

static void write_operations(const struct show_delivery *delivery,
                             struct json *json)
{
    json_key(json, "operations");
    json_open_array(json);
    for (int i = delivery->operation_count; i > 0; i--)
        write_operation(&delivery->operations[i - 1], json);
    json_close(json);
}

/* The envelope in a text, as the payload is; null where there is none. */
static void write_event(const struct show_delivery *delivery, struct json *json)
{
    const struct view_history *history = &delivery->history;
    struct buf envelope;
    buf_init(&envelope, ENVELOPE_BYTES);
    bool is_mapped = story_add_envelope(history, &delivery->names, &envelope);
    write_bytes(json, "payload", history->payload, history->payload_length);
    json_key_text(json, "envelope", is_mapped ? buf_text(&envelope) : NULL);
    buf_free(&envelope);
}

void show_write_json(const struct show_delivery *delivery,
                     struct output *output)
{
    const struct view_history *history = &delivery->history;
    const struct story *story = &delivery->story;
    char name[NAME_MOST_BYTES + 1];
    struct json json;
    story_find_event_name(&story->row, history, &delivery->names, name);
    json_begin(&json, &output->text);
    json_open_object(&json);
    words_write_delivery(&story->row, &json);
    json_key_text(&json, "event_name", *name == '\0' ? NULL : name);
    json_key_text(&json, "why", buf_text(&story->why));
    json_key_text(&json, "next_step", story->next_step);
    write_event(delivery, &json);
    write_operations(delivery, &json);
    json_key(&json, "history");
    json_open_array(&json);
    for (size_t i = 0; i < history->attempt_count; i++)
        write_attempt(&history->attempts[i], &json);
    json_close(&json);
    json_close(&json);
    buf_add_byte(&output->text, '\n');
}
