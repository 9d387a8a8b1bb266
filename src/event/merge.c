#include "event/merge.h"

#include "base/json.h"
#include "event/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sent_event {
    int64_t created_at_s;
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
    event->created_at_s = strtoll(created_at + strlen(CREATED_AT), NULL, 10);
    return copy_plain_name(event_body, event->name, sizeof(event->name)) ||
           json_find_text(event_body, strlen(event_body), "event_name",
                          event->name, sizeof(event->name));
}

/* A line, its name borrowed from the text. */
struct sent_line {
    int64_t id;
    int64_t created_at_s;
    const char *name;
    size_t name_length;
};

/* Read the line at *at and go on behind it. False: there is none. */
static bool read_line(const char **at, struct sent_line *line)
{
    const char *start = *at;
    if (start == NULL || *start == '\0')
        return false;
    const char *newline = strchr(start, '\n');
    const char *end = newline == NULL ? start + strlen(start) : newline;
    *at = newline == NULL ? end : end + 1;

    char *rest;
    line->id = strtoll(start, &rest, 10);
    line->created_at_s = strtoll(rest, &rest, 10);
    line->name = rest + (*rest == ' ');
    line->name_length = line->name < end ? (size_t)(end - line->name) : 0;
    return true;
}

static bool is_same(const struct sent_line *line,
                    const struct sent_event *event)
{
    char name[NAME_MOST_BYTES + 1];
    if (line->created_at_s != event->created_at_s)
        return false;
    (void)snprintf(name, sizeof(name), "%.*s", (int)line->name_length,
                   line->name);
    return names_are_same(name, event->name);
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
    struct sent_line sent;
    if (sent_events == NULL || !read_body(event_body, &event))
        return 0;
    /* Nearly always none is of that second: only then they are read. */
    char second[32];
    (void)snprintf(second, sizeof(second), " %lld ",
                   (long long)event.created_at_s);
    if (strstr(sent_events, second) == NULL)
        return 0;
    while (read_line(&sent_events, &sent)) {
        if (is_same(&sent, &event))
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
