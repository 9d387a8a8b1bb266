/* outbox_claim.c - which deliveries are due. */
#include "outbox/outbox.h"

#include "outbox/query.h"

#include <assert.h>
#include <stdlib.h>

/* No wait of ours is longer: retries wait an hour at most, a "future
 * created_at" a day. */
static const int64_t longest_wait_ms = (int64_t)25 * 3600 * 1000;

static bool pull_back(struct store *store, int64_t now_ms, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_PULL_BACK);
    query_bind_int64(&query, "now_ms", now_ms);
    query_bind_int64(&query, "latest_ms", now_ms + longest_wait_ms);
    return query_run(&query, err);
}

/* The columns of outbox_due_fresh and outbox_due_retry. */
static void read_claim(const struct query *query, struct outbox_claim *claim)
{
    *claim = (struct outbox_claim){
        .id = query_int64(query, 0),
        .lane = query_text(query, 1),
        .arrived_ms = query_int64(query, 3),
        .attempts = (int)query_int64(query, 4),
        .tries = (int)query_int64(query, 5),
        .first_try_open_ms = query_time(query, 6),
        .unknown = query_int64(query, 7) != 0,
        .bound = query_int64(query, 8) != 0,
        .contact_id = query_text(query, 10),
        .sent_timestamp_ms = query_time(query, 11),
        .sent_id = query_int64(query, 12),
        .sent_attributes = query_text(query, 13),
        .confirmed_timestamp_ms = query_time(query, 14),
        .confirmed_id = query_int64(query, 15),
        .confirmed_ms = query_time(query, 16),
        .confirmed_epoch = query_int64(query, 17),
        .sent_events = query_text(query, 18),
    };
    query_copy(query, 2, claim->kind, sizeof(claim->kind));
    claim->payload = query_bytes(query, 9, &claim->payload_length);
}

/* Empty bytes say that there is no such call. */
static char *bytes_in_force(const struct query *query, int column)
{
    size_t length;
    char *bytes = query_bytes(query, column, &length);
    if (bytes == NULL || length > 0)
        return bytes;
    free(bytes);
    return NULL;
}

static bool read_bytes(struct store *store, struct outbox_claim *claim,
                       struct err *err)
{
    if (claim->attempts == 0)
        return true;
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_BYTES);
    query_bind_int64(&query, "id", claim->id);
    if (!query_first(&query, err))
        return false;
    claim->attributes = bytes_in_force(&query, 0);
    claim->event_body = bytes_in_force(&query, 1);
    query_close(&query);
    return true;
}

enum { FRESH, RETRY, QUEUE_COUNT };

/* Take from the two queues in turn, from one alone when the other is empty. */
static bool read_alternating(struct store *store, struct query *queues,
                             int limit, struct outbox_claim *claims, int *count,
                             struct err *err)
{
    bool is_open[QUEUE_COUNT] = {true, true};
    while (*count < limit && (is_open[FRESH] || is_open[RETRY])) {
        int from = store->prefers_retry ? RETRY : FRESH;
        if (!is_open[from])
            from = from == RETRY ? FRESH : RETRY;
        enum query_step step = query_next(&queues[from], err);
        if (step == QUERY_FAILED)
            return false;
        is_open[from] = step == QUERY_ROW;
        if (step == QUERY_END)
            continue;
        read_claim(&queues[from], &claims[(*count)++]);
        store->prefers_retry = from == FRESH;
    }
    return true;
}

static bool read_due(struct store *store, int64_t now_ms, int limit,
                     struct outbox_claim *claims, int *count, struct err *err)
{
    struct query queues[QUEUE_COUNT];
    query_open(&queues[FRESH], store, QUERY_OUTBOX_DUE_FRESH);
    query_bind_int64(&queues[FRESH], "limit", limit);
    query_open(&queues[RETRY], store, QUERY_OUTBOX_DUE_RETRY);
    query_bind_int64(&queues[RETRY], "now_ms", now_ms);
    query_bind_int64(&queues[RETRY], "limit", limit);
    bool good = read_alternating(store, queues, limit, claims, count, err);
    query_close(&queues[FRESH]);
    query_close(&queues[RETRY]);
    for (int i = 0; good && i < *count; i++)
        good = read_bytes(store, &claims[i], err);
    return good;
}

bool outbox_find_due(struct store *store, int64_t now_ms, int limit,
                     struct outbox_claim *claims, int *count, struct err *err)
{
    assert(limit > 0);
    *count = 0;
    if (!pull_back(store, now_ms, err))
        return false;
    if (read_due(store, now_ms, limit, claims, count, err))
        return true;
    while (*count > 0)
        outbox_claim_free(&claims[--*count]);
    return false;
}

void outbox_claim_free(struct outbox_claim *claim)
{
    free(claim->lane);
    free(claim->payload);
    free(claim->attributes);
    free(claim->event_body);
    free(claim->contact_id);
    free(claim->sent_attributes);
    free(claim->sent_events);
    *claim = (struct outbox_claim){0};
}
