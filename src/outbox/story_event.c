/* story_event.c - what is sent of an event. */
#include "outbox/story.h"

#include "base/json.h"
#include "base/text.h"
#include "event/mapping.h"

#include <string.h>

void story_find_event_name(const struct view_delivery *row,
                           const struct view_history *history,
                           const struct names *names, char *name)
{
    enum event_kind kind = catalog_find_kind(row->kind);
    *name = '\0';
    for (size_t i = history->attempt_count; i > 0; i--) {
        const char *body = history->attempts[i - 1].event_body;
        if (body != NULL && json_find_text(body, strlen(body), "event_name",
                                           name, NAME_MOST_BYTES + 1))
            return;
    }
    if (kind != KIND_NONE && !names->off[kind] &&
        text_equals(row->state, "pending"))
        memcpy(name, names->name[kind], NAME_MOST_BYTES + 1);
}

bool story_add_envelope(const struct view_history *history,
                        const struct names *names, struct buf *out)
{
    const struct mapping_policy policy = {.names = names,
                                          .send_sandbox_events = true};
    struct event event;
    struct envelope envelope;
    const char *reason;
    struct err err;
    if (!event_parse(history->payload, history->payload_length, &event, &err)) {
        buf_add_text(out, err.text);
        return false;
    }
    enum mapping_result result =
        mapping_map(&event, &policy, &envelope, &reason, &err);
    if (result == MAPPING_DONE)
        mapping_write_envelope(&envelope, out);
    else
        buf_add_text(out, result == MAPPING_SKIPPED
                              ? mapping_explain_skip(reason)
                              : err.text);
    event_free(&event);
    return result == MAPPING_DONE;
}
