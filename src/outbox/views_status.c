/* views_status.c - the outbox at a glance. */
#include "outbox/views.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "outbox/lock.h"
#include "outbox/moment.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MINUTE_MS = 60000,
    MOST_CAUSES = 50,
    FEW = 10000, /* so many rows may be looked at one by one */
};

/* The upper ends of the age columns; the last one has none. */
static const int64_t age_ends_ms[AGE_COUNT - 1] = {
    [AGE_1M] = (int64_t)1 * MINUTE_MS,   [AGE_5M] = (int64_t)5 * MINUTE_MS,
    [AGE_20M] = (int64_t)20 * MINUTE_MS, [AGE_1H] = (int64_t)60 * MINUTE_MS,
    [AGE_4H] = (int64_t)240 * MINUTE_MS, [AGE_1D] = (int64_t)1440 * MINUTE_MS,
};

static bool read_counts(struct store *store, struct view_status *status,
                        struct err *err)
{
    const struct {
        const char *name;
        int64_t *count;
    } counts[] = {
        {"pending", &status->pending},
        {"sending", &status->sending},
        {"delivered", &status->delivered},
        {"failed", &status->failed},
        {"skipped", &status->skipped},
        {"discarded", &status->discarded},
        {"delivered_ever", &status->delivered_counted},
        {"delivered_calls", &status->calls_delivered},
    };
    struct query query;
    enum query_step step;
    query_open(&query, store, QUERY_VIEWS_COUNTS);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        char name[32];
        query_copy(&query, 0, name, sizeof(name));
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            if (text_equals(name, counts[i].name))
                *counts[i].count = query_int64(&query, 1);
        }
    }
    return step == QUERY_END;
}

void view_count_states(const struct view_status *status,
                       struct view_state_count counts[VIEW_STATES])
{
    const struct view_state_count all[VIEW_STATES] = {
        {"pending", status->pending},     {"sending", status->sending},
        {"delivered", status->delivered}, {"failed", status->failed},
        {"skipped", status->skipped},     {"discarded", status->discarded},
    };
    memcpy(counts, all, sizeof(all));
}

/* The middle of the minute stands for all of it. */
static enum view_age age_of_minute(int64_t minute, int64_t now_ms)
{
    int64_t age_ms = now_ms - (minute * MINUTE_MS + MINUTE_MS / 2);
    enum view_age age = AGE_1M;
    while (age < AGE_OLDER && age_ms >= age_ends_ms[age])
        age++;
    return age;
}

/* The row of this kind: rows come sorted by kind. */
static struct view_pending *pending_row(struct view_status *status,
                                        const struct query *query)
{
    char kind[sizeof(status->kinds->kind)];
    query_copy(query, 0, kind, sizeof(kind));
    size_t count = status->kind_count;
    if (count > 0 && text_equals(status->kinds[count - 1].kind, kind))
        return &status->kinds[count - 1];
    status->kinds =
        mem_resize(status->kinds, (count + 1) * sizeof(*status->kinds));
    status->kinds[count] = (struct view_pending){0};
    query_copy(query, 0, status->kinds[count].kind, sizeof(kind));
    status->kind_count++;
    return &status->kinds[count];
}

static bool read_backlog(struct store *store, struct view_status *status,
                         struct err *err)
{
    struct query query;
    enum query_step step;
    status->oldest_pending_ms = OUTBOX_NO_TIME;
    query_open(&query, store, QUERY_VIEWS_BACKLOG);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        int64_t minute = query_int64(&query, 1);
        pending_row(status, &query)
            ->by_age[age_of_minute(minute, status->now_ms)] +=
            query_int64(&query, 2);
        if (status->oldest_pending_ms == OUTBOX_NO_TIME ||
            minute * MINUTE_MS < status->oldest_pending_ms)
            status->oldest_pending_ms = minute * MINUTE_MS;
    }
    return step == QUERY_END;
}

static bool read_oldest(struct store *store, struct view_status *status,
                        struct err *err)
{
    if (status->pending == 0 || status->pending > FEW)
        return true;
    struct query query;
    query_open(&query, store, QUERY_VIEWS_OLDEST_PENDING);
    if (!query_first(&query, err))
        return false;
    status->oldest_pending_ms = query_time(&query, 0);
    query_close(&query);
    return true;
}

