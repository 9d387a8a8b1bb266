#include "outbox/name_figures.h"

#include "outbox/outbox.h"
#include "outbox/query.h"

enum { MINUTE_MS = 60000, DAY_MINUTES = 1440 };

static enum event_kind read_kind(const struct query *query, int column)
{
    char word[32];
    query_copy(query, column, word, sizeof(word));
    return catalog_find_kind(word);
}

static bool read_version(struct store *store, struct name_figures *figures,
                         struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_NAMES_VERSION);
    enum query_step step = query_next(&query, err);
    if (step != QUERY_ROW)
        return step == QUERY_END;
    figures->version += query_int64(&query, 0);
    query_copy(&query, 1, figures->who, sizeof(figures->who));
    figures->changed_ms = query_int64(&query, 2);
    query_close(&query);
    return true;
}

static bool read_sent(struct store *store, int64_t now_ms,
                      struct name_figures *figures, struct err *err)
{
    struct query query;
    enum query_step step;
    query_open(&query, store, QUERY_NAMES_SENT);
    query_bind_int64(&query, "after", now_ms / MINUTE_MS - DAY_MINUTES);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        figures->sent[read_kind(&query, 0)] += query_int64(&query, 1);
    return step == QUERY_END;
}

bool name_figures_read(struct store *store, int64_t now_ms,
                       struct name_figures *figures, struct err *err)
{
    struct name_figures read = {.version = 1, .changed_ms = OUTBOX_NO_TIME};
    if (!read_version(store, &read, err) ||
        !read_sent(store, now_ms, &read, err))
        return false;
    *figures = read;
    return true;
}

bool name_failures_count(struct store *store, struct name_failures *failures,
                         bool *more, struct err *err)
{
    struct name_failures counted = *failures;
    struct query query;
    enum query_step step;
    int rows = 0;
    query_open(&query, store, QUERY_NAMES_FAILED);
    query_bind_int64(&query, "after", failures->after_id);
    query_bind_int64(&query, "limit", NAME_FAILURES_SLICE);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        counted.after_id = query_int64(&query, 0);
        counted.failed[read_kind(&query, 1)]++;
        rows++;
    }
    if (step == QUERY_FAILED)
        return false;
    *failures = counted;
    *more = rows == NAME_FAILURES_SLICE;
    return true;
}

bool name_figures_find_change(struct store *store, enum event_kind kind,
                              int64_t *id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_NAMES_CHANGE);
    query_bind_text(&query, "kind", catalog_word(kind));
    if (!query_find(&query, err,
                    "%s has its first name: there is none before it",
                    catalog_kind(kind)->title))
        return false;
    *id = query_int64(&query, 0);
    query_close(&query);
    return true;
}
