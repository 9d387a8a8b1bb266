/* checks_end.c - what must have come of it all in the end. */
#include "sim/checks_sql.h"

#include "sim/peer.h"

#include <string.h>

/* The newest event of the user that was delivered in this workspace. */
static const struct ledger_event *find_newest(struct sim *sim, int user,
                                              int64_t *arrived_ms)
{
    const struct ledger_event *newest = NULL;
    for (int i = 1; i <= sim->ledger.count; i++) {
        const struct ledger_event *event = &sim->ledger.events[i];
        if (event->user != user || event->id == 0 ||
            event->delivered_in != peer_workspace(sim->peer) + 1)
            continue;
        int64_t this_ms = checks_number(
            sim, "SELECT arrived_ms FROM outbox_delivery WHERE id = ?1",
            event->id);
        if (newest == NULL ||
            ledger_is_newer(event, this_ms, newest, *arrived_ms)) {
            newest = event;
            *arrived_ms = this_ms;
        }
    }
    return newest;
}

/* The contact has the newest event's attributes, or still newer ones (of an
 * event that failed behind its contact's call). */
static void check_attributes(struct sim *sim, int user)
{
    int64_t newest_ms = 0;
    const struct ledger_event *newest = find_newest(sim, user, &newest_ms);
    if (newest == NULL || sim->ledger.users[user].is_tangled)
        return;
    int number = peer_entitlement(sim->peer, user);
    if (number < 0)
        return; /* archived since */
    const struct ledger_event *there = &sim->ledger.events[number];
    int64_t there_ms = checks_number(
        sim, "SELECT arrived_ms FROM outbox_delivery WHERE id = ?1", there->id);
    if (number == 0 || there->user != user ||
        ledger_is_newer(newest, newest_ms, there, there_ms))
        sim_fail(sim, "u%d has the attributes of #%lld, and not of #%lld", user,
                 (long long)there->id, (long long)newest->id);
}

static bool was_touched(struct sim *sim, int64_t id)
{
    return checks_number(sim,
                         "SELECT count(*) FROM outbox_operation_item WHERE "
                         "delivery_id = ?1 AND state IN ('applied', "
                         "'restored')",
                         id) != 0;
}

/* What no operator has touched has reached Intercom in its user's order. */
static void check_order(struct sim *sim, int user)
{
    const struct ledger_event *before = NULL;
    for (int64_t id = 1; id < LEDGER_MOST_IDS; id++) {
        const struct ledger_event *event = ledger_find(&sim->ledger, id);
        if (event == NULL || event->id != id || event->user != user ||
            event->order == 0 || was_touched(sim, id))
            continue;
        if (before != NULL && before->order > event->order)
            sim_fail(sim, "#%lld reached Intercom before #%lld of u%d",
                     (long long)id, (long long)before->id, user);
        before = event;
    }
}

static void check_integrity(struct sim *sim)
{
    sqlite3_stmt *row = checks_query(sim, "PRAGMA integrity_check", 0);
    if (!checks_step(sim, row) || strcmp(checks_text(row, 0), "ok") != 0)
        sim_fail(sim, "the database is damaged: %s", checks_text(row, 0));
    (void)sqlite3_reset(row);
}

static void tell_waiting(struct sim *sim)
{
    sqlite3_stmt *rows = checks_query(
        sim,
        "SELECT d.id, lane, state, reason, due_ms, attempts, hold_reason, "
        "pause_reason FROM outbox_delivery AS d, outbox_destination WHERE "
        "settled_ms IS NULL ORDER BY due_ms IS NULL, d.id",
        0);
    int count = 0;
    for (; checks_step(sim, rows); count++)
        sim_trace(
            sim,
            "  #%s %s: %s, %s, due %s (now %lld), attempt %s; held: '%s', "
            "paused: '%s'",
            checks_text(rows, 0), checks_text(rows, 1), checks_text(rows, 2),
            checks_text(rows, 3), checks_text(rows, 4),
            (long long)sim->clock.wall_ms, checks_text(rows, 5),
            checks_text(rows, 6), checks_text(rows, 7));
    sim_fail(sim, "%d still wait, and nothing is in their way", count);
}

void checks_at_end(struct sim *sim)
{
    checks_after_start(sim);
    check_integrity(sim);
    for (int user = 1; user <= LEDGER_MOST_USERS; user++) {
        check_attributes(sim, user);
        check_order(sim, user);
    }
    if (checks_count_waiting(sim) != 0)
        tell_waiting(sim);
}
