/* checks_calls.c - what must hold of every call that leaves, and of what
 * Intercom makes of it. */
#include "sim/checks_sql.h"

#include "sim/peer.h"

#include <string.h>

/* Recorded, with these bytes, by the newest relay, and not ended. */
static void check_is_recorded(struct sim *sim, int64_t id, int number,
                              const char *body, bool is_event)
{
    sqlite3_stmt *row = checks_query(
        sim,
        "SELECT outcome, a.epoch = (SELECT epoch FROM outbox_relay), state, "
        "attempts, number,"
        "(SELECT event_body FROM outbox_attempt AS b WHERE b.delivery_id = "
        "d.id AND event_body IS NOT NULL ORDER BY number DESC LIMIT 1),"
        "(SELECT attributes FROM outbox_attempt AS b WHERE b.delivery_id = "
        "d.id AND attributes IS NOT NULL ORDER BY number DESC LIMIT 1)"
        "FROM outbox_delivery AS d LEFT JOIN outbox_attempt_outcome AS a "
        "ON a.delivery_id = d.id AND number = d.attempts WHERE d.id = ?1",
        id);
    if (row == NULL || !checks_step(sim, row))
        return; /* someone has it locked: nothing can be seen */
    if (sqlite3_column_int(row, 4) != number ||
        strcmp(checks_text(row, 2), "sending") != 0)
        sim_fail(sim, "bytes of #%lld leave before attempt %d is recorded",
                 (long long)id, number);
    if (sqlite3_column_type(row, 0) != SQLITE_NULL)
        sim_fail(sim, "a call of #%lld's attempt %d, which has ended",
                 (long long)id, number);
    if (sqlite3_column_int(row, 1) != 1)
        sim_fail(sim, "a call of #%lld by a relay whose time is over",
                 (long long)id);
    if (is_event && strcmp(checks_text(row, 5), body) != 0)
        sim_fail(sim, "#%lld sends other bytes than recorded:\n%s\n%s",
                 (long long)id, body, checks_text(row, 5));
    const char *attributes = checks_text(row, 6);
    if (!is_event && attributes[0] != '\0' &&
        strstr(body, "custom_attributes") != NULL &&
        strstr(body, attributes) == NULL)
        sim_fail(sim, "#%lld writes other attributes than recorded:\n%s\n%s",
                 (long long)id, body, attributes);
    (void)sqlite3_reset(row);
}

void checks_see_call(struct sim *sim, int64_t id, int number, int user,
                     const char *body, bool is_event)
{
    const struct ledger_user *lane = &sim->ledger.users[user];
    check_is_recorded(sim, id, number, body, is_event);
    if (lane->lane_calls > 0)
        sim_fail(sim, "u%d has two calls under way", user);
    if (sim->clock.monotonic_ms < lane->quiet_until_ms &&
        lane->quiet_jumps == sim->clock_jumps)
        sim_fail(sim, "u%d is called %lld ms before its quiet time is over",
                 user,
                 (long long)(lane->quiet_until_ms - sim->clock.monotonic_ms));
    struct ledger_event *event = ledger_find(&sim->ledger, id);
    if (event == NULL)
        sim_fail(sim, "#%lld is sent, but nobody wrote it", (long long)id);
    int workspace = peer_workspace(sim->peer) + 1;
    if (number > event->begun)
        sim->ledger.users[user].begun_jumps = sim->clock_jumps;
    if (number > event->begun)
        event->begun_in = workspace;
    else if (event->begun_in != workspace)
        event->begun_in = 0;
    event->begun = number;
    if (event->first_begun_ms == 0)
        event->first_begun_ms = sim->clock.monotonic_ms;
}

void checks_see_answer(struct sim *sim, int64_t id, int number, bool is_event,
                       const struct http_answer *answer)
{
    struct ledger_event *event = ledger_find(&sim->ledger, id);
    if (event == NULL || answer->end != HTTP_ANSWERED)
        return;
    if (answer->status == 400 || answer->status == 413 ||
        answer->status == 415 || answer->status == 422)
        event->refused_attempt = number;
    if (is_event && answer->status == 404) {
        event->missing_attempt = number;
        if (event->missing_ms == 0)
            event->missing_ms = sim->clock.monotonic_ms;
    }
}

/* Another name or second is another event to Intercom: only an operator's
 * retry may lead to it. */
void checks_see_change(struct sim *sim, const struct ledger_event *event,
                       int number, const char *name)
{
    sqlite3_stmt *rows = checks_query(
        sim,
        "SELECT number FROM outbox_attempt WHERE delivery_id = ?1 AND cause "
        "<> 'automatic' ORDER BY number",
        event->id);
    bool has_leave = rows == NULL;
    while (rows != NULL && checks_step(sim, rows)) {
        int retried = sqlite3_column_int(rows, 0);
        has_leave =
            has_leave || (retried > event->attempt && retried <= number);
    }
    if (!has_leave)
        sim_fail(sim,
                 "#%lld is doubled at Intercom: attempt %d was taken as %s, "
                 "attempt %d is as %s, and no operator asked for it",
                 (long long)event->id, event->attempt, event->name, number,
                 name);
}
