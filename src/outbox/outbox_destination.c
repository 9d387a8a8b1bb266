/* outbox_destination.c - what is known of the destination, and what is next. */
#include "outbox/outbox.h"

#include "base/text.h"
#include "outbox/query.h"

bool outbox_read_names(struct store *store, struct names *names,
                       struct err *err)
{
    struct query query;
    enum query_step step;
    names_init(names);
    query_open(&query, store, QUERY_OUTBOX_NAMES);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        char word[32];
        char name[NAME_MOST_BYTES + 1];
        query_copy(&query, 0, word, sizeof(word));
        query_copy(&query, 1, name, sizeof(name));
        enum event_kind kind = catalog_find_kind(word);
        names->off[kind] = query_int64(&query, 2) != 0;
        /* Not names_set(): two names may have been exchanged. */
        if (name[0] != '\0')
            text_copy(names->name[kind], sizeof(names->name[kind]), name);
    }
    return step == QUERY_END;
}

bool outbox_set_hold(struct store *store, const struct outbox_hold *hold,
                     struct err *err)
{
    bool is_held = hold->reason != NULL;
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_SET_HOLD);
    query_bind_text(&query, "reason", hold->reason);
    query_bind_text(&query, "text", is_held ? hold->text : NULL);
    query_bind_time(&query, "since_ms",
                    is_held ? hold->since_ms : OUTBOX_NO_TIME);
    query_bind_time(&query, "probe_ms",
                    is_held ? hold->probe_ms : OUTBOX_NO_TIME);
    return query_run(&query, err);
}

bool outbox_set_breaker(struct store *store,
                        const struct outbox_breaker *breaker, struct err *err)
{
    bool is_open = breaker->since_ms != OUTBOX_NO_TIME;
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_SET_BREAKER);
    query_bind_time(&query, "since_ms", breaker->since_ms);
    query_bind_time(&query, "probe_ms",
                    is_open ? breaker->probe_ms : OUTBOX_NO_TIME);
    query_bind_text(&query, "text", is_open ? breaker->text : NULL);
    return query_run(&query, err);
}

bool outbox_set_open(struct store *store, int64_t open_ms, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_SET_OPEN);
    query_bind_int64(&query, "open_ms", open_ms);
    return query_run(&query, err);
}

bool outbox_set_quota(struct store *store, const struct outbox_quota *quota,
                      struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_SET_QUOTA);
    query_bind_time(&query, "limit", quota->limit);
    query_bind_time(&query, "left", quota->left);
    query_bind_time(&query, "reset_ms", quota->reset_ms);
    query_bind_time(&query, "wait_until_ms", quota->wait_until_ms);
    return query_run(&query, err);
}

bool outbox_look_ahead(struct store *store, struct outbox_outlook *outlook,
                       struct err *err)
{
    struct query query;
    if (!store_check_place(store, err))
        return false;
    query_open(&query, store, QUERY_OUTBOX_LOOK_AHEAD);
    if (!query_first(&query, err))
        return false;
    *outlook = (struct outbox_outlook){
        .next_due_ms = query_time(&query, 0),
        .pending = query_int64(&query, 1),
        .sending = query_int64(&query, 2),
        .failed = query_int64(&query, 3),
        .is_paused = query_int64(&query, 4) != 0,
        .epoch = query_int64(&query, 5),
        .resumes = query_int64(&query, 6),
        .operation_stepped_ms = query_time(&query, 7),
        .last_due_ms = query_time(&query, 8),
    };
    outlook->has_operation = outlook->operation_stepped_ms != OUTBOX_NO_TIME;
    query_close(&query);
    return true;
}

bool outbox_is_stepped(const struct outbox_outlook *outlook, int64_t now_ms)
{
    if (!outlook->has_operation)
        return false;
    int64_t ago_ms = now_ms - outlook->operation_stepped_ms;
    return ago_ms >= 0 && ago_ms < OUTBOX_STEPPED_FOR_MS;
}
