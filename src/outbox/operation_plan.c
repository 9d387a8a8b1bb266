/* operation_plan.c - what an operation would do, before it does it. */
#include "outbox/operation.h"

#include "base/text.h"
#include "outbox/operation_row.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

enum { QUOTA_WINDOW_MS = 10000, QUOTA_SHARE = 4, MOST_CALLS_EACH = 2 };

/* A delivery as it is now. */
struct look {
    char state[16];
    char reason[64];
    char kind[32];
    bool waits_for_time;
    bool is_head;
    bool bound;
    int64_t newest_sent_id; /* of its user */
};

/* Why a state is left alone, whatever else is true; NULL: it is not. */
struct rule {
    const char *state;
    const char *on_retry;
    const char *on_discard;
};

static const struct rule rules[] = {
    {"sending", "being sent now", "being sent now"},
    {"delivered", "delivered already", "delivered already"},
    {"skipped", NULL, "skipped: nothing to discard"},
    {"discarded", NULL, "discarded already"},
};

static const char *why_waiting_is_left(const struct look *look)
{
    if (!look->is_head)
        return "waits behind an older one of its user";
    return look->waits_for_time ? NULL : "due already";
}

static const char *why_left(const struct operation_plan *plan,
                            const struct look *look)
{
    if (plan->is_retry && plan->include_delivered &&
        text_equals(look->state, "delivered"))
        return NULL;
    if (plan->is_retry && text_equals(look->state, "pending"))
        return why_waiting_is_left(look);
    if (plan->is_retry && text_equals(look->reason, "contact_deleted"))
        return "contact deleted for good in Intercom";
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (text_equals(look->state, rules[i].state))
            return plan->is_retry ? rules[i].on_retry : rules[i].on_discard;
    }
    return NULL;
}

static bool read_look(struct store *store, const struct operation_plan *plan,
                      int64_t id, struct look *look, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_LOOK);
    query_bind_int64(&query, "now_ms", plan->now_ms);
    query_bind_int64(&query, "id", id);
    if (!query_find(&query, err, "there is no delivery %lld", (long long)id))
        return false;
    query_copy(&query, 0, look->state, sizeof(look->state));
    query_copy(&query, 1, look->reason, sizeof(look->reason));
    look->waits_for_time = query_int64(&query, 2) != 0;
    look->bound = query_int64(&query, 3) != 0;
    query_copy(&query, 4, look->kind, sizeof(look->kind));
    look->newest_sent_id = query_int64(&query, 5);
    look->is_head = query_int64(&query, 6) != 0;
    query_close(&query);
    return true;
}

static void count_left(struct operation_plan *plan, const char *why)
{
    plan->left++;
    for (size_t i = 0; i < plan->reason_count; i++) {
        if (text_equals(plan->reasons[i].why, why)) {
            plan->reasons[i].count++;
            return;
        }
    }
    plan->reasons[plan->reason_count++] =
        (struct operation_left){.why = why, .count = 1};
}

static void count_planned(struct operation_plan *plan, int64_t id,
                          const struct look *look)
{
    bool is_delivered = text_equals(look->state, "delivered");
    plan->planned++;
    if (plan->sample_id == 0)
        plan->sample_id = id;
    if (!plan->is_retry)
        return;
    plan->duplicates += is_delivered;
    plan->stale += look->newest_sent_id > id;
    plan->may_be_old += look->bound && !is_delivered;
}

static bool add_one(struct store *store, struct operation_plan *plan,
                    int64_t id, struct err *err)
{
    struct look look;
    if (!read_look(store, plan, id, &look, err))
        return false;
    const char *why = why_left(plan, &look);
    struct query query;
    query_open(&query, store, QUERY_OPERATION_ITEM_ADD);
    query_bind_int64(&query, "operation", plan->id);
    query_bind_text(&query, "why", why);
    query_bind_int64(&query, "id", id);
    if (!query_run(&query, err))
        return false;
    if (query_changes(store) == 0)
        return true;
    plan->matched++;
    if (why != NULL)
        count_left(plan, why);
    else
        count_planned(plan, id, &look);
    return true;
}