static bool read_causes(struct store *store, struct view_status *status,
                        struct err *err)
{
    struct query query;
    enum query_step step;
    status->causes = mem_new_array(MOST_CAUSES, sizeof(*status->causes));
    query_open(&query, store, QUERY_VIEWS_CAUSES);
    query_bind_int64(&query, "limit", MOST_CAUSES);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        struct view_cause *cause = &status->causes[status->cause_count++];
        query_copy(&query, 0, cause->reason, sizeof(cause->reason));
        query_copy(&query, 1, cause->result, sizeof(cause->result));
        cause->count = query_int64(&query, 2);
        cause->first_ms = query_int64(&query, 3);
        cause->last_ms = query_int64(&query, 4);
        cause->users = query_int64(&query, 5);
    }
    return step == QUERY_END;
}

static bool read_destination(struct store *store, struct view_status *status,
                             struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_VIEWS_DESTINATION);
    if (!query_first(&query, err))
        return false;
    status->api_url = query_text(&query, 0);
    status->hold_reason = query_text(&query, 1);
    status->hold_text = query_text(&query, 2);
    status->held_since_ms = query_time(&query, 3);
    status->probe_ms = query_time(&query, 4);
    status->pause_reason = query_text(&query, 5);
    status->paused_by = query_text(&query, 6);
    status->paused_since_ms = query_time(&query, 7);
    status->wait_until_ms = query_time(&query, 8);
    status->quota_limit = query_time(&query, 9);
    status->quota_left = query_time(&query, 10);
    status->quota_reset_ms = query_time(&query, 11);
    status->breaker_since_ms = query_time(&query, 12);
    status->breaker_probe_ms = query_time(&query, 13);
    status->breaker_text = query_text(&query, 14);
    query_close(&query);
    return true;
}

static bool read_relay(struct store *store, struct view_status *status,
                       struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_VIEWS_RELAY);
    if (!query_first(&query, err))
        return false;
    status->relay_pid = query_int64(&query, 0);
    status->relay_started_ms = query_time(&query, 1);
    status->relay_host = query_text(&query, 2);
    query_close(&query);
    return true;
}

static int64_t wal_bytes(const struct store *store)
{
    struct buf path;
    struct stat status;
    const char *database = sqlite3_db_filename(store->database, "main");
    buf_init(&path, PATH_MAX);
    buf_add_format(&path, "%s-wal", database == NULL ? "" : database);
    bool exists = stat(buf_text(&path), &status) == 0;
    buf_free(&path);
    return exists ? (int64_t)status.st_size : 0;
}

static bool read_database(struct store *store, bool with_causes,
                          struct view_status *status, struct err *err)
{
    struct moment moment;
    if (!moment_begin(&moment, store, err))
        return false;
    bool good =
        read_counts(store, status, err) && read_backlog(store, status, err) &&
        read_oldest(store, status, err) &&
        (!with_causes || read_causes(store, status, err)) &&
        read_destination(store, status, err) && read_relay(store, status, err);
    moment_end(&moment);
    return good;
}

static bool read_status(struct store *store, int64_t now_ms, bool with_causes,
                        struct view_status *status, struct err *err)
{
    *status = (struct view_status){.now_ms = now_ms};
    status->wal_bytes = wal_bytes(store);
    if (read_database(store, with_causes, status, err) &&
        lock_is_held(store->path, &status->relay_is_running, err))
        return true;
    view_status_free(status);
    return false;
}

bool view_read_sending(struct store *store, int64_t now_ms,
                       struct view_status *status, struct err *err)
{
    struct moment moment;
    *status = (struct view_status){.now_ms = now_ms,
                                   .oldest_pending_ms = OUTBOX_NO_TIME};
    if (!moment_begin(&moment, store, err))
        return false;
    bool good = read_counts(store, status, err) &&
                read_destination(store, status, err) &&
                read_relay(store, status, err) &&
                lock_is_held(store->path, &status->relay_is_running, err);
    moment_end(&moment);
    if (!good)
        view_status_free(status);
    return good;
}

bool view_read_status(struct store *store, int64_t now_ms,
                      struct view_status *status, struct err *err)
{
    return read_status(store, now_ms, true, status, err);
}

bool view_read_totals(struct store *store, int64_t now_ms,
                      struct view_status *status, struct err *err)
{
    return read_status(store, now_ms, false, status, err);
}

void view_status_free(struct view_status *status)
{
    free(status->kinds);
    free(status->causes);
    free(status->api_url);
    free(status->hold_reason);
    free(status->hold_text);
    free(status->breaker_text);
    free(status->pause_reason);
    free(status->paused_by);
    free(status->relay_host);
    *status = (struct view_status){0};
}
