#include "outbox/operation.h"

#include "base/text.h"
#include "outbox/operation_row.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

/* --- taking back --------------------------------------------------------- */

/* Cancel is for the running, undo for the done. */
struct way_back {
    const char *action;
    const char *from;
    const char *to;
};

static const struct way_back cancel = {"cancel", "running", "cancelled"};
static const struct way_back undo = {"undo", "done", "undone"};

static bool find_newest(struct store *store, const struct way_back *way,
                        int64_t *id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_NEWEST);
    query_bind_text(&query, "state", way->from);
    if (!query_find(&query, err, "there is nothing to %s", way->action))
        return false;
    *id = query_int64(&query, 0);
    query_close(&query);
    return true;
}

static bool has_items(const struct operation_row *row)
{
    return text_equals(row->action, "retry") ||
           text_equals(row->action, "discard");
}

static bool check_way(const struct operation_row *row,
                      const struct way_back *way, struct err *err)
{
    bool is_one_row =
        text_equals(row->action, "rename") || text_equals(row->action, "pause");
    if (!has_items(row) && !is_one_row)
        return err_set(err, ERR_INVALID,
                       "operation %lld is a %s: it cannot be taken back",
                       (long long)row->id, row->action);
    if (text_equals(row->state, way->from))
        return true;
    return err_set(err, ERR_INVALID, "operation %lld is %s, not %s%s",
                   (long long)row->id, row->state, way->from,
                   text_equals(row->state, "running") ? ": cancel it"
                   : text_equals(row->state, "done")  ? ": undo it"
                                                      : "");
}

/* Fails where what it changed is pruned: there is nothing to go back to. */
static bool check_memory(struct store *store, const struct operation_row *row,
                         struct err *err)
{
    if (!has_items(row) || row->matched == 0)
        return true;
    struct query query;
    query_open(&query, store, QUERY_OPERATION_REMEMBERS);
    query_bind_int64(&query, "id", row->id);
    if (!query_first(&query, err))
        return false;
    bool remembers = query_int64(&query, 0) != 0;
    query_close(&query);
    return remembers ||
           err_set(err, ERR_INVALID,
                   "operation %lld is too old: what its deliveries were before "
                   "it is pruned",
                   (long long)row->id);
}

static bool set_state(struct store *store, int64_t id, const char *state,
                      int64_t now_ms, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_SET_STATE);
    query_bind_text(&query, "state", state);
    query_bind_int64(&query, "now_ms", now_ms);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

/* A name goes back only if nobody has changed it since. */
static bool undo_rename(struct store *store, const struct operation_row *row,
                        int64_t id, struct err *err)
{
    struct names names;
    if (!outbox_read_names(store, &names, err))
        return false;
    enum event_kind kind = catalog_find_kind(row->kind);
    const char *standard = catalog_kind(kind)->default_name;
    const char *after = row->name_after != NULL ? row->name_after : standard;
    const char *before = row->name_before != NULL ? row->name_before : standard;
    if (!text_equals(names.name[kind], after) ||
        names.off[kind] != row->off_after)
        return err_set(err, ERR_INVALID,
                       "the name of %s has been changed since: undo that first",
                       row->kind);
    if (!names_set(&names, kind, before, err))
        return false;
    struct operation_row back = *row;
    back.name_before = row->name_after;
    back.name_after = row->name_before;
    back.off_before = row->off_after;
    back.off_after = row->off_before;
    return operation_row_rename(store, id, &back, err);
}

/* What it is about: as many as its target has done. */
static bool set_counts(struct store *store, const struct operation_row *target,
                       int64_t id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_SET_COUNTS);
    query_bind_int64(&query, "matched", target->applied);
    query_bind_int64(&query, "planned", target->applied);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

static bool take_back(struct store *store, const struct operation_row *row,
                      const struct way_back *way,
                      const struct operation_request *request, int64_t *id,
                      struct err *err)
{
    struct operation_request own = *request;
    own.action = way->action;
    own.filter = row->filter;
    if (!operation_row_add(store, &own, has_items(row) ? "running" : "done",
                           row->id, id, err) ||
        !set_state(store, row->id, way->to, request->now_ms, err))
        return false;
    if (has_items(row))
        return set_counts(store, row, *id, err);
    if (text_equals(row->action, "rename"))
        return undo_rename(store, row, *id, err);
    if (text_equals(row->action, "pause"))
        return query_run_plain(store, QUERY_OPERATION_RESUME, err);
    return true;
}

static bool go_back(struct store *store, const struct way_back *way,
                    int64_t target, const struct operation_request *request,
                    int64_t *id, struct err *err)
{
    struct operation_row row = {.id = 0};
    if (!store_begin(store, err))
        return false;
    bool done = (target != 0 || find_newest(store, way, &target, err)) &&
                operation_read(store, target, &row, err) &&
                check_way(&row, way, err) && check_memory(store, &row, err) &&
                take_back(store, &row, way, request, id, err);
    operation_row_free(&row);
    return operation_row_finish(store, done, err);
}

bool operation_cancel(struct store *store, int64_t target,
                      const struct operation_request *request, int64_t *id,
                      struct err *err)
{
    return go_back(store, &cancel, target, request, id, err);
}

bool operation_undo(struct store *store, int64_t target,
                    const struct operation_request *request, int64_t *id,
                    struct err *err)
{
    return go_back(store, &undo, target, request, id, err);
}

/* --- pause and resume ---------------------------------------------------- */

static bool set_pause(struct store *store,
                      const struct operation_request *request, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_PAUSE);
    query_bind_text(&query, "reason",
                    request->filter != NULL ? request->filter : "");
    query_bind_text(&query, "who", request->who);
    query_bind_int64(&query, "now_ms", request->now_ms);
    return query_run(&query, err);
}

bool operation_pause(struct store *store,
                     const struct operation_request *request, struct err *err)
{
    struct operation_request own = *request;
    int64_t id;
    own.action = "pause";
    if (!store_begin(store, err))
        return false;
    bool done = operation_row_add(store, &own, "done", 0, &id, err) &&
                set_pause(store, request, err);
    return operation_row_finish(store, done, err);
}

static bool read_paused(struct store *store, bool *is_paused, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_IS_PAUSED);
    if (!query_first(&query, err))
        return false;
    *is_paused = query_int64(&query, 0) != 0;
    query_close(&query);
    return true;
}

bool operation_resume(struct store *store,
                      const struct operation_request *request, bool *was_paused,
                      struct err *err)
{
    struct operation_request own = *request;
    int64_t id;
    own.action = "resume";
    if (!store_begin(store, err))
        return false;
    bool done = read_paused(store, was_paused, err) &&
                operation_row_add(store, &own, "done", 0, &id, err) &&
                query_run_plain(store, QUERY_OPERATION_RESUME, err);
    return operation_row_finish(store, done, err);
}
