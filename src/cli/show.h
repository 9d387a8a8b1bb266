/* show.h - one delivery in full, for a person and as JSON. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "base/buf.h"
#include "cli/output.h"
#include "event/names.h"
#include "outbox/views.h"

#include <stdint.h>

struct show_delivery {
    struct view_delivery row;
    struct view_history history;
    struct names names; /* as they are now */
    int64_t now_ms;
};

/* What is to be told beside the rows. show_story_free(). */
struct show_story {
    char event_name[NAME_MOST_BYTES + 1]; /* as sent last, or as it would be
                                           * now; "": no data event */
    struct buf why;                       /* one line */
    const char *next_step;                /* NULL: nothing to do for a person */
};

void show_tell(const struct show_delivery *delivery, struct show_story *story);
void show_story_free(struct show_story *story);

/* Write the page: the event, where its delivery is and why, the next step, the
 * attempts with their calls, oldest first. */
void show_write_page(const struct show_delivery *delivery,
                     struct output *output);

/* Write one JSON object on one line: the row's keys as in `list --json`, with
 * event_name, why, next_step, payload and history. What was sent and answered
 * stands in texts, byte for byte. */
void show_write_json(const struct show_delivery *delivery,
                     struct output *output);

#endif
