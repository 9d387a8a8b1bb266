#include "outbox/health.h"

#include "base/text.h"
#include "outbox/moment.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

#include <inttypes.h>
#include <stdio.h>

enum { ASK_EVERY_STEPS = 10000, STATES = 6 };

/* --- integrity ----------------------------------------------------------- */

struct limit {
    const struct clock *clock;
    int64_t until_ms;
    bool is_over;
};

static int ask(void *context)
{
    struct limit *limit = context;
    limit->is_over = clock_monotonic_ms(limit->clock) >= limit->until_ms;
    return limit->is_over;
}

bool health_check_integrity(struct store *store, bool deep, int64_t most_ms,
                            const struct clock *clock,
                            struct health_integrity *integrity, struct err *err)
{
    struct limit limit = {.clock = clock,
                          .until_ms = clock_monotonic_ms(clock) + most_ms};
    struct query query;
    *integrity = (struct health_integrity){.is_whole = false};
    query_open(&query, store,
               deep ? QUERY_HEALTH_WHOLE_CHECK : QUERY_HEALTH_QUICK_CHECK);
    if (most_ms > 0)
        sqlite3_progress_handler(store->database, ASK_EVERY_STEPS, ask, &limit);
    bool good = query_first(&query, err);
    sqlite3_progress_handler(store->database, 0, NULL, NULL);
    integrity->ended_early = !good && limit.is_over;
    if (!good && !limit.is_over && err->code == ERR_CORRUPT) {
        (void)snprintf(integrity->found, sizeof(integrity->found), "%.199s",
                       err->text);
        return true;
    }
    if (good) {
        query_copy(&query, 0, integrity->found, sizeof(integrity->found));
        query_close(&query);
        text_make_one_line(integrity->found);
    }
    integrity->is_whole =
        integrity->ended_early || text_equals(integrity->found, "ok");
    return good || limit.is_over;
}

/* --- counts -------------------------------------------------------------- */

struct counted {
    char state[16];
    int64_t counter;
    int64_t rows;
};

static struct counted *find_state(struct counted *counted, const char *state)
{
    for (size_t i = 0; i < STATES; i++) {
        if (text_equals(counted[i].state, state))
            return &counted[i];
    }
    return NULL;
}

static bool read_column(struct store *store, enum query_name name,
                        struct counted *counted, bool is_rows, struct err *err)
{
    struct query query;
    enum query_step step;
    query_open(&query, store, name);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        char word[32];
        query_copy(&query, 0, word, sizeof(word));
        struct counted *found = find_state(counted, word);
        if (found != NULL && is_rows)
            found->rows = query_int64(&query, 1);
        else if (found != NULL)
            found->counter = query_int64(&query, 1);
    }
    return step == QUERY_END;
}

static void compare(struct health_counts *counts, const char *what,
                    int64_t counter, int64_t rows)
{
    if (counter == rows)
        return;
    if (counts->wrong_counters++ == 0)
        (void)snprintf(counts->first_wrong, sizeof(counts->first_wrong),
                       "%.60s is %" PRId64 ", counted %" PRId64, what, counter,
                       rows);
}

static bool read_totals(struct store *store, struct health_counts *counts,
                        int64_t pending, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_HEALTH_TOTALS);
    if (!query_first(&query, err))
        return false;
    compare(counts, "the backlog", query_int64(&query, 0), pending);
    counts->events = query_int64(&query, 1);
    counts->deliveries = query_int64(&query, 2);
    query_close(&query);
    return true;
}

static bool count_lost(struct store *store, struct health_counts *counts,
                       struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_LANE_COUNT_LOST);
    if (!query_first(&query, err))
        return false;
    counts->lost = query_int64(&query, 0);
    query_close(&query);
    return true;
}

static bool read_counts(struct store *store, struct health_counts *counts,
                        struct err *err)
{
    struct counted counted[STATES] = {
        {.state = "pending"}, {.state = "sending"}, {.state = "delivered"},
        {.state = "failed"},  {.state = "skipped"}, {.state = "discarded"},
    };
    if (!read_column(store, QUERY_VIEWS_COUNTS, counted, false, err) ||
        !read_column(store, QUERY_HEALTH_STATES, counted, true, err))
        return false;
    for (size_t i = 0; i < STATES; i++)
        compare(counts, counted[i].state, counted[i].counter, counted[i].rows);
    return read_totals(store, counts, counted[0].rows, err) &&
           count_lost(store, counts, err);
}

bool health_check_counts(struct store *store, struct health_counts *counts,
                         struct err *err)
{
    struct moment moment;
    *counts = (struct health_counts){.events = 0};
    if (!moment_begin(&moment, store, err))
        return false;
    bool good = read_counts(store, counts, err);
    moment_end(&moment);
    return good;
}

bool health_newest_arrival(struct store *store, int64_t *arrived_ms,
                           struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_HEALTH_NEWEST_ARRIVAL);
    enum query_step step = query_next(&query, err);
    *arrived_ms = OUTBOX_NO_TIME;
    if (step != QUERY_ROW)
        return step == QUERY_END;
    *arrived_ms = query_time(&query, 0);
    query_close(&query);
    return true;
}
