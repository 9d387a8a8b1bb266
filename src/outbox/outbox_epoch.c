/* outbox_epoch.c - a relay begins, takes its turns, and ends. */
#include "outbox/outbox.h"

#include "outbox/counters.h"
#include "outbox/query.h"

#include <unistd.h>

/* Count what the epoch before left sending as pending again. */
static bool count_left(struct store *store, int64_t now_ms, int64_t *unknown,
                       struct err *err)
{
    struct query query;
    enum query_step step;
    *unknown = 0;
    query_open(&query, store, QUERY_EPOCH_LEFT_SENDING);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        char kind[32];
        query_copy(&query, 0, kind, sizeof(kind));
        counters_add_backlog(store, query_int64(&query, 1), kind, 1);
        counters_add_minute(store, now_ms, kind, "unknown");
        (*unknown)++;
    }
    counters_add(store, "sending", -*unknown);
    counters_add(store, "pending", *unknown);
    return step == QUERY_END;
}

/* timeout_ms is the one of the relay that made the attempts. */
static bool recover(struct store *store, int64_t now_ms, int64_t timeout_ms,
                    struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_EPOCH_END_ATTEMPTS);
    query_bind_int64(&query, "now_ms", now_ms);
    if (!query_run(&query, err))
        return false;
    if (!query_run_plain(store, QUERY_EPOCH_KEEP_NEWEST, err))
        return false;
    query_open(&query, store, QUERY_EPOCH_RECOVER);
    query_bind_int64(&query, "timeout_ms", timeout_ms);
    query_bind_int64(&query, "now_ms", now_ms);
    return query_run(&query, err) &&
           query_run_plain(store, QUERY_EPOCH_BE_QUIET, err) &&
           outbox_pull_back(store, now_ms, err);
}

static bool write_relay(struct store *store, int64_t epoch,
                        const struct outbox_epoch_options *options,
                        struct err *err)
{
    char host[256];
    if (gethostname(host, sizeof(host)) != 0)
        host[0] = '\0';
    host[sizeof(host) - 1] = '\0';
    struct query query;
    query_open(&query, store, QUERY_EPOCH_BEGIN);
    query_bind_int64(&query, "epoch", epoch);
    query_bind_int64(&query, "pid", getpid());
    query_bind_text(&query, "host", host);
    query_bind_int64(&query, "now_ms", options->now_ms);
    query_bind_int64(&query, "timeout_ms", options->timeout_ms);
    if (!query_run(&query, err))
        return false;
    query_open(&query, store, QUERY_EPOCH_SET_API_URL);
    query_bind_text(&query, "api_url", options->api_url);
    return query_run(&query, err);
}

static bool begin_epoch(struct store *store,
                        const struct outbox_epoch_options *options,
                        struct outbox_recovery *recovery, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_EPOCH_READ);
    if (!query_first(&query, err))
        return false;
    recovery->epoch = query_int64(&query, 0) + 1;
    int64_t timeout_ms = query_time(&query, 1);
    recovery->open_ms = query_int64(&query, 2);
    query_close(&query);
    if (timeout_ms == OUTBOX_NO_TIME)
        timeout_ms = options->timeout_ms;
    recovery->timeout_ms = timeout_ms;
    return count_left(store, options->now_ms, &recovery->unknown, err) &&
           recover(store, options->now_ms, timeout_ms, err) &&
           write_relay(store, recovery->epoch, options, err);
}

bool outbox_begin_epoch(struct store *store,
                        const struct outbox_epoch_options *options,
                        struct outbox_recovery *recovery, struct err *err)
{
    if (!store_begin(store, err))
        return false;
    if (!begin_epoch(store, options, recovery, err)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, err);
}

bool outbox_end_epoch(struct store *store, int64_t epoch, int64_t now_ms,
                      struct err *err)
{
    if (!store_begin(store, err))
        return false;
    struct query query;
    query_open(&query, store, QUERY_EPOCH_END);
    query_bind_int64(&query, "now_ms", now_ms);
    query_bind_int64(&query, "epoch", epoch);
    if (!query_run(&query, err)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, err);
}

static bool check_epoch(struct store *store, int64_t epoch, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_EPOCH);
    if (!query_first(&query, err))
        return false;
    int64_t newest = query_int64(&query, 0);
    query_close(&query);
    if (newest != epoch)
        return err_set(err, ERR_SUPERSEDED, "a newer relay has taken over %s",
                       store->path);
    return true;
}

bool outbox_begin_turn(struct store *store, int64_t epoch, struct err *err)
{
    if (!store_begin(store, err))
        return false;
    if (check_epoch(store, epoch, err))
        return true;
    store_rollback(store);
    return false;
}
