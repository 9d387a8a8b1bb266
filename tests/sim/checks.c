#include "sim/checks_sql.h"

#include "sim/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each counts what must not be. */
static const struct {
    const char *what;
    const char *sql;
} rules[] = {
    {"counters differ from the rows",
     "SELECT count(*) FROM outbox_count AS c WHERE c.name IN ('pending', "
     "'sending', 'delivered', 'failed', 'skipped', 'discarded') AND c.count <> "
     "(SELECT count(*) FROM outbox_delivery AS d WHERE d.state = c.name)"},
    {"the backlog differs from what is pending",
     "SELECT (SELECT count(*) FROM (SELECT minute, kind, count FROM "
     "outbox_backlog EXCEPT SELECT arrived_ms / 60000, coalesce(kind, ''), "
     "count(*) FROM outbox_delivery WHERE state = 'pending' GROUP BY 1, 2)) + "
     "((SELECT total(count) FROM outbox_backlog) <> (SELECT count(*) FROM "
     "outbox_delivery WHERE state = 'pending'))"},
    {"delivered_ever differs from the attempts",
     "SELECT count(*) FROM outbox_count AS c WHERE c.name = 'delivered_ever' "
     "AND c.count <> (SELECT count(*) FROM outbox_attempt_outcome WHERE "
     "outcome "
     "= 'delivered')"},
    {"lanes without exactly one head",
     "SELECT count(*) FROM (SELECT total(due_ms IS NOT NULL OR state = "
     "'sending') AS heads FROM outbox_delivery WHERE settled_ms IS NULL GROUP "
     "BY lane HAVING heads <> 1)"},
    {"heads that are not the first of their lanes",
     "SELECT count(*) FROM outbox_delivery AS d WHERE due_ms IS NOT NULL AND "
     "id <> coalesce((SELECT id FROM outbox_delivery AS u WHERE u.lane = "
     "d.lane AND u.unknown = 1 AND u.settled_ms IS NULL), (SELECT min(id) FROM "
     "outbox_delivery AS u WHERE u.lane = d.lane AND u.settled_ms IS NULL))"},
    {"settled otherwise than delivered, without a reason",
     "SELECT count(*) FROM outbox_delivery WHERE settled_ms IS NOT NULL AND "
     "state <> 'delivered' AND reason IS NULL"},
    {"attempts that are open without being sent, or the other way round",
     "SELECT count(*) FROM outbox_attempt_outcome AS a JOIN outbox_delivery AS "
     "d ON d.id = a.delivery_id WHERE (outcome IS NULL) <> (d.state = "
     "'sending' "
     "AND number = d.attempts)"},
    {"attempts that ended without a time, or the other way round",
     "SELECT count(*) FROM outbox_attempt_outcome WHERE (outcome IS NULL) <> "
     "(ended_ms IS NULL)"},
    {"delivered, and the last attempt says otherwise",
     "SELECT count(*) FROM outbox_delivery AS d JOIN outbox_attempt_outcome AS "
     "a ON a.delivery_id = d.id AND number = d.attempts WHERE d.state = "
     "'delivered' AND (outcome <> 'delivered' OR ended_ms <> settled_ms OR "
     "a.reason IS NOT d.reason OR a.result IS NOT d.result)"},
    {"sent by an epoch that is over",
     "SELECT count(*) FROM outbox_delivery WHERE state = 'sending' AND epoch "
     "<> (SELECT epoch FROM outbox_relay)"},
    {"events without a delivery",
     "SELECT count(*) FROM outbox WHERE id NOT IN (SELECT id FROM "
     "outbox_delivery)"},
    {"an outcome that is unknown and was forgotten",
     "SELECT count(*) FROM outbox_delivery AS d WHERE settled_ms IS NULL AND "
     "unknown = 0 AND EXISTS (SELECT 1 FROM outbox_attempt AS a WHERE "
     "a.delivery_id = d.id AND outcome = 'unknown') AND NOT EXISTS (SELECT 1 "
     "FROM outbox_operation_item AS i WHERE i.delivery_id = d.id AND i.state "
     "IN ('applied', 'restored'))"},
    {"attempts with more than twelve calls",
     "SELECT count(*) FROM outbox_call_made WHERE number > 12"},
    {"attempts whose calls are not 1, 2 ... to the last",
     "SELECT count(*) FROM (SELECT 1 FROM outbox_call_made GROUP BY "
     "delivery_id, attempt HAVING min(number) <> 1 OR max(number) <> count(*) "
     "OR count(DISTINCT number) <> count(*))"},
    {"delivered, and there is no call that did it",
     "SELECT count(*) FROM outbox_count WHERE name = 'delivered_calls' AND "
     "count <> (SELECT count(*) FROM outbox_call_made AS c JOIN "
     "outbox_attempt_outcome AS a USING (delivery_id) WHERE a.number = "
     "c.attempt AND outcome = 'delivered')"},
};

