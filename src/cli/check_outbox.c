/* check_outbox.c - the outbox in the file. */
#include "cli/check.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/operator.h"
#include "outbox/forget.h"
#include "outbox/health.h"
#include "outbox/name_preview.h"
#include "outbox/outbox.h"
#include "outbox/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    QUICK_MS = 5000,
    ADOPT_IN_A_PAGE = 1000,
    MINUTE_MS = 60 * 1000,
    LAG_MS = 15 * MINUTE_MS,
    LARGE_WAL_BYTES = 64 * 1024 * 1024,
};

static const char restore_todo[] =
    "restore a backup beside it, compare, and put it in its place; keep the "
    "damaged file";

static void add_failure(struct check_report *report, const char *name,
                        const struct err *err)
{
    check_add(report, name,
              err->code == ERR_CORRUPT ? CHECK_DATA : CHECK_ENVIRONMENT,
              err->code == ERR_CORRUPT ? restore_todo : NULL, "%s", err->text);
}

/* --- the file's inside --------------------------------------------------- */

static void check_journal(struct check_report *report, struct store *store)
{
    char mode[16];
    char todo[CHECK_TEXT_BYTES];
    struct err err;
    if (!store_read_journal_mode(store, mode, sizeof(mode), &err)) {
        add_failure(report, "journal", &err);
        return;
    }
    (void)snprintf(todo, sizeof(todo), "subrelay -d %.200s init --wal",
                   store_path(store));
    if (text_equals(mode, "wal"))
        check_add(report, "journal", CHECK_OK, NULL, "wal");
    else
        check_add(report, "journal", CHECK_NOTE, todo,
                  "%s: producers and relay wait for each other", mode);
}

static void check_integrity(struct check_report *report, struct store *store,
                            bool deep)
{
    struct health_integrity integrity;
    struct err err;
    if (!health_check_integrity(store, deep, deep ? 0 : QUICK_MS,
                                clock_system(), &integrity, &err))
        add_failure(report, "integrity", &err);
    else if (!integrity.is_whole)
        check_add(report, "integrity", CHECK_DATA, restore_todo, "%s",
                  integrity.found);
    else if (integrity.ended_early)
        check_add(report, "integrity", CHECK_NOTE,
                  "check --deep reads it all; the log grows meanwhile",
                  "ok as far as read in %d s", QUICK_MS / 1000);
    else
        check_add(report, "integrity", CHECK_OK, NULL, "%s",
                  deep ? "the whole file, indexes compared with their tables"
                       : "the whole file; --deep compares indexes, too");
}

/* --- counters and deliveries --------------------------------------------- */

static bool adopt_all(struct store *store, int64_t *adopted, struct err *err)
{
    const struct clock *clock = clock_system();
    struct outbox_adoption adoption = {.limit = ADOPT_IN_A_PAGE};
    *adopted = 0;
    while (!adoption.done) {
        int64_t began_ms = clock_monotonic_ms(clock);
        adoption.now_ms = clock_wall_ms(clock);
        if (!outbox_adopt(store, &adoption, err))
            return false;
        *adopted += adoption.adopted;
        operator_leave_lock_free(clock_monotonic_ms(clock) - began_ms);
    }
    return true;
}

static void mend(struct check_report *report, struct store *store,
                 const struct health_counts *counts)
{
    struct err err;
    int64_t adopted;
    if (!outbox_recount(store, &err) || !adopt_all(store, &adopted, &err)) {
        add_failure(report, "counters", &err);
        return;
    }
    if (counts->wrong_counters > 0)
        check_add(report, "counters", CHECK_NOTE, NULL, "%s%s; counted anew",
                  counts->first_wrong,
                  counts->wrong_counters > 1 ? ", and others are wrong" : "");
    if (counts->lost > 0)
        check_add(report, "lanes", CHECK_NOTE,
                  "find out who changes the table outbox_delivery",
                  "%" PRId64 " deliveries would have waited for ever; they are "
                  "in line again",
                  counts->lost);
    if (adopted > 0)
        check_add(report, "deliveries", CHECK_NOTE,
                  "find out who writes with triggers switched off",
                  "%" PRId64 " events had no delivery; they have one now",
                  adopted);
}

static void check_counts(struct check_report *report, struct store *store,
                         bool can_write)
{
    struct health_counts counts;
    struct err err;
    if (!health_check_counts(store, &counts, &err)) {
        add_failure(report, "counters", &err);
        return;
    }
    bool is_right = counts.wrong_counters == 0 &&
                    counts.events == counts.deliveries && counts.lost == 0;
    if (is_right)
        check_add(report, "counters", CHECK_OK, NULL,
                  "as counted: %" PRId64 " events, each with a delivery",
                  counts.events);
    else if (can_write)
        mend(report, store, &counts);
    else
        check_add(report, "counters", CHECK_DATA,
                  "run check as somebody who may write to the database",
                  "%" PRId64 " events, %" PRId64 " deliveries, %" PRId64
                  " of them out of line; %s",
                  counts.events, counts.deliveries, counts.lost,
                  counts.wrong_counters > 0 ? counts.first_wrong
                                            : "the counters are right");
    if (counts.deliveries > counts.events)
        check_add(report, "deliveries", CHECK_DATA,
                  "find out who deletes from the table outbox, and restore a "
                  "backup",
                  "%" PRId64 " deliveries have no event",
                  counts.deliveries - counts.events);
}

/* --- what the relay does ------------------------------------------------- */

