/* Why it is right. A page is overwritten while we hold the write lock and the
 * WAL is empty (or there is none): the file is then the whole database, as the
 * newest commit left it, and so what every reader that is under way sees. What
 * is overwritten none of them reads, so it does not matter that they read at
 * the same time, nor what a kill or a power cut leaves undone, as long as no
 * older state can come back (pages_put_journal_first()). Whoever has such
 * a page in memory as it was would write it back with the next change to it:
 * the change that is committed in the same transaction makes all of them drop
 * what they have before they can write. Our own connection drops it itself.
 * Where a run before this one was killed between the two, the change is
 * missing: it comes before the first look. */
#include "outbox/wipe.h"

#include "base/mem.h"
#include "outbox/connection.h"
#include "outbox/pages.h"
#include "outbox/query.h"
#include "outbox/space.h"
#include "outbox/tree.h"

#include <stdlib.h>

enum {
    BATCH_BYTES = 1024 * 1024, /* of pages, under one lock: 2 ms */
    /* Between two looks a page may move (auto_vacuum), and take with it what
     * was to be overwritten. Beside a relay no look finds nothing. */
    MOST_LOOKS = 3,
    /* While the WAL is being emptied nobody else can write. */
    EMPTY_BUSY_MS = 25,
    MOST_TRIES = 10, /* somebody writes between emptying and locking */
};

/* --- looking ------------------------------------------------------------- */

static void note(struct wipe *wipe, uint32_t number, bool is_free)
{
    if (wipe->count == wipe->capacity) {
        wipe->capacity = wipe->capacity * 2 + 256;
        wipe->pages =
            mem_resize(wipe->pages, wipe->capacity * sizeof(*wipe->pages));
    }
    wipe->pages[wipe->count++] =
        (struct wipe_page){.number = number, .is_free = is_free};
}

static bool is_dirty(const struct wipe *wipe)
{
    for (size_t i = 0; i < wipe->unused->count; i++)
        if (unused_is_dirty(wipe->buffer, wipe->unused->ranges[i]))
            return true;
    return false;
}

/* Find what nothing uses in a page of an outbox's table or index. */
static bool find_unused(struct wipe *wipe, const struct pages *pages,
                        uint32_t number, struct err *err)
{
    bool exists = false;
    wipe->unused->count = 0;
    if (pages_may_hold_rows(pages, number) &&
        !pages_read(pages, number, wipe->buffer, &exists, err))
        return false;
    if (exists)
        (void)unused_find(wipe->buffer, pages->usable_bytes,
                          number == 1 ? UNUSED_FILE_HEADER_BYTES : 0,
                          wipe->unused);
    return true;
}

struct tree_look {
    struct wipe *wipe;
    const struct pages *pages;
};

static void look_at_page(void *context, uint32_t number,
                         const unsigned char *page)
{
    const struct tree_look *look = context;
    struct wipe *wipe = look->wipe;
    if (unused_find(page, look->pages->usable_bytes, 0, wipe->unused) &&
        is_dirty(wipe))
        note(wipe, number, false);
}

/* The roots of the outbox's tables and indexes. Owned by the caller. */
static bool read_roots(struct wipe *wipe, uint32_t **roots, size_t *count,
                       struct err *err)
{
    struct query query;
    enum query_step step;
    *roots = NULL;
    *count = 0;
    query_open(&query, wipe->store, QUERY_WIPE_ROOTS);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        *roots = mem_resize(*roots, (*count + 1) * sizeof(**roots));
        (*roots)[(*count)++] = (uint32_t)query_int64(&query, 0);
    }
    return step == QUERY_END;
}

static bool look_at_trees(struct wipe *wipe, const struct pages *pages,
                          struct err *err)
{
    struct tree_look look = {.wipe = wipe, .pages = pages};
    uint32_t *roots;
    size_t count;
    bool good = read_roots(wipe, &roots, &count, err);
    for (size_t i = 0; good && i < count; i++)
        good =
            tree_walk(pages, roots[i], wipe->buffer, look_at_page, &look, err);
    free(roots);
    return good;
}

struct free_look {
    struct wipe *wipe;
    const struct pages *pages;
    unsigned char *buffer; /* owned */
    bool good;
    struct err *err;
};

