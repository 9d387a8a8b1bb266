/* outbox_attempt.c - attempts begin and end, deliveries settle. */
#include "outbox/outbox.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "outbox/counters.h"
#include "outbox/lane.h"
#include "outbox/query.h"
#include "outbox/user.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of one in a list, with its comma. */
enum { MOST_ID_BYTES = 21 };

/* One that is pending leaves, or joins, those that wait. */
static void count_pending(struct store *store, const struct outbox_claim *claim,
                          int64_t delta)
{
    counters_add(store, "pending", delta);
    counters_add_backlog(store, claim->arrived_ms, claim->kind, delta);
}

/* Run what changes a delivery only while it is due. */
static bool run_on_head(struct query *query, const struct outbox_claim *claim,
                        struct err *err)
{
    if (!query_run(query, err))
        return false;
    if (query_changes(query->store) == 0)
        return err_set(err, ERR_INVALID, "delivery %lld is not due",
                       (long long)claim->id);
    return true;
}

/* --- an attempt begins --------------------------------------------------- */

/* All at once. */
static bool take_heads(struct store *store, int64_t epoch,
                       const struct outbox_start *starts, int count,
                       struct err *err)
{
    struct buf ids;
    struct query query;
    buf_init(&ids, (size_t)count * MOST_ID_BYTES + 2);
    for (int i = 0; i < count; i++) {
        buf_add_byte(&ids, i == 0 ? '[' : ',');
        buf_add_int64(&ids, starts[i].claim->id);
    }
    buf_add_byte(&ids, ']');
    query_open(&query, store, QUERY_OUTBOX_START);
    query_bind_int64(&query, "epoch", epoch);
    query_bind_text(&query, "ids", buf_text(&ids));
    bool good = query_run(&query, err);
    if (good && query_changes(store) != count)
        good = err_set(err, ERR_INVALID, "not all of deliveries %s are due",
                       buf_text(&ids));
    buf_free(&ids);
    return good;
}

/* Bytes are stored once while they stay the same: NULL says "as before", empty
 * "there is no such call". */
static const char *bytes_to_store(const struct outbox_claim *claim,
                                  const char *before, const char *now)
{
    if (claim->attempts > 0 && text_equals(before, now))
        return NULL;
    return now == NULL ? "" : now;
}

static bool record_start(struct store *store, int64_t epoch,
                         const struct outbox_start *start, struct err *err)
{
    const struct outbox_claim *claim = start->claim;
    char cause[48] = "automatic";
    struct query query;
    if (claim->operation_id != 0)
        (void)snprintf(cause, sizeof(cause), "operation %" PRId64,
                       claim->operation_id);
    query_open(&query, store, QUERY_OUTBOX_START_ATTEMPT);
    query_bind_int64(&query, "id", claim->id);
    query_bind_int64(&query, "number", claim->attempts + 1);
    query_bind_int64(&query, "epoch", epoch);
    query_bind_text(&query, "cause", cause);
    query_bind_int64(&query, "now_ms", start->now_ms);
    query_bind_time(&query, "newest_ms",
                    start->is_newest ? start->timestamp_ms : OUTBOX_NO_TIME);
    query_bind_int64(&query, "newest_confirmed",
                     start->is_newest && start->is_confirmed);
    query_bind_text(
        &query, "attributes",
        bytes_to_store(claim, claim->attributes, start->attributes));
    query_bind_text(
        &query, "event_body",
        bytes_to_store(claim, claim->event_body, start->event_body));
    return query_run(&query, err);
}

bool outbox_start_attempts(struct store *store, int64_t epoch,
                           const struct outbox_start *starts, int count,
                           struct err *err)
{
    if (count == 0)
        return true;
    if (!take_heads(store, epoch, starts, count, err))
        return false;
    for (int i = 0; i < count; i++) {
        if (!record_start(store, epoch, &starts[i], err))
            return false;
        count_pending(store, starts[i].claim, -1);
    }
    counters_add(store, "sending", count);
    return true;
}

/* --- without an attempt -------------------------------------------------- */

