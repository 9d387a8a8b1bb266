/* views_minutes.c - what happened lately. */
#include "outbox/views.h"

#include "base/text.h"
#include "outbox/query.h"

enum { MINUTE_MS = 60000, DAY_MINUTES = 1440 };

/* The row of figures that an outcome is counted in; NULL: none. */
static int64_t *find_figures(struct view_minutes *minutes, const char *outcome)
{
    const struct {
        const char *outcome;
        int64_t *figures;
    } rows[] = {
        {"delivered", minutes->delivered}, {"failed", minutes->failed},
        {"retry", minutes->retried},       {"unknown", minutes->retried},
        {"held", minutes->retried},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (text_equals(rows[i].outcome, outcome))
            return rows[i].figures;
    }
    return NULL;
}

bool view_read_minutes(struct store *store, int64_t now_ms,
                       struct view_minutes *minutes, struct err *err)
{
    struct query query;
    enum query_step step;
    int64_t after = now_ms / MINUTE_MS - VIEW_MINUTES;
    *minutes = (struct view_minutes){0};
    query_open(&query, store, QUERY_VIEWS_MINUTES);
    query_bind_int64(&query, "after", after);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        char outcome[16];
        int64_t at = query_int64(&query, 0) - after - 1;
        query_copy(&query, 1, outcome, sizeof(outcome));
        int64_t *figures = find_figures(minutes, outcome);
        /* A clock that was set back leaves minutes that are yet to come. */
        if (figures != NULL && at < VIEW_MINUTES)
            figures[at] += query_int64(&query, 2);
    }
    return step == QUERY_END;
}

bool view_read_delivered_today(struct store *store, int64_t now_ms,
                               int64_t *delivered, struct err *err)
{
    struct query query;
    int64_t now_minute = now_ms / MINUTE_MS;
    query_open(&query, store, QUERY_VIEWS_DELIVERED_SINCE);
    query_bind_int64(&query, "from", now_minute - now_minute % DAY_MINUTES);
    if (!query_first(&query, err))
        return false;
    *delivered = query_int64(&query, 0);
    query_close(&query);
    return true;
}
