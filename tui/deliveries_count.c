#include "tui/deliveries_count.h"

/* Counting again waits so many times as long as it took. */
enum { COUNT_SHARE = 20 };

void deliveries_count_begin(struct deliveries_count *count,
                            const struct filter *filter, int64_t now_ms)
{
    if (count->is_counting || now_ms < count->next_ms)
        return;
    count->is_counting = true;
    count->took_ms = 0;
    cursor_begin(&count->cursor, filter, CURSOR_BY_ID, true, now_ms);
}

static void end(struct deliveries_count *count, int64_t matching,
                int64_t now_ms)
{
    count->is_counting = false;
    count->is_known = true;
    count->matching = matching;
    count->next_ms = now_ms + COUNT_SHARE * count->took_ms;
}

bool deliveries_count_slice(struct deliveries_count *count, struct store *store,
                            int64_t now_ms, struct err *err)
{
    int64_t matching;
    int found;
    bool is_known;
    if (count->cursor.looked == 0) {
        if (!cursor_count(store, &count->cursor.filter, &is_known, &matching,
                          err))
            return false;
        if (is_known) {
            end(count, matching, now_ms);
            return true;
        }
    }
    count->took_ms++; /* a slice takes about a millisecond */
    if (!cursor_step(store, &count->cursor, NULL, 0, &found, err))
        return false;
    if (count->cursor.done)
        end(count, count->cursor.found, now_ms);
    else if (!count->is_known)
        count->matching = count->cursor.found;
    return true;
}

void deliveries_count_stop(struct deliveries_count *count)
{
    count->is_counting = false;
    count->next_ms = INT64_MAX;
}
