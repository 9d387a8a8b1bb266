#include "outbox/name_preview.h"

#include "base/text.h"
#include "event/mapping.h"
#include "outbox/views.h"

#include <string.h>

bool name_preview_read(struct store *store, int64_t delivery_id,
                       struct name_preview *preview, struct err *err)
{
    struct view_history history;
    struct err ignored;
    if (!view_read_history(store, delivery_id, &history, err))
        return false;
    *preview = (struct name_preview){.delivery_id = delivery_id};
    preview->is_readable = history.payload != NULL &&
                           event_parse(history.payload, history.payload_length,
                                       &preview->event, &ignored);
    view_history_free(&history);
    return true;
}

void name_preview_free(struct name_preview *preview)
{
    if (preview->is_readable)
        event_free(&preview->event);
    *preview = (struct name_preview){.delivery_id = 0};
}

void name_preview_write(const struct name_preview *preview,
                        const struct names *names, struct buf *out)
{
    const struct mapping_policy policy = {.names = names,
                                          .send_sandbox_events = true};
    struct envelope envelope;
    const char *reason;
    struct err err;
    enum mapping_result result = MAPPING_INVALID;
    if (preview->is_readable)
        result =
            mapping_map(&preview->event, &policy, &envelope, &reason, &err);
    if (result == MAPPING_INVALID)
        buf_add_text(out, "nothing: the event cannot be mapped");
    else if (result == MAPPING_SKIPPED)
        buf_add_format(out, "nothing: %s", mapping_explain_skip(reason));
    else if (envelope.has_event_payload)
        mapping_write_event(&envelope, out);
    else
        buf_add_text(out, "no data event, the contact's attributes only");
}

void name_preview_add_warnings(const struct names *before,
                               const struct names *after, enum event_kind kind,
                               struct buf *out)
{
    const char *old = before->name[kind];
    const char *name = after->name[kind];
    if (!names_are_same(old, name)) {
        buf_add_format(
            out, "Filters and series in Intercom on %s stop matching.\n", old);
        if (strpbrk(name, ".$") != NULL)
            buf_add_text(out, "Intercom turns . and $ into -.\n");
        buf_add_format(out,
                       "The old name still counts among the %d that a "
                       "workspace has, until it is archived there.\n",
                       NAME_PREVIEW_MOST_NAMES);
    }
    if (after->off[kind] && !before->off[kind])
        buf_add_format(out,
                       "While it is off, filters and series in Intercom on %s "
                       "see nothing new.\n",
                       name);
}

int name_preview_count_used(const struct names *names)
{
    int used = 0;
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        used += names->off[kind] ? 0 : 1;
    return used;
}
