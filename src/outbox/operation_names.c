/* operation_names.c - names, and whom a change of one touches. */
#include "outbox/operation.h"

#include "base/text.h"
#include "outbox/operation_row.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

#include <stdio.h>

static bool read_failed(struct store *store, enum event_kind kind,
                        struct operation_name_effect *effect, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_NAME_FAILED);
    query_bind_text(&query, "kind", catalog_word(kind));
    if (!query_first(&query, err))
        return false;
    effect->failed = query_int64(&query, 0);
    if (effect->sample_id == 0)
        effect->sample_id = query_int64(&query, 1);
    query_close(&query);
    return true;
}

bool operation_read_name_effect(struct store *store, enum event_kind kind,
                                struct operation_name_effect *effect,
                                struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_NAME_WAITING);
    query_bind_text(&query, "kind", catalog_word(kind));
    if (!query_first(&query, err))
        return false;
    *effect = (struct operation_name_effect){
        .pending = query_int64(&query, 0),
        .unknown = query_int64(&query, 1),
        .sample_id = query_int64(&query, 2),
    };
    query_close(&query);
    return read_failed(store, kind, effect, err);
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
    (void)snprintf(change.kind, sizeof(change.kind), "%s", catalog_word(kind));
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
