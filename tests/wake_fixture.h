/* wake_fixture.h - what the tests of the wake share: a database in a folder of
 * its own, commits to it, and what the wake tells of them. */
#ifndef TESTS_WAKE_FIXTURE_H
#define TESTS_WAKE_FIXTURE_H

#include "relay/wake.h"

#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

/* More than any test waits for what has to come: then it has not come. */
enum { LONG_MS = 20 * 1000 };

static char folder[FOLDER_BYTES];
static char path[FOLDER_BYTES + 20];

static inline int make_folder(void **state)
{
    (void)state;
    folder_make(folder);
    (void)snprintf(path, sizeof(path), "%s/app.db", folder);
    return 0;
}

static inline int remove_folder(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static inline void run_sql(sqlite3 *db, const char *sql)
{
    char *text = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
}

static inline sqlite3 *open_database(const char *journal_mode)
{
    sqlite3 *db;
    char sql[80];
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", journal_mode);
    run_sql(db, sql);
    run_sql(db, "CREATE TABLE IF NOT EXISTS t (a)");
    return db;
}

static inline struct wake *make_wake_with_token(const char *of,
                                                const char *token_file)
{
    struct wake *wake;
    struct err err;
    if (!wake_new(of, token_file, &wake, &err))
        fail_msg("%s", err.text);
    return wake;
}

static inline struct wake *make_wake(const char *of)
{
    return make_wake_with_token(of, NULL);
}

/* Take in what came at this time. True: a hint. */
static inline bool take_hint(struct wake *wake, int64_t monotonic_ms)
{
    struct wake_news news = {.hint = false};
    wake_drain(wake, monotonic_ms, &news);
    return news.hint;
}

static inline bool can_be_read(const struct wake *wake, int most_ms)
{
    struct pollfd poller = {.fd = wake_descriptor(wake), .events = POLLIN};
    return poll(&poller, 1, most_ms) == 1;
}

/* Take in what has come so far. */
static inline void drain_all(struct wake *wake)
{
    while (can_be_read(wake, 0))
        (void)take_hint(wake, 0);
}

/* A hint comes. Files of others may wake us before it does. */
static inline void expect_hint(struct wake *wake)
{
    bool hint = false;
    while (!hint) {
        assert_true(can_be_read(wake, LONG_MS));
        hint = take_hint(wake, 0);
    }
}

static inline void expect_hint_of_commit(struct wake *wake, sqlite3 *db)
{
    drain_all(wake);
    run_sql(db, "INSERT INTO t VALUES (1)");
    expect_hint(wake);
}

#endif