static void check_rules(struct sim *sim)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        int64_t count = checks_number(sim, rules[i].sql, 0);
        if (count != 0)
            sim_fail(sim, "%s: %lld", rules[i].what, (long long)count);
    }
}

/* --- events --------------------------------------------------------------- */

static void meet_new_events(struct sim *sim)
{
    sqlite3_stmt *rows = checks_query(
        sim, "SELECT id, event_id FROM outbox WHERE id > ?1 ORDER BY id",
        sim->checks->newest_event);
    while (checks_step(sim, rows)) {
        int64_t id = sqlite3_column_int64(rows, 0);
        int number = (int)strtol(checks_text(rows, 1) + 1, NULL, 10);
        if (number <= 0 || number > sim->ledger.count ||
            id >= LEDGER_MOST_IDS ||
            sim->ledger.events[number].commit == LEDGER_REFUSED)
            sim_fail(sim, "#%lld is event %s, which was never committed",
                     (long long)id, checks_text(rows, 1));
        struct ledger_event *event = &sim->ledger.events[number];
        if (event->id != 0 && event->id != id &&
            event->commit == LEDGER_COMMITTED)
            sim_fail(sim, "event e%d is there twice: #%lld and #%lld", number,
                     (long long)event->id, (long long)id);
        event->id = id;
        sim->ledger.event_of[id] = number;
        sim->checks->newest_event = id;
    }
}

static void check_nothing_is_lost(struct sim *sim)
{
    for (int i = 1; i <= sim->ledger.count; i++) {
        const struct ledger_event *event = &sim->ledger.events[i];
        if (event->commit != LEDGER_COMMITTED)
            continue;
        if (event->id == 0 ||
            checks_number(sim,
                          "SELECT count(*) FROM outbox, outbox_delivery USING "
                          "(id) WHERE id = ?1",
                          event->id) != 1)
            sim_fail(sim, "event e%d (#%lld) was committed and is lost", i,
                     (long long)event->id);
        if (checks_number(sim,
                          "SELECT attempts FROM outbox_delivery WHERE id = ?1",
                          event->id) < event->begun)
            sim_fail(sim, "attempt %d of #%lld was sent and is forgotten",
                     event->begun, (long long)event->id);
    }
}

/* --- deliveries, as they change ------------------------------------------- */

static bool text_has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void check_gave_up(struct sim *sim, const struct ledger_event *event,
                          const char *reason)
{
    const struct checks *checks = sim->checks;
    int64_t now = sim->clock.monotonic_ms;
    int64_t age_ms = now - event->first_begun_ms;
    int64_t most_ms = checks->give_up_ms;
    if (strcmp(reason, "contact_missing") == 0 && most_ms > SIM_HOUR) {
        most_ms = SIM_HOUR;
        age_ms = now - event->missing_ms;
    }
    if (age_ms < most_ms)
        sim_fail(sim, "#%lld gave up (%s) after %lld ms of %lld",
                 (long long)event->id, reason, (long long)age_ms,
                 (long long)most_ms);
    if (checks->stopped_since_ms != 0 &&
        checks->stopped_since_ms < event->first_begun_ms)
        sim_fail(sim, "#%lld failed (%s) of an outage or a hold",
                 (long long)event->id, reason);
}