static void look_at_free(void *context, uint32_t number, uint32_t used)
{
    struct free_look *look = context;
    bool exists;
    look->good = look->good && pages_read(look->pages, number, look->buffer,
                                          &exists, look->err);
    const struct unused_range range = {.from = used,
                                       .until = look->pages->usable_bytes};
    if (look->good && exists && unused_is_dirty(look->buffer, range))
        note(look->wipe, number, true);
}

static bool look_at_free_pages(struct wipe *wipe, const struct pages *pages,
                               struct err *err)
{
    bool is_whole;
    struct free_look look = {
        .wipe = wipe, .pages = pages, .good = true, .err = err};
    look.buffer = mem_new_array(UNUSED_MOST_PAGE_BYTES, 1);
    bool good = pages_walk_free(pages, wipe->buffer, look_at_free, &look,
                                &is_whole, err);
    free(look.buffer);
    return good && look.good;
}

static int compare_numbers(const void *left, const void *right)
{
    const struct wipe_page *a = left;
    const struct wipe_page *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

/* What the WAL holds has to be in the file before a look: a page that is
 * changed later has no copies of what was deleted before but those it has. */
static bool empty_wal(struct wipe *wipe, bool *is_empty, struct err *err)
{
    struct store *store = wipe->store;
    int busy_ms = store->busy_ms;
    if (!query_run_plain(store, QUERY_WIPE_CHECKPOINT, err))
        return false;
    store->busy_ms = EMPTY_BUSY_MS;
    bool good = space_empty_wal(store, is_empty, err);
    store->busy_ms = busy_ms;
    return good;
}

static bool look(struct wipe *wipe, struct err *err)
{
    struct pages pages;
    bool is_empty;
    wipe->count = wipe->at = 0;
    if (!empty_wal(wipe, &is_empty, err))
        return false;
    wipe->is_blocked = !is_empty;
    if (!is_empty)
        return true;
    if (!pages_open(&pages, wipe->store, err) ||
        !look_at_trees(wipe, &pages, err) ||
        !look_at_free_pages(wipe, &pages, err))
        return false;
    if (wipe->count > 0)
        qsort(wipe->pages, wipe->count, sizeof(*wipe->pages), compare_numbers);
    wipe->page_bytes = pages.page_bytes;
    wipe->has_looked = true;
    wipe->looks++;
    return true;
}

/* --- overwriting --------------------------------------------------------- */

/* The pages of one transaction, and which of them are free just now. */
struct batch {
    const struct wipe_page *pages; /* borrowed; in order */
    size_t count;
    uint32_t *used; /* owned: bytes at the front of a free one; or: */
};

static const uint32_t NOT_FREE = UINT32_MAX;

/* Of a long list, under the lock: most are not of this batch. */
static void see_free(void *context, uint32_t number, uint32_t used)
{
    struct batch *batch = context;
    if (number < batch->pages[0].number ||
        number > batch->pages[batch->count - 1].number)
        return;
    const struct wipe_page key = {.number = number};
    const struct wipe_page *found =
        bsearch(&key, batch->pages, batch->count, sizeof(key), compare_numbers);
    if (found != NULL)
        batch->used[found - batch->pages] = used;
}

static bool find_free(struct wipe *wipe, const struct pages *pages,
                      struct batch *batch, struct err *err)
{
    bool is_whole;
    for (size_t i = 0; i < batch->count; i++)
        batch->used[i] = NOT_FREE;
    if (batch->count == 0)
        return true;
    if (!pages_walk_free(pages, wipe->buffer, see_free, batch, &is_whole, err))
        return false;
    return is_whole || err_set(err, ERR_CORRUPT,
                               "%s is damaged: its list of free pages makes "
                               "no sense; restore a backup",
                               wipe->store->path);
}

/* A page that is free now and was not, or the other way round, is left to the
 * next look. */
static bool clear_page(struct wipe *wipe, const struct pages *pages,
                       struct wipe_page page, uint32_t used, struct err *err)
{
    struct unused *unused = wipe->unused;
    if (page.is_free != (used != NOT_FREE))
        return true;
    if (!find_unused(wipe, pages, page.number, err))
        return false;
    if (page.is_free) {
        unused->count = 1;
        unused->ranges[0] =
            (struct unused_range){.from = used, .until = pages->usable_bytes};
    }
    wipe->cleared++;
    for (size_t i = 0; i < unused->count; i++)
        if (unused_is_dirty(wipe->buffer, unused->ranges[i]) &&
            !pages_clear(pages, page.number, unused->ranges[i], err))
            return false;
    return true;
}

static bool clear_pages(struct wipe *wipe, const struct pages *pages,
                        size_t count, struct err *err)
{
    struct batch batch = {.pages = wipe->pages + wipe->at, .count = count};
    batch.used = mem_new_array(count + 1, sizeof(*batch.used));
    bool good = find_free(wipe, pages, &batch, err);
    for (size_t i = 0; good && i < count; i++)
        good = clear_page(wipe, pages, batch.pages[i], batch.used[i], err);
    free(batch.used);
    return good;
}

static bool touch(struct wipe *wipe, struct err *err)
{
    return query_run_plain(wipe->store, QUERY_WIPE_TOUCH, err);
}

/* Between the two changes the page that they are made to is dropped and
 * overwritten like all others. In the WAL it would stay as it was before. */
static bool clear_and_touch(struct wipe *wipe, const struct pages *pages,
                            size_t count, struct err *err)
{
    if (!pages->has_wal &&
        (!touch(wipe, err) || !pages_put_journal_first(pages, err)))
        return false;
    (void)sqlite3_db_release_memory(wipe->store->database);
    return clear_pages(wipe, pages, count, err) &&
           (!pages->has_wal || touch(wipe, err)) && touch(wipe, err);
}

/* In a transaction. *is_whole is false if somebody has written meanwhile, or
 * the file is not laid out as it was. */
static bool clear_under_lock(struct wipe *wipe, size_t count, bool *is_whole,
                             struct err *err)
{
    struct pages pages;
    if (!pages_open(&pages, wipe->store, err))
        return false;
    *is_whole = pages_are_whole(&pages);
    if (!*is_whole)
        return true;
    if (pages.page_bytes != wipe->page_bytes)
        count = 0; /* a VACUUM: look anew */
    return clear_and_touch(wipe, &pages, count, err);
}

static bool clear_batch(struct wipe *wipe, size_t count, struct err *err)
{
    bool is_whole;
    for (int i = 0; i < MOST_TRIES; i++) {
        bool is_empty;
        if (!empty_wal(wipe, &is_empty, err))
            return false;
        if (!is_empty)
            break;
        if (!store_begin(wipe->store, err))
            return false;
        bool good = clear_under_lock(wipe, count, &is_whole, err);
        if (good && is_whole) {
            wipe->at += count;
            wipe->has_touched = store_commit(wipe->store, err);
            return wipe->has_touched;
        }
        store_rollback(wipe->store);
        if (!good)
            return false;
    }
    wipe->is_blocked = true;
    return true;
}

/* --- all of it ----------------------------------------------------------- */

bool wipe_begin(struct wipe *wipe, struct store *store, struct err *err)
{
    *wipe = (struct wipe){.store = store};
    wipe->buffer = mem_new_array(UNUSED_MOST_PAGE_BYTES, 1);
    wipe->unused = mem_new(sizeof(*wipe->unused));
    return query_run_plain(store, QUERY_WIPE_CUT_JOURNAL, err);
}

static bool finish(struct wipe *wipe, struct err *err)
{
    struct pages pages;
    if (!pages_open(&pages, wipe->store, err) || !pages_sync(&pages, err))
        return false;
    wipe->done = true;
    return true;
}

bool wipe_step(struct wipe *wipe, struct err *err)
{
    wipe->is_blocked = false;
    wipe->has_locked = !wipe->has_touched;
    if (!wipe->has_touched)
        return clear_batch(wipe, 0, err);
    if (!wipe->has_looked)
        return look(wipe, err);
    size_t count = wipe->count - wipe->at;
    size_t most = BATCH_BYTES / wipe->page_bytes;
    wipe->has_locked = count > 0;
    if (count > 0 && !clear_batch(wipe, count < most ? count : most, err))
        return false;
    if (wipe->is_blocked || wipe->at < wipe->count)
        return true;
    if (wipe->count == 0 || wipe->looks == MOST_LOOKS)
        return finish(wipe, err);
    wipe->has_looked = false;
    return true;
}

void wipe_free(struct wipe *wipe)
{
    free(wipe->buffer);
    free(wipe->unused);
    free(wipe->pages);
    *wipe = (struct wipe){0};
}
