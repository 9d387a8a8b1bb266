#include "outbox/query.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUERY_SQL(constant, name, sql) sql,
static const char *const texts[QUERY_COUNT] = {QUERIES(QUERY_SQL)};
#undef QUERY_SQL

enum { MOST_PARAMETERS = 64 }; /* a bit each in struct query */

/* Prepare the query and note its parameters' names: SQLite looks for a name
 * from the front of its list each time. They are copied, since its own go when
 * it prepares the query anew after a change of the schema. */
static int prepare(struct store *store, enum query_name name)
{
    struct prepared *prepared = &store->prepared[name];
    int result = sqlite3_prepare_v3(store->database, texts[name], -1,
                                    SQLITE_PREPARE_PERSISTENT,
                                    &prepared->statement, NULL);
    if (result != SQLITE_OK)
        return result;
    prepared->parameter_count =
        sqlite3_bind_parameter_count(prepared->statement);
    assert(prepared->parameter_count < MOST_PARAMETERS);
    prepared->parameters = mem_new_array((size_t)prepared->parameter_count,
                                         sizeof(*prepared->parameters));
    for (int i = 0; i < prepared->parameter_count; i++)
        prepared->parameters[i].name = mem_copy_text(
            sqlite3_bind_parameter_name(prepared->statement, i + 1) + 1);
    return SQLITE_OK;
}

void query_open(struct query *query, struct store *store, enum query_name name)
{
    struct prepared *prepared = &store->prepared[name];
    *query = (struct query){
        .store = store, .prepared = prepared, .result = SQLITE_OK};
    if (prepared->statement == NULL)
        query->result = prepare(store, name);
    assert(prepared->statement == NULL ||
           !sqlite3_stmt_busy(prepared->statement));
    query->statement = prepared->statement;
    query->unbound = (UINT64_C(1) << prepared->parameter_count) - 1;
}

void query_close(struct query *query)
{
    if (query->statement == NULL)
        return;
    (void)sqlite3_reset(query->statement);
    query->statement = NULL;
}

/* The index of a parameter, from 0, and the constant that it is asked for by
 * kept: the same constant needs no comparing the next time. Rare, and so kept
 * out of find_parameter(). */
__attribute__((noinline)) static int
search_parameter(const struct prepared *prepared, const char *name)
{
    int at = 0;
    while (at < prepared->parameter_count &&
           strcmp(prepared->parameters[at].name, name) != 0)
        at++;
    assert(at < prepared->parameter_count);
    prepared->parameters[at].asked = name;
    return at;
}

/* The index of a parameter, from 1: nearly always the next one. */
static int find_parameter(struct query *query, const char *name)
{
    const struct prepared *prepared = query->prepared;
    int at = query->bound;
    if (at >= prepared->parameter_count ||
        prepared->parameters[at].asked != name)
        at = search_parameter(prepared, name);
    query->unbound &= ~(UINT64_C(1) << at);
    query->bound = at + 1;
    return query->bound;
}

static bool can_bind(const struct query *query)
{
    return query->statement != NULL && query->result == SQLITE_OK;
}

void query_bind_int64(struct query *query, const char *name, int64_t value)
{
    if (can_bind(query))
        query->result = sqlite3_bind_int64(query->statement,
                                           find_parameter(query, name), value);
}

void query_bind_null(struct query *query, const char *name)
{
    if (can_bind(query))
        query->result =
            sqlite3_bind_null(query->statement, find_parameter(query, name));
}

void query_bind_text(struct query *query, const char *name, const char *text)
{
    /* No length: SQLite then knows of the NUL behind it. */
    if (can_bind(query))
        query->result =
            sqlite3_bind_text(query->statement, find_parameter(query, name),
                              text, -1, SQLITE_STATIC);
}

void query_bind_bytes(struct query *query, const char *name, const char *bytes,
                      size_t length)
{
    if (can_bind(query))
        query->result =
            sqlite3_bind_text64(query->statement, find_parameter(query, name),
                                bytes, length, SQLITE_STATIC, SQLITE_UTF8);
}

void query_bind_blob(struct query *query, const char *name, const void *bytes,
                     size_t length)
{
    if (can_bind(query))
        query->result =
            sqlite3_bind_blob64(query->statement, find_parameter(query, name),
                                bytes, length, SQLITE_STATIC);
}

void query_bind_time(struct query *query, const char *name, int64_t time_ms)
{
    if (time_ms == OUTBOX_NO_TIME)
        query_bind_null(query, name);
    else
        query_bind_int64(query, name, time_ms);
}

enum query_step query_next(struct query *query, struct err *err)
{
    int result = query->result;
    /* What was bound is still there, of this run or of the one before. */
    assert(query->unbound == 0 || result != SQLITE_OK);
    errno = 0; /* for connection_fail() */
    if (query->statement != NULL && result == SQLITE_OK)
        result = sqlite3_step(query->statement);
    if (result == SQLITE_ROW)
        return QUERY_ROW;
    if (result != SQLITE_DONE)
        (void)connection_fail(query->store, err);
    query_close(query);
    return result == SQLITE_DONE ? QUERY_END : QUERY_FAILED;
}

bool query_run(struct query *query, struct err *err)
{
    enum query_step step;
    do {
        step = query_next(query, err);
    } while (step == QUERY_ROW);
    return step == QUERY_END;
}

bool query_run_plain(struct store *store, enum query_name name, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    return query_run(&query, err);
}

bool query_first(struct query *query, struct err *err)
{
    enum query_step step = query_next(query, err);
    if (step == QUERY_END)
        return err_set(err, ERR_CORRUPT,
                       "%s: a row that every outbox has is missing",
                       query->store->path);
    return step == QUERY_ROW;
}

bool query_find(struct query *query, struct err *err, const char *format, ...)
{
    char text[sizeof(err->text)];
    enum query_step step = query_next(query, err);
    if (step != QUERY_END)
        return step == QUERY_ROW;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return err_set(err, ERR_NOT_FOUND, "%s", text);
}

int64_t query_changes(const struct store *store)
{
    return sqlite3_changes64(store->database);
}

int query_times_renewed(const struct query *query)
{
    return sqlite3_stmt_status(query->statement, SQLITE_STMTSTATUS_REPREPARE,
                               0);
}

int64_t query_int64(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

int64_t query_time(const struct query *query, int column)
{
    if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
        return OUTBOX_NO_TIME;
    return sqlite3_column_int64(query->statement, column);
}

char *query_bytes(const struct query *query, int column, size_t *length)
{
    /* The blob of a text is the text's bytes, and of any length. */
    const char *bytes = sqlite3_column_blob(query->statement, column);
    *length = (size_t)sqlite3_column_bytes(query->statement, column);
    if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
        return NULL;
    return mem_copy_bytes(bytes == NULL ? "" : bytes, *length);
}

char *query_text(const struct query *query, int column)
{
    size_t length;
    return query_bytes(query, column, &length);
}

const char *query_peek(const struct query *query, int column)
{
    return (const char *)sqlite3_column_text(query->statement, column);
}

void query_copy(const struct query *query, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(query->statement, column);
    text_copy(out, size, text == NULL ? "" : (const char *)text);
}
