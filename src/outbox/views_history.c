/* views_history.c - all that was tried for one delivery. */
#include "outbox/views.h"

#include "base/mem.h"
#include "outbox/moment.h"
#include "outbox/query.h"

#include <assert.h>
#include <stdlib.h>

static bool read_payload(struct store *store, int64_t id,
                         struct view_history *history, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_VIEWS_PAYLOAD);
    query_bind_int64(&query, "id", id);
    enum query_step step = query_next(&query, err);
    if (step == QUERY_ROW)
        history->payload = query_bytes(&query, 0, &history->payload_length);
    query_close(&query);
    if (step == QUERY_END)
        return err_set(err, ERR_NOT_FOUND, "there is no delivery %lld",
                       (long long)id);
    return step == QUERY_ROW;
}

/* The bytes in force: a NULL column means those before, an empty one none. */
static char *read_bytes(const struct query *query, int column,
                        const char *before)
{
    size_t length;
    char *bytes = query_bytes(query, column, &length);
    if (bytes == NULL)
        return mem_copy_text(before);
    if (length > 0)
        return bytes;
    free(bytes);
    return NULL;
}

static void add_attempt(struct view_history *history, const struct query *query)
{
    size_t count = history->attempt_count;
    struct view_attempt *attempts =
        mem_resize(history->attempts, (count + 1) * sizeof(*attempts));
    assert(attempts != NULL); /* for the analyzer: mem_resize() ends instead */
    history->attempts = attempts;
    const struct view_attempt *before =
        count == 0 ? NULL : &attempts[count - 1];
    attempts[count] = (struct view_attempt){
        .number = (int)query_int64(query, 0),
        .cause = query_text(query, 1),
        .outcome = query_text(query, 2),
        .reason = query_text(query, 3),
        .result = query_text(query, 4),
        .started_ms = query_time(query, 5),
        .ended_ms = query_time(query, 6),
        .attributes =
            read_bytes(query, 7, before == NULL ? NULL : before->attributes),
        .event_body =
            read_bytes(query, 8, before == NULL ? NULL : before->event_body),
    };
    history->attempt_count++;
}

static bool read_attempts(struct store *store, int64_t id,
                          struct view_history *history, struct err *err)
{
    struct query query;
    enum query_step step;
    query_open(&query, store, QUERY_VIEWS_ATTEMPTS);
    query_bind_int64(&query, "id", id);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        add_attempt(history, &query);
    return step == QUERY_END;
}

static void add_call(struct view_attempt *attempt, const struct query *query)
{
    size_t count = attempt->call_count;
    attempt->calls =
        mem_resize(attempt->calls, (count + 1) * sizeof(*attempt->calls));
    struct view_call *call = &attempt->calls[count];
    *call = (struct view_call){
        .number = (int)query_int64(query, 1),
        .request = query_text(query, 2),
        .started_ms = query_int64(query, 3),
        .took_ms = query_int64(query, 4),
        .status = (int)query_int64(query, 5),
        .request_id = query_text(query, 6),
        .result = query_text(query, 7),
    };
    call->answer = query_bytes(query, 8, &call->answer_length);
    attempt->call_count++;
}

/* Calls and attempts both come in the order of the attempts' numbers. */
static bool read_calls(struct store *store, int64_t id,
                       struct view_history *history, struct err *err)
{
    struct query query;
    enum query_step step;
    size_t at = 0;
    query_open(&query, store, QUERY_VIEWS_CALLS);
    query_bind_int64(&query, "id", id);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        int64_t number = query_int64(&query, 0);
        while (at < history->attempt_count &&
               history->attempts[at].number < number)
            at++;
        if (at < history->attempt_count &&
            history->attempts[at].number == number)
            add_call(&history->attempts[at], &query);
    }
    return step == QUERY_END;
}

bool view_read_history(struct store *store, int64_t id,
                       struct view_history *history, struct err *err)
{
    struct moment moment;
    *history = (struct view_history){0};
    if (!moment_begin(&moment, store, err))
        return false;
    bool good = read_payload(store, id, history, err) &&
                read_attempts(store, id, history, err) &&
                read_calls(store, id, history, err);
    moment_end(&moment);
    if (!good)
        view_history_free(history);
    return good;
}

static void free_call(struct view_call *call)
{
    free(call->request);
    free(call->request_id);
    free(call->result);
    free(call->answer);
}

static void free_attempt(struct view_attempt *attempt)
{
    for (size_t i = 0; i < attempt->call_count; i++)
        free_call(&attempt->calls[i]);
    free(attempt->calls);
    free(attempt->cause);
    free(attempt->outcome);
    free(attempt->reason);
    free(attempt->result);
    free(attempt->attributes);
    free(attempt->event_body);
}

void view_history_free(struct view_history *history)
{
    for (size_t i = 0; i < history->attempt_count; i++)
        free_attempt(&history->attempts[i]);
    free(history->attempts);
    free(history->payload);
    *history = (struct view_history){0};
}
