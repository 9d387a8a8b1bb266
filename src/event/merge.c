#include "event/merge.h"

#include "base/json.h"
#include "event/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sent_event {
    int64_t id;
    int64_t created_at_s;
    char name[NAME_MOST_BYTES + 1];
};

/* Within a text of the body the quotes would be escaped: this can only be the
 * key itself. */
static const char CREATED_AT[] = "\"created_at\":";

static bool read_body(const char *event_body, struct sent_event *event)
{
    const char *created_at = strstr(event_body, CREATED_AT);
    if (created_at == NULL)
        return false;
    event->created_at_s = strtoll(created_at + strlen(CREATED_AT), NULL, 10);
    return json_find_text(event_body, strlen(event_body), "event_name",
                          event->name, sizeof(event->name));
}

/* Read the line at *at and go on behind it. False: there is none. */
static bool read_line(const char **at, struct sent_event *event)
{
    const char *line = *at;
    if (line == NULL || *line == '\0')
        return false;
    size_t length = strcspn(line, "\n");
    *at = line + length + (line[length] == '\n');

    char *end;
    event->id = strtoll(line, &end, 10);
    event->created_at_s = strtoll(end, &end, 10);
    const char *name = end + (*end == ' ');
    size_t name_length =
        name < line + length ? (size_t)(line + length - name) : 0;
    (void)snprintf(event->name, sizeof(event->name), "%.*s", (int)name_length,
                   name);
    return true;
}

static int count_lines(const char *text)
{
    int count = 0;
    for (; text != NULL && *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

int64_t merge_find(const char *sent_events, const char *event_body)
{
    struct sent_event event;
    struct sent_event sent;
    if (sent_events == NULL || !read_body(event_body, &event))
        return 0;
    while (read_line(&sent_events, &sent)) {
        if (sent.created_at_s == event.created_at_s &&
            names_are_same(sent.name, event.name))
            return sent.id;
    }
    return 0;
}

void merge_add(const char *sent_events, const char *event_body, int64_t id,
               struct buf *out)
{
    struct sent_event event;
    int too_many = count_lines(sent_events) - (MERGE_MOST_EVENTS - 1);
    for (; too_many > 0; too_many--)
        sent_events += strcspn(sent_events, "\n") + 1;
    if (sent_events != NULL)
        buf_add_text(out, sent_events);
    if (read_body(event_body, &event))
        buf_add_format(out, "%lld %lld %s\n", (long long)id,
                       (long long)event.created_at_s, event.name);
}
