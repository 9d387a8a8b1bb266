/* query.h - running the named queries of schema/, for src/outbox alone.
 *
 * A query is opened, bound by name, stepped, and closed, in one function. What
 * fails before the first step is reported by it, so that only query_next() and
 * query_run() need checking. Texts and blobs are borrowed until it is closed.
 *
 *     struct query query;
 *     query_open(&query, store, QUERY_OUTBOX_SETTLE);
 *     query_bind_int64(&query, "id", id);
 *     if (!query_run(&query, err))
 *         return false; */
#ifndef OUTBOX_QUERY_H
#define OUTBOX_QUERY_H

#include "base/err.h"
#include "outbox/connection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query {
    struct store *store;             /* borrowed */
    sqlite3_stmt *statement;         /* borrowed; NULL: it is closed */
    const struct prepared *prepared; /* borrowed */
    int bound;                       /* index of the parameter bound last */
    uint64_t unbound;                /* one bit a parameter: not bound yet */
    int result;
};

enum query_step {
    QUERY_ROW,    /* its columns can be read until the next step */
    QUERY_END,    /* no more rows; the query is closed */
    QUERY_FAILED, /* err is filled; the query is closed */
};

/* Prepare the query at its first use. It must not be open already. */
void query_open(struct query *query, struct store *store, enum query_name name);
/* Close it early. Fine if it is closed. */
void query_close(struct query *query);

/* Bind a parameter by its name without the colon, which has to be a constant:
 * where it was bound by the same one before, only addresses are compared.
 * Fastest in the order in which they stand in the SQL. A NULL text is NULL.
 * All of them have to be bound before the first step. */
void query_bind_int64(struct query *query, const char *name, int64_t value);
void query_bind_null(struct query *query, const char *name);
void query_bind_text(struct query *query, const char *name, const char *text);
void query_bind_bytes(struct query *query, const char *name, const char *bytes,
                      size_t length); /* as text */
void query_bind_blob(struct query *query, const char *name, const void *bytes,
                     size_t length); /* NULL: NULL */
/* OUTBOX_NO_TIME is NULL. */
void query_bind_time(struct query *query, const char *name, int64_t time_ms);

MUST_CHECK enum query_step query_next(struct query *query, struct err *err);
/* Step to the end; rows are dropped. */
MUST_CHECK bool query_run(struct query *query, struct err *err);
/* Open and run a query that has no parameters. */
MUST_CHECK bool query_run_plain(struct store *store, enum query_name name,
                                struct err *err);
/* Step to the first row and keep the query open; fails with ERR_CORRUPT if
 * there is none (for rows that the schema promises). */
MUST_CHECK bool query_first(struct query *query, struct err *err);

/* The same; fails with ERR_NOT_FOUND and this text if there is none. */
MUST_CHECK bool query_find(struct query *query, struct err *err,
                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How many rows the last INSERT, UPDATE or DELETE changed itself. */
int64_t query_changes(const struct store *store);

/* How often SQLite has prepared the query anew by its last step, as the schema
 * had changed or another database was restored into the open file. */
int query_times_renewed(const struct query *query);

/* The row's columns, from 0. A NULL is 0, OUTBOX_NO_TIME, NULL or "". */
int64_t query_int64(const struct query *query, int column);
int64_t query_time(const struct query *query, int column);
char *query_text(const struct query *query, int column); /* owned */
/* Borrowed until the next step. */
const char *query_peek(const struct query *query, int column);
char *query_bytes(const struct query *query, int column,
                  size_t *length); /* owned */
/* Copy into out, cut to size. */
void query_copy(const struct query *query, int column, char *out, size_t size);

#endif
