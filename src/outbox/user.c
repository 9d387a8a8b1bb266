#include "outbox/user.h"

#include "outbox/query.h"

static bool has_learned_of_user(const struct outbox_end *end)
{
    return end->contact_id != NULL || end->sent_events != NULL ||
           end->attributes_confirmed || end->is_newest ||
           end->quiet_until_ms != OUTBOX_NO_TIME;
}

/* The bytes are those of the attempt's start, which the row of the attempt
 * holds too: to look them up there costs more than all the rest. */
static void bind_user(struct query *query, int64_t epoch,
                      const struct outbox_end *end)
{
    bool confirmed = end->attributes_confirmed;
    bool moves_confirmed = end->is_newest && (confirmed || end->is_confirmed);
    int64_t id = end->claim->id;
    query_bind_text(query, "sent_events", end->sent_events);
    query_bind_text(query, "contact", end->contact_id);
    query_bind_time(query, "newest_ms",
                    end->is_newest ? end->timestamp_ms : OUTBOX_NO_TIME);
    query_bind_time(query, "newest_id", end->is_newest ? id : OUTBOX_NO_TIME);
    query_bind_text(query, "attributes",
                    end->is_newest ? end->attributes : NULL);
    query_bind_time(query, "confirmed_newest_ms",
                    moves_confirmed ? end->timestamp_ms : OUTBOX_NO_TIME);
    query_bind_time(query, "confirmed_ms",
                    confirmed ? end->now_ms : OUTBOX_NO_TIME);
    query_bind_time(query, "confirmed_newest_id",
                    moves_confirmed ? id : OUTBOX_NO_TIME);
    query_bind_time(query, "epoch", confirmed ? epoch : OUTBOX_NO_TIME);
    query_bind_time(query, "quiet_until_ms", end->quiet_until_ms);
}

/* More users than have events in turns, as a rule: among more than that, each
 * would move at each event, which costs a fifth more than not to move. */
enum { USERS_NEARBY = 16384 };

static bool is_nearby(const struct outbox_claim *claim)
{
    int64_t behind = claim->last_user_id - claim->user_id;
    return behind < USERS_NEARBY || behind < claim->last_user_id / 32;
}

/* Users lie all over the file, in the order in which they came. Who has events
 * in a row moves to the end of the table, so that those who have events now
 * share pages, where each event would read and write one of its own. That is
 * once, until the table has grown by a thirtieth. */
static bool move_user(struct store *store, const struct outbox_claim *claim,
                      int64_t *user_id, struct err *err)
{
    struct query query;
    if (!claim->follows || is_nearby(claim))
        return true;
    query_open(&query, store, QUERY_OUTBOX_MOVE_USER);
    query_bind_int64(&query, "user", *user_id);
    query_bind_text(&query, "lane", claim->lane);
    enum query_step step = query_next(&query, err);
    if (step == QUERY_FAILED)
        return false;
    if (step == QUERY_ROW)
        *user_id = query_int64(&query, 0);
    query_close(&query);
    return true;
}

bool user_record_end(struct store *store, int64_t epoch,
                     const struct outbox_end *end, int64_t *user_id,
                     struct err *err)
{
    struct query query;
    *user_id = end->claim->user_id;
    if (!has_learned_of_user(end))
        return true;
    if (*user_id != 0) {
        if (!move_user(store, end->claim, user_id, err))
            return false;
        query_open(&query, store, QUERY_OUTBOX_END_USER);
        bind_user(&query, epoch, end);
        query_bind_int64(&query, "user", *user_id);
        query_bind_text(&query, "lane", end->claim->lane);
        if (!query_run(&query, err))
            return false;
        if (query_changes(store) > 0)
            return true;
    }
    *user_id = 0;
    query_open(&query, store, QUERY_OUTBOX_END_NEW_USER);
    bind_user(&query, epoch, end);
    query_bind_text(&query, "lane", end->claim->lane);
    return query_run(&query, err);
}
