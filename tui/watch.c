#include "tui/watch.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    MOST_LOOKED_AT = 20,
    BAR_COLUMNS = 20,
    SHARE = 20, /* counting again waits so many times as long as it took */
};

static void forget(struct watch *watch)
{
    if (watch->has_row)
        operation_row_free(&watch->row);
    watch->has_row = false;
}

void watch_free(struct watch *watch)
{
    forget(watch);
}

/* The oldest one that is running is the one that is applied; of those that are
 * done only the newest retry may still be sent. -1: none. */
static int choose(const struct watch *watch, const struct operation_row *rows,
                  int count)
{
    int chosen = -1;
    for (int i = 0; i < count; i++) {
        bool is_running = text_equals(rows[i].state, "running");
        bool is_retry = text_equals(rows[i].action, "retry") &&
                        text_equals(rows[i].state, "done");
        bool is_over = rows[i].id <= watch->over_id;
        if (is_running || (chosen < 0 && is_retry && !is_over))
            chosen = i;
    }
    return chosen;
}

bool watch_load(struct watch *watch, struct store *store, int64_t now_ms,
                struct err *err)
{
    struct operation_row rows[MOST_LOOKED_AT];
    int count = 0;
    if (!operation_list(store, INT64_MAX, MOST_LOOKED_AT, rows, &count, err))
        return false;
    forget(watch);
    int chosen = choose(watch, rows, count);
    for (int i = 0; i < count; i++) {
        if (i == chosen)
            watch->row = rows[i];
        else
            operation_row_free(&rows[i]);
    }
    watch->has_row = chosen >= 0;
    watch->is_running =
        watch->has_row && text_equals(watch->row.state, "running");
    bool is_new = watch->has_row && watch->outcomes.id != watch->row.id;
    if (watch->has_row && !watch->is_running &&
        (is_new || now_ms >= watch->next_ms)) {
        watch->took_ms = 0;
        outcomes_begin(&watch->outcomes, watch->row.id);
    }
    return true;
}

bool watch_work(struct watch *watch, struct store *store, int64_t now_ms,
                bool *more, struct err *err)
{
    if (!watch->outcomes.is_counting) {
        *more = false;
        return true;
    }
    watch->took_ms++; /* a slice takes about a millisecond */
    if (!outcomes_work(&watch->outcomes, store, more, err))
        return false;
    if (*more)
        return true;
    watch->next_ms = now_ms + SHARE * watch->took_ms;
    if (watch->outcomes.counted.waiting == 0)
        watch->over_id = watch->outcomes.id;
    return true;
}

/* "13  retry by ana  137 of 210  [######....]  2 failed" */
bool watch_draw(const struct watch *watch, struct canvas *canvas, int line)
{
    const struct operation_row *row = &watch->row;
    const struct operation_outcomes *counted = &watch->outcomes.counted;
    char bar[BAR_COLUMNS + 1], rest[80] = "";
    int64_t done = row->applied + row->changed, all = row->planned;
    if (!watch->has_row)
        return false;
    if (!watch->is_running) {
        if (!watch->outcomes.is_known || watch->outcomes.id != row->id ||
            counted->waiting == 0)
            return false;
        done = counted->delivered + counted->failed + counted->settled +
               counted->pruned;
        all = done + counted->waiting;
        (void)snprintf(rest, sizeof(rest), "%" PRId64 " failed",
                       counted->failed);
    }
    int64_t filled = all > 0 ? BAR_COLUMNS * done / all : 0;
    for (int i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';
    (void)canvas_put_format(
        canvas, line, 1, canvas->columns - 2, ROLE_WARNING,
        "%" PRId64 "  %s by %s  %s %" PRId64 " of %" PRId64 "  [%s]  %s",
        row->id, row->action, row->who, watch->is_running ? "changed" : "sent",
        done, all, bar, rest);
    return true;
}
