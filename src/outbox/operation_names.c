/* operation_names.c - names, and whom a change of one touches. */
#include "outbox/operation.h"

#include "base/text.h"
#include "outbox/operation_row.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

#include <stdio.h>

typedef void count_row(const struct query *query,
                       struct operation_name_effect *effect);

static void count_waiting(const struct query *query,
                          struct operation_name_effect *effect)
{
    bool keeps_the_old = query_int64(query, 2) != 0;
    effect->unknown += keeps_the_old;
    effect->pending += !keeps_the_old;
    if (!keeps_the_old && effect->sample_id == 0)
        effect->sample_id = effect->after_id;
}

static void count_failed(const struct query *query,
                         struct operation_name_effect *effect)
{
    (void)query;
    effect->failed++;
    if (effect->sample_id == 0)
        effect->sample_id = effect->after_id;
}

/* A slice: of each row its id, and whether it is of the kind; *rows is how many
 * it had. */
static bool count_slice(struct query *query, const char *kind,
                        struct operation_name_effect *effect, count_row *count,
                        int *rows, struct err *err)
{
    struct operation_name_effect counted = *effect;
    enum query_step step;
    *rows = 0;
    query_bind_text(query, "kind", kind);
    query_bind_int64(query, "after", effect->after_id);
    query_bind_int64(query, "limit", OPERATION_SLICE);
    while ((step = query_next(query, err)) == QUERY_ROW) {
        (*rows)++;
        counted.after_id = query_int64(query, 0);
        if (query_int64(query, 1) != 0)
            count(query, &counted);
    }
    if (step == QUERY_FAILED)
        return false;
    *effect = counted;
    return true;
}

bool operation_count_name_effect(struct store *store, enum event_kind kind,
                                 struct operation_name_effect *effect,
                                 bool *more, struct err *err)
{
    bool is_waiting = !effect->waiting_is_counted;
    struct query query;
    int rows;
    query_open(&query, store,
               is_waiting ? QUERY_OPERATION_NAME_WAITING
                          : QUERY_OPERATION_NAME_FAILED);
    if (!count_slice(&query, catalog_word(kind), effect,
                     is_waiting ? count_waiting : count_failed, &rows, err))
        return false;
    *more = is_waiting || rows == OPERATION_SLICE;
    if (is_waiting && rows < OPERATION_SLICE) {
        effect->waiting_is_counted = true;
        effect->after_id = 0;
    }
    return true;
}

/* NULL where it is the default: rows say only what operators set. */
static char *name_to_store(char *name, enum event_kind kind)
{
    bool is_default = text_equals(name, catalog_kind(kind)->default_name);
    return is_default ? NULL : name;
}

static bool rename_kind(struct store *store, enum event_kind kind,
                        struct names *before, struct names *after,
                        const struct operation_request *request, int64_t *id,
                        struct err *err)
{
    struct operation_request own = *request;
    own.action = "rename";
    own.filter = catalog_word(kind);
    struct operation_row change = {
        .name_before = name_to_store(before->name[kind], kind),
        .name_after = name_to_store(after->name[kind], kind),
        .off_before = before->off[kind],
        .off_after = after->off[kind],
    };
    text_copy(change.kind, sizeof(change.kind), catalog_word(kind));
    return operation_row_add(store, &own, "done", 0, id, err) &&
           operation_row_rename(store, *id, &change, err);
}

bool operation_set_name(struct store *store, enum event_kind kind,
                        const char *name, bool off,
                        const struct operation_request *request, int64_t *id,
                        struct err *err)
{
    struct names before;
    *id = 0;
    if (!store_begin(store, err))
        return false;
    bool good = outbox_read_names(store, &before, err);
    struct names after = before;
    good = good && names_set(&after, kind, name, err);
    after.off[kind] = off;
    bool is_same = good && before.off[kind] == off &&
                   text_equals(before.name[kind], after.name[kind]);
    if (good && !is_same)
        good = rename_kind(store, kind, &before, &after, request, id, err);
    return operation_row_finish(store, good, err);
}
