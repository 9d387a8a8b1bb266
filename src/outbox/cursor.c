#include "outbox/cursor.h"

#include "base/text.h"
#include "outbox/query.h"

#include <string.h>

enum { WHOLE = 1000 };

/* --- ways in ------------------------------------------------------------- */

/* A way to the rows by id, in either direction, and what it wants bound. */
struct way {
    enum query_name down, up;
    const char *text_name; /* NULL: none */
    const char *text;
    int code; /* 0: none */
};

/* By state alone. */
static void choose_by_state(const char *state, struct way *way)
{
    if (text_equals(state, "pending")) {
        way->down = QUERY_FILTER_PENDING_DOWN;
        way->up = QUERY_FILTER_PENDING_UP;
    } else if (text_equals(state, "sending")) {
        way->down = QUERY_FILTER_SENDING_DOWN;
        way->up = QUERY_FILTER_SENDING_UP;
    } else if (state != NULL && !text_equals(state, "delivered")) {
        way->down = QUERY_FILTER_ASIDE_DOWN;
        way->up = QUERY_FILTER_ASIDE_UP;
        way->text_name = "state";
        way->text = state;
    }
}

/* The most selective one that there is. */
static void choose_way(const struct filter *filter, struct way *way)
{
    bool is_in_flight = text_equals(filter->state, "sending");
    *way =
        (struct way){.down = QUERY_FILTER_ALL_DOWN, .up = QUERY_FILTER_ALL_UP};
    if (filter->id_to - filter->id_from < CURSOR_SLICE)
        return;
    if (*filter->user != '\0') {
        way->down = QUERY_FILTER_USER_DOWN;
        way->up = QUERY_FILTER_USER_UP;
        way->text_name = "lane";
        way->text = filter->user;
    } else if (*filter->reason != '\0' && !is_in_flight) {
        way->down = QUERY_FILTER_REASON_DOWN;
        way->up = QUERY_FILTER_REASON_UP;
        way->text_name = "reason";
        way->text = filter->reason;
    } else if (filter->code_from >= 300 && !is_in_flight &&
               filter->code_from == filter->code_to) {
        way->down = QUERY_FILTER_CODE_DOWN;
        way->up = QUERY_FILTER_CODE_UP;
        way->code = filter->code_from;
    } else {
        choose_by_state(filter->state, way);
    }
}

/* --- one slice ----------------------------------------------------------- */

/* The ids that a step finds. */
struct haul {
    int64_t *ids; /* NULL: they are counted only */
    int limit;
    int count;
};

static void read_row(const struct query *query, struct filter_row *row)
{
    *row = (struct filter_row){
        .id = query_int64(query, 0),
        .state = query_peek(query, 1),
        .kind = query_peek(query, 2),
        .lane = query_peek(query, 3),
        .reason = query_peek(query, 4),
        .result = query_peek(query, 5),
        .status = (int)query_int64(query, 6),
        .arrived_ms = query_int64(query, 7),
    };
}

/* Remember where the cursor stands. */
static void move_to(struct cursor *cursor, const struct filter_row *row)
{
    cursor->id = row->id;
    cursor->has_place = true;
    if (cursor->order == CURSOR_BY_ID)
        return;
    const char *key = cursor->order == CURSOR_BY_USER ? row->lane : row->reason;
    text_copy(cursor->key, sizeof(cursor->key), key == NULL ? "" : key);
}

static bool is_full(const struct haul *haul)
{
    return haul->ids != NULL && haul->count == haul->limit;
}

/* Look at the query's rows until the haul is full; *rows of them. */
static bool look(struct query *query, struct cursor *cursor, struct haul *haul,
                 int *rows, struct err *err)
{
    enum query_step step = QUERY_ROW;
    *rows = 0;
    while (!is_full(haul) && (step = query_next(query, err)) == QUERY_ROW) {
        struct filter_row row;
        read_row(query, &row);
        (*rows)++;
        if (filter_matches(&cursor->filter, &row, cursor->now_ms)) {
            if (haul->ids != NULL)
                haul->ids[haul->count] = row.id;
            haul->count++;
        }
        move_to(cursor, &row);
    }
    query_close(query);
    cursor->looked += *rows;
    return step != QUERY_FAILED;
}

