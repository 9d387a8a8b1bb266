#include "outbox/connection.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "outbox/counters.h"
#include "outbox/followers.h"
#include "outbox/gather.h"
#include "outbox/query.h"
#include "outbox/turnstile.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* More pages than an INSERT into the outbox changes. Below 128 KiB: SQLite
     * spills it in one piece, writes none that large, and takes that for a
     * full disk. */
    STATEMENT_JOURNAL_BYTES = 96 * 1024,
    FIRST_LOOKS = 1000,
    FIRST_PAUSE_NS = 200 * 1000,
    LATER_PAUSE_NS = 1000 * 1000,
};

/* What a SQLite error means to us. Extended codes come before their primary
 * ones: the first row that fits counts. %s of words is the file, SQLite's own
 * text follows where it adds something. */
static const struct {
    int sqlite;
    enum err_code code;
    bool adds_text;
    const char *words;
} errors[] = {
    {SQLITE_BUSY, ERR_BUSY, false, "another process has it locked"},
    {SQLITE_LOCKED, ERR_BUSY, false, "another process has it locked"},
    {SQLITE_FULL, ERR_FULL, false, "no room on the disk"},
    {SQLITE_NOTADB, ERR_CORRUPT, false, "is not a SQLite database"},
    {SQLITE_CORRUPT, ERR_CORRUPT, true, "is damaged; restore a backup"},
    {SQLITE_READONLY_DIRECTORY, ERR_ACCESS, false,
     "its directory must be writable: SQLite keeps its journal there"},
    {SQLITE_READONLY_DBMOVED, ERR_NOT_FOUND, false,
     "was moved or replaced while it was open"},
    {SQLITE_READONLY, ERR_ACCESS, false, "may only be read"},
    {SQLITE_CANTOPEN, ERR_ACCESS, false,
     "cannot be opened; its directory must be writable, too: SQLite keeps "
     "its journal there"},
    {SQLITE_PERM, ERR_ACCESS, true, "access refused"},
    {SQLITE_AUTH, ERR_ACCESS, true, "access refused"},
    {SQLITE_TOOBIG, ERR_INVALID, false, "a value is too big for SQLite"},
    {SQLITE_CONSTRAINT, ERR_CORRUPT, true, "a rule of the outbox is broken"},
    {SQLITE_ERROR, ERR_INVALID, true, "is not an outbox that we know"},
};

/* Errors of the system that mean a full disk, whatever SQLite calls them. */
static bool means_full(int errnum)
{
    return errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG;
}

/* See errors[]. */
static bool describe(const struct store *store, struct err *err)
{
    int errno_now = errno;
    int extended = sqlite3_extended_errcode(store->database);
    int errnum = sqlite3_system_errno(store->database);
    const char *text = sqlite3_errmsg(store->database);
    if (extended == SQLITE_CONSTRAINT_TRIGGER)
        return err_set(err, ERR_INVALID, "%s", text);
    /* SQLite forgets the system's reason on some ways. Every call that can
     * fail clears errno first, so what stands there still is it. */
    if ((extended & 0xff) == SQLITE_IOERR &&
        (means_full(errnum) || means_full(errno_now)))
        return err_set(err, ERR_FULL, "%s: no room on the disk", store->path);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        int mask = errors[i].sqlite > 0xff ? INT_MAX : 0xff;
        if ((extended & mask) != errors[i].sqlite)
            continue;
        return err_set(err, errors[i].code, "%s: %s%s%s", store->path,
                       errors[i].words, errors[i].adds_text ? ": " : "",
                       errors[i].adds_text ? text : "");
    }
    if (errnum != 0)
        return err_set_errno(err, errnum, "%s: %s", store->path, text);
    return err_set(err, ERR_IO, "%s: %s", store->path, text);
}

bool connection_fail(struct store *store, struct err *err)
{
    (void)describe(store, err);
    store->is_full = store->is_full || err->code == ERR_FULL;
    return false;
}

