#include "relay/keeping.h"

#include "base/log.h"
#include "outbox/outbox.h"
#include "outbox/space.h"

#include <inttypes.h>

/* A page takes this long at most, and then as much of ten as it took is left
 * to the sending and to producers. */
static const int64_t PAGE_MS = 10;
static const int64_t PAUSE_FACTOR = 10;
static const int64_t LEAST_PAUSE_MS = 20;
/* Between walks. They go on where the last one stopped; from the first id, for
 * what settled late, only now and then. */
static const int64_t WALK_EVERY_MS = 60 * 1000;
static const int64_t WHOLE_WALK_EVERY_MS = 60 * 60 * 1000;
/* Room that the next events will need again is kept: a file that shrinks and
 * grows is only work. */
static const int64_t KEEP_FREE_PAGES = 1024;
static const int64_t KEEP_FREE_SHARE = 4;

void keeping_init(struct keeping *keeping, int64_t keep_ms)
{
    *keeping = (struct keeping){.keep_ms = keep_ms};
}

int64_t keeping_time_to_page(const struct keeping *keeping, int64_t now_ms)
{
    if (keeping->task == KEEPING_RESTS)
        return INT64_MAX;
    return keeping->next_ms > now_ms ? keeping->next_ms - now_ms : 0;
}

static void begin_walk(struct keeping *keeping, const struct clock *clock)
{
    int64_t now_ms = clock_wall_ms(clock);
    int64_t after_id = keeping->walk.resume_id;
    if (clock_monotonic_ms(clock) >= keeping->whole_walk_ms) {
        after_id = 0;
        keeping->whole_walk_ms =
            clock_monotonic_ms(clock) + WHOLE_WALK_EVERY_MS;
    }
    keeping->walk = (struct prune){
        .now_ms = now_ms,
        .before_ms =
            keeping->keep_ms == 0 ? OUTBOX_NO_TIME : now_ms - keeping->keep_ms,
        .page_ms = PAGE_MS,
        .after_id = after_id,
        .resume_id = after_id,
    };
    keeping->task = KEEPING_PRUNES;
}

static void tell_pruned(const struct prune *walk)
{
    if (walk->delivered + walk->skipped + walk->discarded > 0)
        log_line(LOG_INFO,
                 "pruned %" PRId64 " delivered, %" PRId64 " skipped, %" PRId64
                 " discarded: settled longer ago than --keep",
                 walk->delivered, walk->skipped, walk->discarded);
}

/* How many rows the walk has taken away. */
static int64_t rows_gone(const struct prune *walk)
{
    return walk->delivered + walk->skipped + walk->discarded + walk->leftovers;
}

static bool prune_page(struct keeping *keeping, struct store *store,
                       const struct clock *clock, bool *wrote, struct err *err)
{
    struct prune *walk = &keeping->walk;
    int64_t gone = rows_gone(walk);
    if (!prune_step(store, walk, clock, err))
        return false;
    *wrote = rows_gone(walk) > gone;
    if (walk->done) {
        tell_pruned(walk);
        keeping->task = KEEPING_GIVES_BACK;
    }
    return true;
}

static bool give_back_page(struct keeping *keeping, struct store *store,
                           bool *wrote, struct err *err)
{
    struct space space;
    bool more;
    if (!space_read(store, &space, err))
        return false;
    *wrote = space.policy == SPACE_GIVEN_IN_STEPS &&
             space.free_pages > KEEP_FREE_PAGES &&
             space.free_pages > space.pages / KEEP_FREE_SHARE;
    if (!*wrote)
        keeping->task = KEEPING_RESTS;
    return !*wrote || space_give_back(store, &more, err);
}

static void plan_next(struct keeping *keeping, int64_t began_ms, int64_t now_ms)
{
    int64_t pause_ms = (now_ms - began_ms) * PAUSE_FACTOR;
    if (keeping->task == KEEPING_RESTS)
        pause_ms = WALK_EVERY_MS;
    else if (pause_ms < LEAST_PAUSE_MS)
        pause_ms = LEAST_PAUSE_MS;
    keeping->next_ms = now_ms + pause_ms;
}

/* Up to the first page that writes: pages that only look go in a row, so that
 * a walk that finds nothing costs one wake-up, or none. */
static bool work(struct keeping *keeping, struct store *store,
                 const struct clock *clock, bool *wrote, struct err *err)
{
    int64_t until_ms = clock_monotonic_ms(clock) + PAGE_MS;
    *wrote = false;
    if (keeping->task == KEEPING_RESTS)
        begin_walk(keeping, clock);
    do {
        bool good = keeping->task == KEEPING_PRUNES
                        ? prune_page(keeping, store, clock, wrote, err)
                        : give_back_page(keeping, store, wrote, err);
        if (!good)
            return false;
    } while (!*wrote && keeping->task != KEEPING_RESTS &&
             clock_monotonic_ms(clock) < until_ms);
    return true;
}

bool keeping_work(struct keeping *keeping, struct store *store,
                  const struct clock *clock, bool *wrote, struct err *err)
{
    int64_t began_ms = clock_monotonic_ms(clock);
    *wrote = false;
    if (began_ms < keeping->next_ms)
        return true;
    bool good = work(keeping, store, clock, wrote, err);
    int64_t now_ms = clock_monotonic_ms(clock);
    plan_next(keeping, began_ms, now_ms);
    if (!good)
        keeping->next_ms = now_ms + WALK_EVERY_MS;
    return good;
}