bool outbox_settle(struct store *store, const struct outbox_claim *claim,
                   const struct outbox_settlement *settlement, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_SETTLE);
    query_bind_text(&query, "state", settlement->state);
    query_bind_text(&query, "reason", settlement->reason);
    query_bind_text(&query, "result", settlement->result);
    query_bind_int64(&query, "now_ms", settlement->now_ms);
    query_bind_int64(&query, "id", claim->id);
    if (!run_on_head(&query, claim, err))
        return false;
    count_pending(store, claim, -1);
    counters_add(store, settlement->state, 1);
    counters_add_minute(store, settlement->now_ms, claim->kind,
                        settlement->state);
    const struct lane_settled settled = {
        .lane = claim->lane, .id = claim->id, .user_id = claim->user_id};
    return lane_make_next_due(store, &settled, 1, err);
}

/* --- an attempt ends ----------------------------------------------------- */

/* The call that delivered, if there was one that an event left with: the
 * delivery tells it (outbox_call_made). */
static const struct outbox_call *find_told_call(const struct outbox_end *end)
{
    if (end->call_count == 0 || !text_equals(end->state, "delivered"))
        return NULL;
    const struct outbox_call *last = &end->calls[end->call_count - 1];
    bool is_plain = text_equals(last->request, "POST /events") &&
                    last->status == end->status && last->result == NULL &&
                    last->answer == NULL;
    return is_plain ? last : NULL;
}

static void bind_told_call(struct query *query, const struct outbox_end *end)
{
    const struct outbox_call *call = find_told_call(end);
    bool has_id = call != NULL && call->request_id[0] != '\0';
    query_bind_time(query, "call_number",
                    call == NULL ? OUTBOX_NO_TIME : (int64_t)end->call_count);
    query_bind_time(query, "call_started_ms",
                    call == NULL ? OUTBOX_NO_TIME : call->started_ms);
    query_bind_time(query, "call_took_ms",
                    call == NULL ? OUTBOX_NO_TIME : call->took_ms);
    query_bind_text(query, "call_request_id", has_id ? call->request_id : NULL);
}

/* Where it is from now on, if it is not delivered. */
static void bind_otherwise(struct query *query, const struct outbox_end *end)
{
    bool is_pending = text_equals(end->state, "pending");
    query_bind_text(query, "state", end->state);
    query_bind_time(query, "settled_ms",
                    is_pending ? OUTBOX_NO_TIME : end->now_ms);
    query_bind_int64(query, "not_before_ms",
                     is_pending ? end->not_before_ms : 0);
    query_bind_int64(query, "unknown", text_equals(end->outcome, "unknown"));
    query_bind_int64(query, "costs_try", end->costs_try);
    query_bind_int64(query, "open_ms", end->open_ms);
}

static bool run_end(struct store *store, enum query_name name, int64_t epoch,
                    const struct outbox_end *end, struct err *err)
{
    bool is_plain = name == QUERY_OUTBOX_END_DELIVERED_PLAINLY;
    struct query query;
    query_open(&query, store, name);
    if (!is_plain)
        query_bind_text(&query, "reason", end->reason);
    query_bind_text(&query, "result", end->result);
    query_bind_time(&query, "status",
                    end->status == 0 ? OUTBOX_NO_TIME : end->status);
    query_bind_int64(&query, "now_ms", end->now_ms);
    query_bind_int64(&query, "bound", end->event_may_have_left);
    if (name != QUERY_OUTBOX_END)
        bind_told_call(&query, end);
    query_bind_int64(&query, "id", end->claim->id);
    query_bind_int64(&query, "epoch", epoch);
    if (!is_plain)
        query_bind_int64(&query, "number", end->number);
    if (name == QUERY_OUTBOX_END)
        bind_otherwise(&query, end);
    return query_run(&query, err);
}

