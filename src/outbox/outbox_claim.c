/* outbox_claim.c - which deliveries are due. */
#include "outbox/outbox.h"

#include "outbox/query.h"

#include <assert.h>
#include <stdlib.h>

/* The columns of outbox_due_fresh, _retry and _operation. */
static void read_claim(const struct query *query, struct outbox_claim *claim)
{
    *claim = (struct outbox_claim){
        .id = query_int64(query, 0),
        .lane = query_text(query, 1),
        .arrived_ms = query_int64(query, 3),
        .attempts = (int)query_int64(query, 4),
        .tries = (int)query_int64(query, 5),
        .first_try_open_ms = query_time(query, 6),
        .missing_open_ms = query_time(query, 7),
        .unknown = query_int64(query, 8) != 0,
        .bound = query_int64(query, 9) != 0,
        .contact_id = query_text(query, 11),
        .sent_timestamp_ms = query_time(query, 12),
        .sent_id = query_int64(query, 13),
        .sent_attributes = query_text(query, 14),
        .confirmed_timestamp_ms = query_time(query, 15),
        .confirmed_id = query_int64(query, 16),
        .confirmed_ms = query_time(query, 17),
        .confirmed_epoch = query_int64(query, 18),
        .sent_events = query_text(query, 19),
        .quiet_until_ms = query_time(query, 20),
        .operation_id = query_int64(query, 21),
        .user_id = query_int64(query, 22),
        .follows = query_int64(query, 23) != 0,
        .last_user_id = query_int64(query, 24),
    };
    query_copy(query, 2, claim->kind, sizeof(claim->kind));
    claim->payload = query_bytes(query, 10, &claim->payload_length);
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

enum queue { FRESH, RETRY, OPERATION, QUEUE_COUNT };

enum { TURN_COUNT = 4 };

/* Whom each turn serves first, and whom in their absence. */
static const enum queue turns[TURN_COUNT][QUEUE_COUNT] = {
    {FRESH, RETRY, OPERATION},
    {RETRY, FRESH, OPERATION},
    {FRESH, RETRY, OPERATION},
    {OPERATION, RETRY, FRESH},
};

/* Read the next of the queues that the turn prefers; *found is false if all
 * are empty. */
static bool read_next(struct query *queues, bool *is_open, unsigned turn,
                      struct outbox_claim *claim, bool *found, struct err *err)
{
    *found = false;
    for (int i = 0; i < QUEUE_COUNT; i++) {
        enum queue from = turns[turn][i];
        if (!is_open[from])
            continue;
        enum query_step step = query_next(&queues[from], err);
        if (step == QUERY_FAILED)
            return false;
        is_open[from] = step == QUERY_ROW;
        if (step == QUERY_END)
            continue;
        read_claim(&queues[from], claim);
        *found = true;
        return true;
    }
    return true;
}

static bool read_in_turns(struct store *store, struct query *queues, int limit,
                          struct outbox_claim *claims, int *count,
                          struct err *err)
{
    bool is_open[QUEUE_COUNT] = {true, true, true};
    bool found = true;
    while (*count < limit && found) {
        if (!read_next(queues, is_open, store->claim_turn, &claims[*count],
                       &found, err))
            return false;
        if (!found)
            break;
        (*count)++;
        store->claim_turn = (store->claim_turn + 1) % TURN_COUNT;
    }
    return true;
}

static bool read_due(struct store *store, int64_t now_ms, int limit,
                     struct outbox_claim *claims, int *count, struct err *err)
{
    static const enum query_name names[QUEUE_COUNT] = {
        QUERY_OUTBOX_DUE_FRESH,
        QUERY_OUTBOX_DUE_RETRY,
        QUERY_OUTBOX_DUE_OPERATION,
    };
    struct query queues[QUEUE_COUNT];
    for (int i = 0; i < QUEUE_COUNT; i++) {
        query_open(&queues[i], store, names[i]);
        if (i == RETRY)
            query_bind_int64(&queues[i], "now_ms", now_ms);
        query_bind_int64(&queues[i], "limit", limit);
    }
    bool good = read_in_turns(store, queues, limit, claims, count, err);
    for (int i = 0; i < QUEUE_COUNT; i++)
        query_close(&queues[i]);
    for (int i = 0; good && i < *count; i++)
        good = read_bytes(store, &claims[i], err);
    return good;
}

bool outbox_find_due(struct store *store, int64_t now_ms, int limit,
                     struct outbox_claim *claims, int *count, struct err *err)
{
    assert(limit > 0);
    *count = 0;
    if (read_due(store, now_ms, limit, claims, count, err))
        return true;
    while (*count > 0)
        outbox_claim_free(&claims[--*count]);
    return false;
}

bool outbox_put_off(struct store *store, const struct outbox_claim *claim,
                    int64_t until_ms, int64_t now_ms, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_PUT_OFF);
    query_bind_int64(&query, "until_ms", until_ms);
    query_bind_int64(&query, "now_ms", now_ms);
    query_bind_int64(&query, "id", claim->id);
    if (!query_run(&query, err))
        return false;
    query_open(&query, store, QUERY_OUTBOX_BE_QUIET);
    query_bind_text(&query, "lane", claim->lane);
    query_bind_int64(&query, "until_ms", until_ms);
    return query_run(&query, err);
}

bool outbox_pull_back(struct store *store, int64_t now_ms, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_PULL_BACK);
    query_bind_int64(&query, "now_ms", now_ms);
    return query_run(&query, err);
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
