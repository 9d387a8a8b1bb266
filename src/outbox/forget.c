#include "outbox/forget.h"

#include "base/mem.h"
#include "outbox/erase.h"
#include "outbox/forget_text.h"
#include "outbox/lane.h"
#include "outbox/lock.h"
#include "outbox/operation_row.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

#include <stdlib.h>
#include <string.h>

/* --- looking ------------------------------------------------------------- */

static bool read_number(struct store *store, enum query_name name,
                        const char *user, int64_t *number, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    if (user != NULL)
        query_bind_text(&query, "user", user);
    if (!query_first(&query, err))
        return false;
    *number = query_int64(&query, 0);
    query_close(&query);
    return true;
}

static bool count_deliveries(struct store *store, struct forget *forget,
                             struct err *err)
{
    struct query query;
    enum query_step step;
    query_open(&query, store, QUERY_FORGET_COUNT);
    query_bind_text(&query, "user", forget->lane);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        size_t i = forget->state_count++;
        query_copy(&query, 0, forget->states[i].state,
                   sizeof(forget->states[i].state));
        forget->states[i].count = query_int64(&query, 1);
        forget->found += forget->states[i].count;
        forget->attempts += query_int64(&query, 2);
    }
    return step == QUERY_END;
}

bool forget_begin(struct store *store, struct forget *forget, struct err *err)
{
    int64_t is_known;
    /* "/17" is the lane of an event without a user, not of a user. */
    forget->lane = strchr(forget->user, '/') == NULL ? forget->user : "";
    if (!count_deliveries(store, forget, err) ||
        !read_number(store, QUERY_FORGET_IS_KNOWN, forget->lane, &is_known,
                     err) ||
        !read_number(store, QUERY_FORGET_NEWEST_ID, NULL, &forget->newest_id,
                     err) ||
        !forget_read_unfinished(store, &forget->unfinished_id, err))
        return false;
    forget->is_known = is_known != 0;
    return true;
}

static void take_mention(struct forget *forget, const struct query *query)
{
    int64_t id = query_int64(query, 0);
    bool is_alone = query_int64(query, 2) != 0;
    if (!is_alone) {
        if (forget->other_count < FORGET_MOST_OTHERS)
            forget->others[forget->other_count] = id;
        forget->other_count++;
        return;
    }
    if (forget->loose_count == forget->loose_capacity) {
        forget->loose_capacity = forget->loose_capacity * 2 + 16;
        forget->loose = mem_resize(forget->loose, forget->loose_capacity *
                                                      sizeof(*forget->loose));
    }
    forget->loose[forget->loose_count++] = id;
}

bool forget_look(struct store *store, struct forget *forget, struct err *err)
{
    struct query query;
    enum query_step step;
    int64_t until = forget->looked_id + FORGET_STRETCH;
    query_open(&query, store, QUERY_FORGET_MENTIONS);
    query_bind_int64(&query, "after", forget->looked_id);
    query_bind_int64(&query, "until", until);
    query_bind_text(&query, "user", forget->user);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        take_mention(forget, &query);
    forget->looked_id = until;
    forget->has_looked = until >= forget->newest_id;
    return step == QUERY_END;
}

/* --- erasing ------------------------------------------------------------- */

struct page {
    struct erase items[FORGET_PAGE];
    size_t count;
};

static bool add_rows(struct query *query, struct page *page, struct err *err)
{
    enum query_step step;
    while ((step = query_next(query, err)) == QUERY_ROW) {
        struct erase *item = &page->items[page->count++];
        item->id = query_int64(query, 0);
        query_copy(query, 1, item->state, sizeof(item->state));
        query_copy(query, 2, item->kind, sizeof(item->kind));
        item->arrived_ms = query_int64(query, 3);
    }
    return step == QUERY_END;
}

/* What is left of the lane, as far as it fits into the page. */
static bool add_of_lane(struct store *store, const struct forget *forget,
                        enum query_name name, struct page *page,
                        struct err *err)
{
    if (page->count == FORGET_PAGE)
        return true;
    struct query query;
    query_open(&query, store, name);
    query_bind_text(&query, "user", forget->lane);
    query_bind_int64(&query, "limit", (int64_t)(FORGET_PAGE - page->count));
    return add_rows(&query, page, err);
}