/* The path as a URI that promises SQLite that nobody changes the file. */
static char *uri_of(const char *path)
{
    struct buf uri;
    buf_init(&uri, (size_t)4 * PATH_MAX);
    buf_add_text(&uri, "file:");
    for (const char *at = path; *at != '\0'; at++) {
        if (strchr("%?#", *at) != NULL)
            buf_add_format(&uri, "%%%02X", (unsigned)*at);
        else
            buf_add_byte(&uri, *at);
    }
    buf_add_text(&uri, "?immutable=1");
    return buf_take(&uri);
}

/* Nobody asks how much memory SQLite has in use, and counting it takes a mutex
 * for each piece. What a statement changes is kept aside until it has come to
 * its end, as triggers may refuse it: beyond 64 KiB in a temporary file, unless
 * told otherwise, and in that to the end of the transaction. */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, STATEMENT_JOURNAL_BYTES);
}

static int open_to_write(struct store *store, const char *real)
{
    store->gather = gather_new();
    int result = sqlite3_open_v2(real, &store->database,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                 gather_name(store->gather));
    gather_hide(store->gather);
    return result;
}

static int open_database(struct store *store, const char *real,
                         enum connection_mode mode)
{
    if (mode == CONNECTION_WRITE)
        return open_to_write(store, real);
    if (mode != CONNECTION_IMMUTABLE)
        return sqlite3_open_v2(real, &store->database,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               NULL);
    char *uri = uri_of(real);
    int result = sqlite3_open_v2(
        uri, &store->database,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
    free(uri);
    return result;
}

/* SQLite's own waiting looks again after pauses of up to 100 ms; a producer
 * that commits flat out leaves the lock free for some 50 us at a time, so that
 * it would be met once in seconds, by chance. A look costs 2 us. */
static int wait_for_lock(void *context, int looks)
{
    struct store *store = context;
    int64_t now_ms = clock_monotonic_ms(clock_system());
    if (looks == 0)
        store->busy_since_ms = now_ms;
    if (now_ms - store->busy_since_ms >= store->busy_ms)
        return 0;
    const struct timespec pause = {
        .tv_nsec = looks < FIRST_LOOKS ? FIRST_PAUSE_NS : LATER_PAUSE_NS};
    (void)nanosleep(&pause, NULL);
    return 1;
}

bool connection_open(const char *given, const char *real,
                     enum connection_mode mode, int busy_ms,
                     struct store **store, struct err *err)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    (void)pthread_once(&configured, configure);
    struct store *opened = mem_new(sizeof(*opened));
    opened->path = mem_copy_text(given);
    opened->busy_ms = busy_ms;
    opened->data_version = -1;
    opened->turnstile = turnstile_open(real);
    /* A reader opens for writing, too, as far as it may: it has to undo what
     * a crashed writer left half done. query_only keeps it to that. */
    bool good =
        open_database(opened, real, mode) == SQLITE_OK &&
        sqlite3_extended_result_codes(opened->database, 1) == SQLITE_OK &&
        sqlite3_busy_handler(opened->database, wait_for_lock, opened) ==
            SQLITE_OK;
    if (!good)
        (void)connection_fail(opened, err);
    if (good && mode != CONNECTION_WRITE)
        good = query_run_plain(opened, QUERY_STORE_QUERY_ONLY, err);
    static const enum query_name settings[] = {
        QUERY_STORE_SYNCHRONOUS,
        QUERY_STORE_CACHE_SIZE,
        QUERY_STORE_WAL_AUTOCHECKPOINT,
        QUERY_STORE_SECURE_DELETE,
    };
    for (size_t i = 0; good && i < sizeof(settings) / sizeof(settings[0]); i++)
        good = query_run_plain(opened, settings[i], err);
    if (!good) {
        connection_close(opened);
        return false;
    }
    *store = opened;
    return true;
}

static void free_prepared(struct prepared *prepared)
{
    sqlite3_finalize(prepared->statement);
    for (int i = 0; i < prepared->parameter_count; i++)
        free(prepared->parameters[i].name);
    free(prepared->parameters);
}

void connection_close(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < QUERY_COUNT; i++)
        free_prepared(&store->prepared[i]);
    sqlite3_close(store->database);
    gather_free(store->gather);
    turnstile_close(store->turnstile);
    counters_free(&store->counters);
    followers_free(store->followers);
    free(store->path);
    free(store);
}