/* --- by id --------------------------------------------------------------- */

/* The ids between which the next rows are, both exclusive. */
static void find_bounds(const struct cursor *cursor, int64_t *low,
                        int64_t *high)
{
    const struct filter *filter = &cursor->filter;
    *low = filter->id_from - 1;
    *high = filter->id_to == INT64_MAX ? INT64_MAX : filter->id_to + 1;
    if (!cursor->has_place)
        return;
    if (cursor->is_downwards && cursor->id < *high)
        *high = cursor->id;
    else if (!cursor->is_downwards && cursor->id > *low)
        *low = cursor->id;
}

static bool step_by_id(struct store *store, struct cursor *cursor,
                       struct haul *haul, struct err *err)
{
    struct way way;
    struct query query;
    int64_t low;
    int64_t high;
    int rows;
    choose_way(&cursor->filter, &way);
    find_bounds(cursor, &low, &high);
    query_open(&query, store, cursor->is_downwards ? way.down : way.up);
    if (way.text_name != NULL)
        query_bind_text(&query, way.text_name, way.text);
    if (way.code != 0)
        query_bind_int64(&query, "code", way.code);
    query_bind_int64(&query, "low", low);
    query_bind_int64(&query, "high", high);
    query_bind_int64(&query, "limit", CURSOR_SLICE);
    if (!look(&query, cursor, haul, &rows, err))
        return false;
    cursor->done = !is_full(haul) && rows < CURSOR_SLICE;
    return true;
}

/* --- by user or reason --------------------------------------------------- */

/* What comes behind a row: the rest of its key, then the next ones. */
struct keyed_way {
    enum query_name rest;
    enum query_name next;
};

static const struct keyed_way keyed_ways[][2] = {
    [CURSOR_BY_USER] = {{QUERY_FILTER_BY_USER_REST_UP,
                         QUERY_FILTER_BY_USER_NEXT_UP},
                        {QUERY_FILTER_BY_USER_REST_DOWN,
                         QUERY_FILTER_BY_USER_NEXT_DOWN}},
    [CURSOR_BY_REASON] = {{QUERY_FILTER_BY_REASON_REST_UP,
                           QUERY_FILTER_BY_REASON_NEXT_UP},
                          {QUERY_FILTER_BY_REASON_REST_DOWN,
                           QUERY_FILTER_BY_REASON_NEXT_DOWN}},
};

/* Without a place, one before all texts or behind them: a blob is. Before them
 * is a number, but to the column of users, which makes a text of it: before all
 * users is the empty text, which none is. */
static void bind_key(struct query *query, const struct cursor *cursor,
                     const char *key)
{
    if (cursor->has_place)
        query_bind_text(query, "key", key);
    else if (cursor->is_downwards)
        query_bind_blob(query, "key", "", 0);
    else if (cursor->order == CURSOR_BY_USER)
        query_bind_text(query, "key", "");
    else
        query_bind_int64(query, "key", 0);
}

static bool step_by_key(struct store *store, struct cursor *cursor,
                        struct haul *haul, struct err *err)
{
    const struct keyed_way *way =
        &keyed_ways[cursor->order][cursor->is_downwards];
    struct query query;
    char key[sizeof(cursor->key)];
    int rest = 0;
    int next = 0;
    if (cursor->has_place) {
        memcpy(key, cursor->key, sizeof(key));
        query_open(&query, store, way->rest);
        query_bind_text(&query, "key", key);
        query_bind_int64(&query, "id", cursor->id);
        query_bind_int64(&query, "limit", CURSOR_SLICE);
        if (!look(&query, cursor, haul, &rest, err))
            return false;
    }
    if (is_full(haul) || rest == CURSOR_SLICE)
        return true;
    query_open(&query, store, way->next);
    memcpy(key, cursor->key, sizeof(key));
    bind_key(&query, cursor, key);
    query_bind_int64(&query, "limit", CURSOR_SLICE - rest);
    if (!look(&query, cursor, haul, &next, err))
        return false;
    cursor->done = !is_full(haul) && rest + next < CURSOR_SLICE;
    return true;
}