static bool end_delivery(struct store *store, int64_t epoch,
                         const struct outbox_end *end, struct err *err)
{
    enum query_name name = QUERY_OUTBOX_END;
    if (text_equals(end->state, "delivered"))
        name = QUERY_OUTBOX_END_DELIVERED;
    if (name == QUERY_OUTBOX_END_DELIVERED && end->reason == NULL &&
        end->number == 1) {
        if (!run_end(store, QUERY_OUTBOX_END_DELIVERED_PLAINLY, epoch, end,
                     err))
            return false;
        if (query_changes(store) > 0)
            return true;
    }
    if (!run_end(store, name, epoch, end, err))
        return false;
    if (query_changes(store) == 0)
        return err_set(err, ERR_SUPERSEDED,
                       "delivery %lld is not being sent by this relay",
                       (long long)end->claim->id);
    return true;
}

/* Of one that delivered, the delivery says it all (outbox_attempt_outcome). */
static bool record_end(struct store *store, const struct outbox_end *end,
                       struct err *err)
{
    struct query query;
    if (text_equals(end->state, "delivered"))
        return true;
    query_open(&query, store, QUERY_OUTBOX_END_ATTEMPT);
    query_bind_int64(&query, "now_ms", end->now_ms);
    query_bind_text(&query, "outcome", end->outcome);
    query_bind_text(&query, "reason", end->reason);
    query_bind_text(&query, "result", end->result);
    query_bind_int64(&query, "id", end->claim->id);
    query_bind_int64(&query, "number", end->number);
    return query_run(&query, err);
}

static bool record_call(struct store *store, const struct outbox_end *end,
                        size_t index, struct err *err)
{
    const struct outbox_call *call = &end->calls[index];
    struct query query;
    query_open(&query, store, QUERY_OUTBOX_END_CALL);
    query_bind_int64(&query, "id", end->claim->id);
    query_bind_int64(&query, "attempt", end->number);
    query_bind_int64(&query, "number", (int64_t)index + 1);
    query_bind_text(&query, "request", call->request);
    query_bind_int64(&query, "started_ms", call->started_ms);
    query_bind_int64(&query, "took_ms", call->took_ms);
    query_bind_time(&query, "status",
                    call->status == 0 ? OUTBOX_NO_TIME : call->status);
    query_bind_text(&query, "request_id",
                    call->request_id[0] == '\0' ? NULL : call->request_id);
    query_bind_text(&query, "result", call->result);
    query_bind_blob(&query, "answer", call->answer, call->answer_length);
    return query_run(&query, err);
}

static void count_end(struct store *store, const struct outbox_end *end)
{
    const struct outbox_claim *claim = end->claim;
    counters_add(store, "sending", -1);
    counters_add_minute(store, end->now_ms, claim->kind, end->outcome);
    if (text_equals(end->state, "pending"))
        count_pending(store, claim, 1);
    else
        counters_add(store, end->state, 1);
    if (!text_equals(end->state, "delivered"))
        return;
    counters_add(store, "delivered_ever", 1);
    counters_add(store, "delivered_calls", (int64_t)end->call_count);
}

/* Those whose lanes go on behind them. */
struct settled {
    struct lane_settled *items;
    int count;
};

static bool record_all_of_end(struct store *store, int64_t epoch,
                              const struct outbox_end *end,
                              struct settled *settled, struct err *err)
{
    int64_t user_id;
    if (!end_delivery(store, epoch, end, err) || !record_end(store, end, err) ||
        !user_record_end(store, epoch, end, &user_id, err))
        return false;
    size_t count = end->call_count - (find_told_call(end) != NULL);
    for (size_t i = 0; i < count; i++) {
        if (!record_call(store, end, i, err))
            return false;
    }
    count_end(store, end);
    if (text_equals(end->state, "pending"))
        return lane_make_due(store, end->claim->lane, end->claim->id, err);
    settled->items[settled->count++] = (struct lane_settled){
        .lane = end->claim->lane, .id = end->claim->id, .user_id = user_id};
    return true;
}

bool outbox_end_attempts(struct store *store, int64_t epoch,
                         const struct outbox_end *ends, int count,
                         struct err *err)
{
    if (count == 0)
        return true;
    struct settled settled = {
        .items = mem_new_array((size_t)count, sizeof(*settled.items))};
    bool good = true;
    for (int i = 0; good && i < count; i++)
        good = record_all_of_end(store, epoch, &ends[i], &settled, err);
    good = good && lane_make_next_due(store, settled.items, settled.count, err);
    free(settled.items);
    return good;
}