static bool write_counts(struct store *store, const struct operation_plan *plan,
                         struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_SET_COUNTS);
    query_bind_int64(&query, "matched", plan->matched);
    query_bind_int64(&query, "planned", plan->planned);
    query_bind_int64(&query, "id", plan->id);
    return query_run(&query, err);
}

bool operation_plan_begin(struct store *store,
                          const struct operation_request *request,
                          struct operation_plan *plan, struct err *err)
{
    *plan = (struct operation_plan){
        .is_retry = text_equals(request->action, "retry"),
        .include_delivered = request->include_delivered,
        .now_ms = request->now_ms,
        .duration_ms = -1,
    };
    if (!store_begin(store, err))
        return false;
    bool added =
        operation_row_add(store, request, "planned", 0, &plan->id, err);
    return operation_row_finish(store, added, err);
}

bool operation_plan_add(struct store *store, struct operation_plan *plan,
                        const int64_t *ids, size_t count, struct err *err)
{
    const struct operation_plan before = *plan;
    if (!store_begin(store, err))
        return false;
    bool added = true;
    for (size_t i = 0; added && i < count; i++)
        added = add_one(store, plan, ids[i], err);
    added = added && write_counts(store, plan, err);
    if (operation_row_finish(store, added, err))
        return true;
    *plan = before;
    return false;
}

bool operation_plan_finish(struct store *store, struct operation_plan *plan,
                           struct err *err)
{
    struct query query;
    if (!plan->is_retry)
        return true;
    query_open(&query, store, QUERY_OPERATION_RECKON);
    if (!query_first(&query, err))
        return false;
    int64_t calls = query_int64(&query, 0);
    int64_t delivered = query_int64(&query, 1);
    int64_t quota = query_int64(&query, 2);
    query_close(&query);
    /* Without experience yet: a contact and an event each. */
    double each = MOST_CALLS_EACH;
    if (delivered > 0 && calls > 0 && calls < delivered * MOST_CALLS_EACH)
        each = (double)calls / (double)delivered;
    plan->calls = (int64_t)((double)plan->planned * each + 0.5);
    if (quota > 0)
        plan->duration_ms = plan->calls * QUOTA_WINDOW_MS * QUOTA_SHARE / quota;
    return true;
}

static bool drop_page(struct store *store, int64_t id, bool *done,
                      struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_DROP_ITEMS);
    query_bind_int64(&query, "id", id);
    query_bind_int64(&query, "limit", OPERATION_PAGE);
    if (!query_run(&query, err))
        return false;
    *done = query_changes(store) < OPERATION_PAGE;
    if (!*done)
        return true;
    query_open(&query, store, QUERY_OPERATION_DROP);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

static bool check_is_plan(struct store *store, int64_t id, struct err *err)
{
    struct operation_row row;
    if (!operation_read(store, id, &row, err))
        return false;
    bool is_plan = text_equals(row.state, "planned");
    operation_row_free(&row);
    return is_plan || err_set(err, ERR_INVALID,
                              "operation %lld has been started", (long long)id);
}

bool operation_plan_drop(struct store *store, int64_t id, bool *done,
                         struct err *err)
{
    if (!store_begin(store, err))
        return false;
    bool dropped =
        check_is_plan(store, id, err) && drop_page(store, id, done, err);
    return operation_row_finish(store, dropped, err);
}

static bool start(struct store *store, int64_t id, int64_t now_ms,
                  struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_START);
    query_bind_int64(&query, "now_ms", now_ms);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

bool operation_start(struct store *store, int64_t id, int64_t now_ms,
                     struct err *err)
{
    if (!store_begin(store, err))
        return false;
    bool started =
        check_is_plan(store, id, err) && start(store, id, now_ms, err);
    return operation_row_finish(store, started, err);
}
