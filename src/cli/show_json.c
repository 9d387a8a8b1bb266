#include "cli/show.h"

#include "base/json.h"
#include "base/text.h"
#include "outbox/words.h"

#include <string.h>

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

void show_write_json(const struct show_delivery *delivery,
                     struct output *output)
{
    const struct view_history *history = &delivery->history;
    struct show_story story;
    struct json json;
    show_tell(delivery, &story);
    json_begin(&json, &output->text);
    json_open_object(&json);
    words_write_delivery(&delivery->row, &json);
    json_key_text(&json, "event_name",
                  *story.event_name == '\0' ? NULL : story.event_name);
    json_key_text(&json, "why", buf_text(&story.why));
    json_key_text(&json, "next_step", story.next_step);
    write_bytes(&json, "payload", history->payload, history->payload_length);
    json_key(&json, "history");
    json_open_array(&json);
    for (size_t i = 0; i < history->attempt_count; i++)
        write_attempt(&history->attempts[i], &json);
    json_close(&json);
    json_close(&json);
    buf_add_byte(&output->text, '\n');
    show_story_free(&story);
}