static void check_wal(struct check_report *report,
                      const struct view_status *status)
{
    if (status->wal_bytes > LARGE_WAL_BYTES)
        check_add(report, "wal", CHECK_NOTE,
                  "some process reads in one transaction without an end: find "
                  "it and let it commit",
                  "%.1f MB", (double)status->wal_bytes / 1e6);
    else
        check_add(report, "wal", CHECK_OK, NULL, "%.1f MB",
                  (double)status->wal_bytes / 1e6);
}

static void check_forgotten(struct check_report *report, struct store *store)
{
    char todo[CHECK_TEXT_BYTES];
    struct err err;
    int64_t id;
    if (!forget_read_unfinished(store, &id, &err)) {
        add_failure(report, "forget", &err);
        return;
    }
    (void)snprintf(todo, sizeof(todo),
                   "if no forget is running: subrelay -d %.200s forget USER "
                   "--yes, again",
                   store_path(store));
    if (id != 0)
        check_add(report, "forget", CHECK_NOTE, todo,
                  "operation %" PRId64 " was interrupted before what it erased "
                  "was overwritten in the file",
                  id);
}

static void check_destination(struct check_report *report,
                              const struct view_status *status)
{
    char held[32];
    if (status->pause_reason != NULL)
        check_add(report, "sending", CHECK_NOTE, "subrelay resume",
                  "paused by %s%s%s",
                  status->paused_by == NULL ? "?" : status->paused_by,
                  *status->pause_reason == '\0' ? "" : ": ",
                  status->pause_reason);
    else if (!status->relay_is_running)
        return;
    else if (status->hold_reason != NULL) {
        text_format_duration(status->now_ms - status->held_since_ms, held,
                             sizeof(held));
        check_add(report, "sending", CHECK_ENVIRONMENT,
                  status->hold_text == NULL ? "see status" : status->hold_text,
                  "held for %s: %s", held, status->hold_reason);
    } else if (status->breaker_since_ms != OUTBOX_NO_TIME)
        check_add(report, "sending", CHECK_ENVIRONMENT,
                  "see whether Intercom is down, or the way there",
                  "nothing gets through: %s",
                  status->breaker_text == NULL ? "" : status->breaker_text);
}

static void check_lag(struct check_report *report,
                      const struct view_status *status)
{
    char age[32] = "";
    bool waits =
        status->pending > 0 && status->oldest_pending_ms != OUTBOX_NO_TIME;
    int64_t age_ms = waits ? status->now_ms - status->oldest_pending_ms : 0;
    text_format_duration(age_ms, age, sizeof(age));
    if (!status->relay_is_running)
        check_add(report, "relay", waits ? CHECK_NOTE : CHECK_OK,
                  waits ? "start it: subrelay run" : NULL,
                  waits ? "not running; %" PRId64 " pending, the oldest for %s"
                        : "not running; %" PRId64 " pending%s",
                  status->pending, waits ? age : "");
    else if (age_ms > LAG_MS)
        check_add(report, "relay", CHECK_NOTE, "subrelay status tells why",
                  "pid %" PRId64 "; %" PRId64 " pending, the oldest for %s",
                  status->relay_pid, status->pending, age);
    else
        check_add(report, "relay", CHECK_OK, NULL,
                  "pid %" PRId64 "; %" PRId64 " pending", status->relay_pid,
                  status->pending);
    if (status->failed > 0)
        check_add(report, "failed", CHECK_NOTE,
                  "subrelay status tells the causes and the next steps",
                  "%" PRId64 " failed for good", status->failed);
}

void check_outbox(struct check_report *report, struct store *store,
                  bool can_write, bool deep)
{
    struct view_status status;
    struct err err;
    check_journal(report, store);
    check_integrity(report, store, deep);
    check_counts(report, store, can_write);
    check_forgotten(report, store);
    if (!view_read_status(store, clock_wall_ms(clock_system()), &status,
                          &err)) {
        add_failure(report, "relay", &err);
        return;
    }
    check_wal(report, &status);
    check_destination(report, &status);
    check_lag(report, &status);
    view_status_free(&status);
}

/* --- names --------------------------------------------------------------- */

void check_names(struct check_report *report, struct store *store)
{
    struct names names;
    struct err err;
    if (!outbox_read_names(store, &names, &err)) {
        add_failure(report, "names", &err);
        return;
    }
    check_add(report, "names", CHECK_OK, NULL,
              "%d of the %d that Intercom takes of a workspace",
              name_preview_count_used(&names), NAME_PREVIEW_MOST_NAMES);
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
        if (!names.off[kind] && strpbrk(names.name[kind], ".$") != NULL)
            check_add(report, "names", CHECK_NOTE,
                      "subrelay names set, with a - where . or $ is, so that "
                      "both ends show the same",
                      "%s: Intercom changes \"%s\": . and $ become -",
                      catalog_word((enum event_kind)kind), names.name[kind]);
    }
}

/* --- the clock ----------------------------------------------------------- */

void check_clock_alone(struct check_report *report, struct store *store)
{
    struct err err;
    int64_t arrived_ms;
    char text[TEXT_TIME_BYTES];
    int64_t now_ms = clock_wall_ms(clock_system());
    text_format_time(now_ms, text, sizeof(text));
    if (store != NULL && health_newest_arrival(store, &arrived_ms, &err) &&
        arrived_ms != OUTBOX_NO_TIME && arrived_ms > now_ms + MINUTE_MS)
        check_add(report, "clock", CHECK_ENVIRONMENT,
                  "set it (timedatectl); what waits for a time waits longer",
                  "%s, which is before the newest event's arrival", text);
    else
        check_add(report, "clock", CHECK_OK, NULL,
                  "%s; not compared with Intercom's", text);
}
