/* connection.h - the inside of a store, for src/outbox alone.
 *
 * Owns what is open: the SQLite connection, its prepared statements and the
 * counters of the transaction. A store belongs to one thread. */
#ifndef OUTBOX_CONNECTION_H
#define OUTBOX_CONNECTION_H

#include "base/err.h"
#include "queries.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One constant a named query of schema/queries: QUERY_STORE_BEGIN … */
#define QUERY_CONSTANT(constant, name, sql) QUERY_##constant,
enum query_name { QUERIES(QUERY_CONSTANT) QUERY_COUNT };
#undef QUERY_CONSTANT

struct counter;
struct followers;
struct gather;
struct turnstile;

/* A parameter of a query. */
struct parameter {
    char *name;        /* without the colon; owned */
    const char *asked; /* the constant that it was bound by; not to be read */
};

/* A named query, prepared at its first use. */
struct prepared {
    sqlite3_stmt *statement;      /* owned; NULL: not prepared yet */
    struct parameter *parameters; /* owned */
    int parameter_count;
};

struct counters {
    struct counter *items; /* owned */
    size_t count;
    size_t capacity;
};

struct store {
    sqlite3 *database;     /* owned */
    struct gather *gather; /* owned; NULL: nothing is written */
    struct prepared prepared[QUERY_COUNT];
    char *path;                  /* as given; owned */
    struct turnstile *turnstile; /* owned */
    struct counters counters;    /* since store_begin() */
    struct followers *followers; /* src/outbox/lane.c; owned; NULL: not yet */
    int followers_renewed;       /* query_times_renewed(), as lane.c saw it */
    int busy_ms;
    int64_t busy_since_ms; /* monotonic; of the wait for a lock */
    int64_t data_version;  /* as store_changed() saw it last */
    unsigned claim_turn;   /* whose turn it is in outbox_find_due() */
    bool is_full;          /* there was no room on the disk */
};

enum connection_mode {
    CONNECTION_READ,      /* looks only */
    CONNECTION_IMMUTABLE, /* looks only, at a file that nobody can change */
    CONNECTION_WRITE,
};

/* Open the file at the absolute path `real`; says nothing about what is in
 * it. `given` is the path for messages. Fails as connection_fail() does. */
MUST_CHECK bool connection_open(const char *given, const char *real,
                                enum connection_mode mode, int busy_ms,
                                struct store **store, struct err *err);

/* Close it. NULL is fine. */
void connection_close(struct store *store);

/* The connection's last error as *err; returns false. */
bool connection_fail(struct store *store, struct err *err);

#endif