static bool add_loose(struct store *store, struct forget *forget,
                      struct page *page, struct err *err)
{
    bool good = true;
    while (good && page->count < FORGET_PAGE && forget->loose_count > 0) {
        struct query query;
        query_open(&query, store, QUERY_FORGET_ONE);
        query_bind_int64(&query, "id", forget->loose[--forget->loose_count]);
        good = add_rows(&query, page, err);
    }
    return good;
}

/* The one in flight is its relay's until it ends; without a relay nobody is
 * sending it. */
static bool add_sending(struct store *store, struct forget *forget,
                        struct page *page, struct err *err)
{
    bool is_running;
    size_t before = page->count;
    forget->sending_id = 0;
    if (before == FORGET_PAGE)
        return true;
    struct query query;
    query_open(&query, store, QUERY_FORGET_SENDING);
    query_bind_text(&query, "user", forget->lane);
    if (!add_rows(&query, page, err) ||
        !lock_is_held(store->path, &is_running, err))
        return false;
    if (page->count > before && is_running) {
        page->count = before;
        forget->sending_id = page->items[before].id;
    }
    return true;
}

static bool find_page(struct store *store, struct forget *forget,
                      struct page *page, struct err *err)
{
    page->count = 0;
    return add_of_lane(store, forget, QUERY_FORGET_WAITING, page, err) &&
           add_of_lane(store, forget, QUERY_FORGET_SETTLED, page, err) &&
           add_loose(store, forget, page, err) &&
           add_sending(store, forget, page, err);
}

static bool erase_items(struct store *store, int64_t id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_FORGET_ITEMS);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

static bool record(struct store *store, struct forget *forget, int64_t erased,
                   struct err *err)
{
    const struct operation_request request = {
        .action = "forget", .who = forget->who, .now_ms = forget->now_ms};
    if (forget->operation_id == 0 &&
        !operation_row_add(store, &request, "done", 0, &forget->operation_id,
                           err))
        return false;
    struct query query;
    query_open(&query, store, QUERY_FORGET_RECORD);
    query_bind_int64(&query, "erased", erased);
    query_bind_int64(&query, "id", forget->operation_id);
    return query_run(&query, err);
}

static bool erase_page(struct store *store, struct forget *forget,
                       const struct page *page, struct err *err)
{
    int64_t erased = 0;
    for (size_t i = 0; i < page->count; i++) {
        bool is_gone;
        if (!erase_items(store, page->items[i].id, err) ||
            !erase_delivery(store, &page->items[i], OUTBOX_NO_TIME,
                            forget->now_ms, &is_gone, err))
            return false;
        erased += is_gone;
    }
    forget->erased += erased;
    return record(store, forget, erased, err);
}

/* Nothing of the lane is left: what was noted elsewhere goes, too. */
static bool erase_rest(struct store *store, struct forget *forget,
                       struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_FORGET_KNOWN);
    query_bind_text(&query, "user", forget->lane);
    if (!query_run(&query, err) ||
        !forget_text_erase_all(store, forget->user, err))
        return false;
    forget->done = true;
    return record(store, forget, 0, err);
}

static bool step(struct store *store, struct forget *forget, struct err *err)
{
    struct page page;
    int64_t from_id;
    if (!lane_clear_due(store, forget->lane, &from_id, err) ||
        !find_page(store, forget, &page, err))
        return false;
    if (page.count > 0 && !erase_page(store, forget, &page, err))
        return false;
    if (page.count == 0 && forget->sending_id == 0 &&
        !erase_rest(store, forget, err))
        return false;
    return lane_make_due(store, forget->lane, from_id, err);
}

bool forget_step(struct store *store, struct forget *forget, struct err *err)
{
    const struct forget before = *forget;
    if (!store_begin(store, err))
        return false;
    bool good = step(store, forget, err);
    if (operation_row_finish(store, good, err))
        return true;
    *forget = before;
    return false;
}

bool forget_read_unfinished(struct store *store, int64_t *id, struct err *err)
{
    return read_number(store, QUERY_FORGET_UNFINISHED, NULL, id, err);
}

bool forget_end(struct store *store, int64_t now_ms, struct err *err)
{
    struct query query;
    if (!store_begin(store, err))
        return false;
    query_open(&query, store, QUERY_FORGET_END);
    query_bind_int64(&query, "now_ms", now_ms);
    return operation_row_finish(store, query_run(&query, err), err);
}

void forget_free(struct forget *forget)
{
    free(forget->loose);
    forget->loose = NULL;
    forget->loose_count = 0;
}