/* Only what is about this very delivery makes it fail. */
static void check_failed(struct sim *sim, const struct ledger_event *event,
                         sqlite3_stmt *row)
{
    const char *reason = checks_text(row, 2);
    const char *result = checks_text(row, 3);
    if (strcmp(reason, "invalid_event") == 0) {
        if (event->sort != LEDGER_INVALID)
            sim_fail(sim, "#%lld can be mapped and failed: %s",
                     (long long)event->id, result);
    } else if (text_has(result, "gave up after")) {
        check_gave_up(sim, event, reason);
    } else if (event->refused_attempt != sqlite3_column_int(row, 4)) {
        sim_fail(sim, "#%lld failed (%s: %s), and nothing refused it",
                 (long long)event->id, reason, result);
    }
}

static void check_delivered(struct sim *sim, struct ledger_event *event)
{
    event->delivered_in = event->begun_in;
    if (event->sends_ever == 0 &&
        checks_number(sim,
                      "SELECT event_body <> '' FROM outbox_attempt WHERE "
                      "delivery_id = ?1 AND event_body IS NOT NULL ORDER BY "
                      "number DESC LIMIT 1",
                      event->id) == 1)
        sim_fail(sim, "#%lld is delivered, and Intercom does not have it",
                 (long long)event->id);
}

/* Its turn in its lane, when it begins. */
static void check_begun(struct sim *sim, int64_t id)
{
    sim->checks->begun++;
    if (checks_number(sim,
                      "SELECT count(*) FROM outbox_delivery AS d, "
                      "outbox_delivery AS before WHERE d.id = ?1 AND d.unknown "
                      "= 0 AND before.lane = d.lane AND before.id < d.id AND "
                      "before.settled_ms IS NULL",
                      id) != 0)
        sim_fail(sim, "#%lld is sent before an older one of its user",
                 (long long)id);
}

static void check_change(struct sim *sim, sqlite3_stmt *row,
                         const struct checks_row *before)
{
    int64_t id = sqlite3_column_int64(row, 0);
    const char *state = checks_text(row, 1);
    struct ledger_event *event = ledger_find(&sim->ledger, id);
    if (event == NULL)
        sim_fail(sim, "#%lld is a delivery of no event", (long long)id);
    /* A newer operation's retry; one that is taken back restores the age. */
    if (sqlite3_column_int64(row, 5) > before->operation_id &&
        strcmp(state, "discarded") != 0) {
        event->first_begun_ms = 0;
        event->missing_ms = 0;
    }
    sim_trace(sim, "  #%lld u%d: %s, %s, attempt %d", (long long)id,
              event->user, state, checks_text(row, 2),
              sqlite3_column_int(row, 4));
    if (strcmp(state, "sending") == 0)
        check_begun(sim, id);
    else if (strcmp(state, "failed") == 0)
        check_failed(sim, event, row);
    else if (strcmp(state, "delivered") == 0)
        check_delivered(sim, event);
    else if (strcmp(state, "skipped") == 0 && event->sort != LEDGER_SKIPPED)
        sim_fail(sim, "#%lld is skipped (%s) instead of sent", (long long)id,
                 checks_text(row, 2));
    else if (strcmp(state, "discarded") == 0 && sqlite3_column_int(row, 5) == 0)
        sim_fail(sim, "#%lld is discarded, and no operator did it",
                 (long long)id);
}

/* True if an operator has put it back as it was: nothing new has happened. */
static bool is_restored(const struct checks_row *before, sqlite3_stmt *row)
{
    return sqlite3_column_int64(row, 5) != before->operation_id &&
           sqlite3_column_int(row, 4) == before->attempts &&
           strcmp(checks_text(row, 1), "sending") != 0 &&
           strcmp(checks_text(row, 1), "discarded") != 0;
}

