/* operation_apply.c - a page of a running operation at a time. */
#include "outbox/operation.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/counters.h"
#include "outbox/lane.h"
#include "outbox/operation_row.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

#include <stdlib.h>

/* The operation whose page it is. */
struct running {
    int64_t id;
    char action[16];
    int64_t cursor;
    int64_t items_of; /* itself, or the one that it takes back */
    int64_t now_ms;
    int64_t stepped_ms; /* OUTBOX_NO_TIME: the relay's turn */
    int64_t applied;
    int64_t changed;
};

struct item {
    int64_t id;
    char state[16];
    char was_state[16];
    char *lane; /* NULL: the delivery is pruned */
    char kind[32];
    int64_t arrived_ms;
};

/* What an action makes of a delivery. */
struct deed {
    const char *action;
    enum query_name query;
    const char *becomes;
};

static const struct deed deeds[] = {
    {"retry", QUERY_OPERATION_RETRY, "pending"},
    {"discard", QUERY_OPERATION_DISCARD, "discarded"},
};

static const struct deed *find_deed(const char *action)
{
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (text_equals(deeds[i].action, action))
            return &deeds[i];
    }
    return NULL;
}

static bool find_running(struct store *store, struct running *running,
                         bool *found, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_NEXT);
    enum query_step step = query_next(&query, err);
    *found = step == QUERY_ROW;
    if (step != QUERY_ROW)
        return step == QUERY_END;
    running->id = query_int64(&query, 0);
    query_copy(&query, 1, running->action, sizeof(running->action));
    running->cursor = query_int64(&query, 2);
    running->items_of = query_int64(&query, 3);
    query_close(&query);
    return true;
}

static bool read_page(struct store *store, const struct running *running,
                      struct item *items, size_t *count, struct err *err)
{
    struct query query;
    enum query_step step;
    *count = 0;
    query_open(&query, store, QUERY_OPERATION_PAGE);
    query_bind_int64(&query, "id", running->items_of);
    query_bind_int64(&query, "after", running->cursor);
    query_bind_int64(&query, "limit", OPERATION_PAGE);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        struct item *item = &items[(*count)++];
        item->id = query_int64(&query, 0);
        query_copy(&query, 1, item->state, sizeof(item->state));
        query_copy(&query, 2, item->was_state, sizeof(item->was_state));
        item->lane = query_text(&query, 3);
        query_copy(&query, 4, item->kind, sizeof(item->kind));
        item->arrived_ms = query_int64(&query, 5);
    }
    return step == QUERY_END;
}

static void count_move(struct store *store, const struct item *item,
                       const char *from, const char *to)
{
    counters_add(store, from, -1);
    counters_add(store, to, 1);
    int64_t delta = (int64_t)text_equals(to, "pending") -
                    (int64_t)text_equals(from, "pending");
    if (delta != 0)
        counters_add_backlog(store, item->arrived_ms, item->kind, delta);
}

/* Run the statement that changes the delivery, if it is as it has to be. */
static bool change(struct store *store, const struct running *running,
                   const struct item *item, const struct deed *deed,
                   bool *changed, struct err *err)
{
    bool is_restore = running->id != running->items_of;
    struct query query;
    query_open(&query, store,
               is_restore ? QUERY_OPERATION_RESTORE : deed->query);
    if (!is_restore && deed->query == QUERY_OPERATION_DISCARD)
        query_bind_int64(&query, "now_ms", running->now_ms);
    query_bind_int64(&query, "operation", running->items_of);
    query_bind_int64(&query, "id", item->id);
    if (is_restore)
        query_bind_text(&query, "state", deed->becomes);
    if (!query_run(&query, err))
        return false;
    *changed = query_changes(store) > 0;
    return true;
}

static bool set_item(struct store *store, const struct running *running,
                     const struct item *item, const char *state,
                     struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_ITEM_SET);
    query_bind_text(&query, "state", state);
    query_bind_int64(&query, "operation", running->items_of);
    query_bind_int64(&query, "id", item->id);
    return query_run(&query, err);
}

/* How its last attempt ended, and the last call of that, may be told by the
 * delivery alone while it is delivered (outbox_attempt_outcome). */
