#include "event/merge.h"

#include "base/json.h"
#include "event/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What tells an event from others of its user. */
struct sent_event {
    const char *second; /* created_at: its digits in the body; borrowed */
    size_t second_length;
    char name[NAME_MOST_BYTES + 1];
};

/* mapping_write_event() writes the name first. */
static const char NAME[] = "{\"event_name\":\"";
/* Within a text of the body the quotes would be escaped: this can only be the
 * key itself. */
static const char CREATED_AT[] = "\"created_at\":";

/* A name without escapes, which is nearly every one, stands there as it is. */
static bool copy_plain_name(const char *event_body, char *name, size_t size)
{
    size_t before = strlen(NAME);
    if (strncmp(event_body, NAME, before) != 0)
        return false;
    const char *text = event_body + before;
    size_t length = strcspn(text, "\"\\");
    if (text[length] != '"' || length >= size)
        return false;
    memcpy(name, text, length);
    name[length] = '\0';
    return true;
}

static bool read_body(const char *event_body, struct sent_event *event)
{
    const char *created_at = strstr(event_body, CREATED_AT);
    if (created_at == NULL)
        return false;
    event->second = created_at + strlen(CREATED_AT);
    event->second_length = strspn(event->second, "0123456789");
    return event->second_length > 0 &&
           (copy_plain_name(event_body, event->name, sizeof(event->name)) ||
            json_find_text(event_body, strlen(event_body), "event_name",
                           event->name, sizeof(event->name)));
}

/* True if the line from start to end is that event's: " SECOND NAME" stands
 * behind its id. */
static bool is_same(const char *start, const char *end,
                    const struct sent_event *event)
{
    char name[NAME_MOST_BYTES + 1];
    size_t length = event->second_length;
    const char *at = memchr(start, ' ', (size_t)(end - start));
    if (at == NULL || (size_t)(end - at) < length + 2 ||
        memcmp(at + 1, event->second, length) != 0 || at[1 + length] != ' ')
        return false;
    at += length + 2;
    if ((size_t)(end - at) >= sizeof(name))
        return false;
    memcpy(name, at, (size_t)(end - at));
    name[end - at] = '\0';
    return names_are_same(name, event->name);
}

/* The id of the line that is that event's; 0: none is, and *lines says how
 * many there are. */
static int64_t find_twin(const char *sent_events,
                         const struct sent_event *event, int *lines)
{
    const char *end;
    *lines = 0;
    for (const char *at = sent_events; (end = strchr(at, '\n')) != NULL;
         at = end + 1) {
        if (is_same(at, end, event))
            return strtoll(at, NULL, 10);
        ++*lines;
    }
    return 0;
}

int64_t merge_add(const char *sent_events, const char *event_body, int64_t id,
                  struct buf *out)
{
    struct sent_event event;
    int lines;
    const char *kept = sent_events == NULL ? "" : sent_events;
    if (!read_body(event_body, &event)) {
        buf_add_text(out, kept);
        return 0;
    }
    int64_t twin = find_twin(kept, &event, &lines);
    if (twin != 0)
        return twin;
    for (; lines >= MERGE_MOST_EVENTS; lines--)
        kept = strchr(kept, '\n') + 1;
    buf_add_text(out, kept);
    buf_add_int64(out, id);
    buf_add_byte(out, ' ');
    buf_add(out, event.second, event.second_length);
    buf_add_byte(out, ' ');
    buf_add_text(out, event.name);
    buf_add_byte(out, '\n');
    return 0;
}