static void look_at_deliveries(struct sim *sim)
{
    sqlite3_stmt *rows =
        checks_query(sim,
                     "SELECT id, state, reason, result, attempts, operation_id "
                     "FROM outbox_delivery",
                     0);
    while (checks_step(sim, rows)) {
        int64_t id = sqlite3_column_int64(rows, 0);
        struct checks_row *before = &sim->checks->rows[id];
        const char *state = checks_text(rows, 1);
        int attempts = sqlite3_column_int(rows, 4);
        if (strcmp(before->state, state) == 0 && before->attempts == attempts &&
            before->operation_id == sqlite3_column_int64(rows, 5))
            continue;
        if (is_restored(before, rows) && strcmp(state, "pending") != 0)
            sim_trace(sim, "  #%lld: %s again", (long long)id, state);
        else
            check_change(sim, rows, before);
        (void)snprintf(before->state, sizeof(before->state), "%s", state);
        before->attempts = attempts;
        before->operation_id = sqlite3_column_int64(rows, 5);
    }
}

/* --- turns ---------------------------------------------------------------- */

static void read_hold(struct sim *sim, char *hold, size_t size)
{
    sqlite3_stmt *row = checks_query(
        sim, "SELECT hold_reason FROM outbox_destination WHERE id = 1", 0);
    hold[0] = '\0';
    if (!checks_step(sim, row))
        return;
    (void)snprintf(hold, size, "%s", checks_text(row, 0));
    (void)sqlite3_reset(row);
}

/* Held by what GET /me probes, nothing is sent; else a probe at most. */
static void check_hold(struct sim *sim)
{
    char before[32];
    char *hold = sim->checks->hold;
    (void)snprintf(before, sizeof(before), "%s", hold);
    read_hold(sim, hold, sizeof(sim->checks->hold));
    if (before[0] == '\0' || strcmp(before, hold) != 0)
        return;
    bool probed_by_me =
        strcmp(hold, "token_refused") == 0 || strcmp(hold, "certificate") == 0;
    if (sim->checks->begun > (probed_by_me ? 0 : 1))
        sim_fail(sim, "held (%s), and %d attempts begin", hold,
                 sim->checks->begun);
}

static void note_outages(struct sim *sim)
{
    bool stops = weather_stops_all(peer_weather(sim->peer)) ||
                 peer_token(sim->peer) == 0;
    int64_t *since_ms = &sim->checks->stopped_since_ms;
    if (!stops)
        *since_ms = 0;
    else if (*since_ms == 0)
        *since_ms = sim->clock.monotonic_ms;
}

/* True if somebody has committed since the last look, or may have. */
static bool has_changed(struct sim *sim)
{
    struct checks *checks = sim->checks;
    int64_t before = checks->data_version;
    checks->data_version = checks_number(sim, "PRAGMA data_version", 0);
    return checks->data_version == 0 || checks->data_version != before;
}

/* Between two looks there is a turn of one relay at most, or a commit of
 * somebody else. */
void checks_look(struct sim *sim)
{
    note_outages(sim);
    if (!has_changed(sim))
        return;
    sim->checks->begun = 0;
    meet_new_events(sim);
    look_at_deliveries(sim);
    check_hold(sim);
    check_rules(sim);
}

void checks_after_start(struct sim *sim)
{
    sim->checks->data_version = 0;
    checks_look(sim);
    check_nothing_is_lost(sim);
}

void checks_set_give_up(struct sim *sim, int64_t give_up_ms)
{
    sim->checks->give_up_ms = give_up_ms;
}

int64_t checks_count_waiting(struct sim *sim)
{
    return checks_number(
        sim, "SELECT count(*) FROM outbox_delivery WHERE settled_ms IS NULL",
        0);
}