static bool end_attempt(struct store *store, const struct item *item,
                        struct err *err)
{
    static const enum query_name names[] = {QUERY_OPERATION_END_ATTEMPT,
                                            QUERY_OPERATION_END_CALL,
                                            QUERY_OPERATION_CLEAR_CALL};
    if (!text_equals(item->was_state, "delivered"))
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct query query;
        query_open(&query, store, names[i]);
        query_bind_int64(&query, "id", item->id);
        if (!query_run(&query, err))
            return false;
    }
    return true;
}

/* Change the delivery within its lane's order. */
static bool change_lane(struct store *store, const struct running *running,
                        const struct item *item, const struct deed *deed,
                        bool *changed, struct err *err)
{
    int64_t from_id;
    *changed = false;
    if (item->lane == NULL)
        return true;
    return lane_clear_due(store, item->lane, &from_id, err) &&
           end_attempt(store, item, err) &&
           change(store, running, item, deed, changed, err) &&
           lane_make_due(store, item->lane, from_id, err);
}

static bool apply_item(struct store *store, struct running *running,
                       const struct item *item, const struct deed *deed,
                       struct err *err)
{
    bool is_restore = running->id != running->items_of;
    if (!text_equals(item->state, is_restore ? "applied" : "planned"))
        return true;
    bool changed;
    if (!change_lane(store, running, item, deed, &changed, err))
        return false;
    running->applied += changed;
    running->changed += !changed;
    if (changed)
        count_move(store, item, is_restore ? deed->becomes : item->was_state,
                   is_restore ? item->was_state : deed->becomes);
    if (is_restore)
        return !changed || set_item(store, running, item, "restored", err);
    return set_item(store, running, item, changed ? "applied" : "changed", err);
}

static bool end_page(struct store *store, const struct running *running,
                     bool is_last, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_MOVE);
    query_bind_int64(&query, "cursor", running->cursor);
    query_bind_int64(&query, "applied", running->applied);
    query_bind_int64(&query, "changed", running->changed);
    query_bind_time(&query, "stepped_ms", running->stepped_ms);
    query_bind_int64(&query, "id", running->id);
    if (!query_run(&query, err))
        return false;
    if (!is_last)
        return true;
    query_open(&query, store, QUERY_OPERATION_END);
    query_bind_int64(&query, "now_ms", running->now_ms);
    query_bind_int64(&query, "id", running->id);
    return query_run(&query, err);
}

/* The action whose items they are: its own, or its target's. */
static bool find_items_deed(struct store *store, const struct running *running,
                            const struct deed **deed, struct err *err)
{
    struct operation_row row;
    if (!operation_read(store, running->items_of, &row, err))
        return false;
    *deed = find_deed(row.action);
    operation_row_free(&row);
    return *deed != NULL ||
           err_set(err, ERR_CORRUPT, "operation %lld has no items to work on",
                   (long long)running->items_of);
}

static bool apply_page(struct store *store, struct running *running,
                       struct item *items, struct err *err)
{
    size_t count = 0;
    const struct deed *deed = NULL;
    bool good = find_items_deed(store, running, &deed, err) &&
                read_page(store, running, items, &count, err);
    for (size_t i = 0; good && i < count; i++) {
        good = apply_item(store, running, &items[i], deed, err);
        running->cursor = items[i].id;
    }
    for (size_t i = 0; i < count; i++)
        free(items[i].lane);
    return good && end_page(store, running, count < OPERATION_PAGE, err);
}

static bool apply_next(struct store *store, struct running *running, bool *more,
                       struct err *err)
{
    if (!find_running(store, running, more, err))
        return false;
    if (!*more)
        return true;
    struct item *items = mem_new_array(OPERATION_PAGE, sizeof(*items));
    bool applied = apply_page(store, running, items, err);
    free(items);
    return applied;
}

bool operation_step_in_turn(struct store *store, int64_t now_ms, bool *more,
                            struct err *err)
{
    struct running running = {.now_ms = now_ms, .stepped_ms = OUTBOX_NO_TIME};
    return apply_next(store, &running, more, err);
}

bool operation_step(struct store *store, int64_t now_ms, bool *more,
                    struct err *err)
{
    struct running running = {.now_ms = now_ms, .stepped_ms = now_ms};
    if (!store_begin(store, err))
        return false;
    bool stepped = apply_next(store, &running, more, err);
    return operation_row_finish(store, stepped, err);
}