/* --- the cursor ---------------------------------------------------------- */

void cursor_begin(struct cursor *cursor, const struct filter *filter,
                  enum cursor_order order, bool is_downwards, int64_t now_ms)
{
    *cursor = (struct cursor){
        .filter = *filter,
        .order = order,
        .is_downwards = is_downwards,
        .now_ms = now_ms,
    };
}

bool cursor_go_behind(struct store *store, struct cursor *cursor, int64_t id,
                      struct err *err)
{
    if (cursor->order != CURSOR_BY_ID) {
        struct query query;
        query_open(&query, store, QUERY_FILTER_PLACE);
        query_bind_int64(&query, "id", id);
        if (!query_find(&query, err, "there is no delivery %lld",
                        (long long)id))
            return false;
        query_copy(&query, cursor->order == CURSOR_BY_USER ? 0 : 1, cursor->key,
                   sizeof(cursor->key));
        query_close(&query);
    }
    cursor->id = id;
    cursor->has_place = true;
    return true;
}

static bool read_count(struct store *store, const char *state, int64_t *count,
                       struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_FILTER_COUNT);
    query_bind_text(&query, "state", state);
    if (!query_first(&query, err))
        return false;
    *count = query_int64(&query, 0);
    query_close(&query);
    return true;
}

/* What the progress is reckoned from: once. */
static bool measure(struct store *store, struct cursor *cursor, struct err *err)
{
    struct query query;
    int64_t low;
    int64_t high;
    query_open(&query, store, QUERY_FILTER_IDS);
    if (!query_first(&query, err))
        return false;
    int64_t first = query_int64(&query, 0);
    int64_t last = query_int64(&query, 1);
    query_close(&query);
    find_bounds(cursor, &low, &high);
    if (first <= low)
        first = low + 1;
    if (last >= high)
        last = high - 1;
    cursor->start_id = cursor->is_downwards ? last : first;
    cursor->end_id = cursor->is_downwards ? first : last;
    return read_count(store, "failed", &cursor->failed, err);
}

bool cursor_step(struct store *store, struct cursor *cursor, int64_t *ids,
                 int limit, int *count, struct err *err)
{
    struct haul haul = {.ids = ids, .limit = limit};
    struct cursor moved = *cursor;
    *count = 0;
    if (cursor->done)
        return true;
    if ((moved.looked == 0 && !measure(store, &moved, err)) ||
        !(moved.order == CURSOR_BY_ID ? step_by_id(store, &moved, &haul, err)
                                      : step_by_key(store, &moved, &haul, err)))
        return false;
    moved.found += haul.count;
    *cursor = moved;
    *count = haul.count;
    return true;
}

/* The part of a whole, as far as both make sense. */
static int share_of(int64_t part, int64_t whole)
{
    if (part <= 0 || whole <= 0)
        return 0;
    return part >= whole ? WHOLE : (int)(part * WHOLE / whole);
}

int cursor_share(const struct cursor *cursor)
{
    if (cursor->done)
        return WHOLE;
    if (!cursor->has_place)
        return 0;
    if (cursor->order != CURSOR_BY_ID)
        return share_of(cursor->looked, cursor->failed);
    if (cursor->is_downwards)
        return share_of(cursor->start_id - cursor->id,
                        cursor->start_id - cursor->end_id + 1);
    return share_of(cursor->id - cursor->start_id,
                    cursor->end_id - cursor->start_id + 1);
}

bool cursor_count(struct store *store, const struct filter *filter,
                  bool *is_known, int64_t *count, struct err *err)
{
    *is_known = filter_is_state_only(filter);
    *count = 0;
    return !*is_known || read_count(store, filter->state, count, err);
}
