/* test_outbox_lanes.c - a random life of an outbox beside a model of it.
 *
 * The model knows the rules and no SQL: a lane has one head; what is being
 * sent is it, else what waits with an unknown outcome, else the lowest pending
 * id. After every step all rows and counters must be as the model has them. */
#include "support/outbox_turns.h"

#include "base/random.h"
#include "base/text.h"
#include "outbox/connection.h"
#include "outbox/counters.h"
#include "outbox/lane.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 2000, SPELL = 300, MOST_ROWS = 1500 };
enum { LANES = 40, IN_FLIGHT = 60 };
enum { NONE = -1, TIMEOUT_MS = 30000 }; /* the latter of outbox_turns */

enum state { PENDING, SENDING, DELIVERED, FAILED, SKIPPED, DISCARDED, STATES };
static const char *const state_words[STATES] = {
    "pending", "sending", "delivered", "failed", "skipped", "discarded"};

struct row {
    int lane; /* NONE: alone */
    enum state state;
    bool unknown;
    int64_t not_before_ms;
    int64_t due_ms;     /* NONE: not due */
    int64_t started_ms; /* of the last attempt */
};

struct world {
    struct fixture *fixture;
    struct random random;
    int64_t epoch;
    int64_t now_ms;
    struct row rows[MOST_ROWS + 1]; /* by id, from 1 */
    int count;
    struct outbox_claim claims[IN_FLIGHT];
    int in_flight;
};

/* --- the model ----------------------------------------------------------- */

static bool shares_lane(const struct world *world, int a, int b)
{
    return a == b || (world->rows[a].lane != NONE &&
                      world->rows[a].lane == world->rows[b].lane);
}

/* The head of the lane that this row is in; 0: nothing is pending there. */
static int model_head(const struct world *world, int id)
{
    int lowest = 0;
    int unknown = 0;
    for (int i = world->count; i > 0; i--) {
        const struct row *row = &world->rows[i];
        if (!shares_lane(world, id, i))
            continue;
        if (row->state == SENDING)
            return i;
        if (row->state == PENDING && row->unknown)
            unknown = i;
        if (row->state == PENDING)
            lowest = i;
    }
    return unknown != 0 ? unknown : lowest;
}

static void model_step(struct world *world, int id)
{
    int head = model_head(world, id);
    for (int i = 1; i <= world->count; i++) {
        if (shares_lane(world, id, i))
            world->rows[i].due_ms = NONE;
    }
    if (head != 0 && world->rows[head].state == PENDING)
        world->rows[head].due_ms = world->rows[head].not_before_ms;
}

/* --- what is checked after each step ------------------------------------- */

static void check_rows(const struct world *world)
{
    sqlite3 *database = world->fixture->store->database;
    sqlite3_stmt *statement;
    int id = 0;
    assert_int_equal(
        sqlite3_prepare_v2(database,
                           "SELECT id, state, coalesce(due_ms, -1), unknown"
                           " FROM outbox_delivery ORDER BY id",
                           -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const struct row *row = &world->rows[++id];
        assert_int_equal(sqlite3_column_int64(statement, 0), id);
        assert_string_equal((const char *)sqlite3_column_text(statement, 1),
                            state_words[row->state]);
        assert_int_equal(sqlite3_column_int64(statement, 2), row->due_ms);
        assert_int_equal(sqlite3_column_int(statement, 3), row->unknown);
    }
    (void)sqlite3_finalize(statement);
    assert_int_equal(id, world->count); /* nothing is lost */
}

static void check_sums(const struct world *world)
{
    static const char *const zeros[] = {
        /* one head a lane */
        "SELECT count(*) FROM (SELECT 1 FROM outbox_delivery WHERE due_ms IS"
        " NOT NULL OR state = 'sending' GROUP BY lane HAVING count(*) > 1)",
        /* numbers of attempts */
        "SELECT count(*) FROM outbox_delivery AS d WHERE attempts <> (SELECT"
        " coalesce(max(id), d.id << 20) & 1048575 FROM outbox_attempt WHERE"
        " id BETWEEN (d.id << 20) AND (d.id << 20 | 1048575))",
        /* counters */
        "SELECT count(*) FROM outbox_count WHERE name NOT LIKE '%\\_%' ESCAPE"
        " '\\' AND count <> (SELECT count(*) FROM outbox_delivery WHERE state"
        " = name)",
        "SELECT count(*) FROM (SELECT arrived_ms / 60000 AS m, coalesce(kind,"
        " '') AS k, count(*) AS n FROM outbox_delivery WHERE state ="
        " 'pending' GROUP BY 1, 2 EXCEPT SELECT minute, kind, count FROM"
        " outbox_backlog)",
        "SELECT count(*) FROM (SELECT minute, kind, count FROM outbox_backlog"
        " EXCEPT SELECT arrived_ms / 60000, coalesce(kind, ''), count(*) FROM"
        " outbox_delivery WHERE state = 'pending' GROUP BY 1, 2)",
        "SELECT (SELECT sum(count) FROM outbox_minute WHERE outcome NOT IN"
        " ('skipped')) IS NOT (SELECT nullif(count(outcome), 0) FROM"
        " outbox_attempt_outcome)",
    };
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
        assert_int_equal(fixture_number(world->fixture, zeros[i]), 0);
}

/* --- steps --------------------------------------------------------------- */

static int below(struct world *world, uint32_t limit)
{
    return (int)random_below(&world->random, limit);
}

/* A new row in the model; *payload is what the outbox gets. */
static int add_row(struct world *world, char *payload, size_t size)
{
    int id = ++world->count;
    int lane = below(world, LANES + 1) - 1;
    world->rows[id] = (struct row){.lane = lane, .due_ms = NONE};
    (void)snprintf(payload, size,
                   lane == NONE ? "{\"event\":{\"id\":\"%d\",\"type\":"
                                  "\"RENEWAL\"}}"
                                : "{\"event\":{\"id\":\"%d\",\"type\":"
                                  "\"RENEWAL\",\"app_user_id\":\"u%d\"}}",
                   id, lane);
    model_step(world, id);
    return id;
}

static void step_put(struct world *world)
{
    char payload[256];
    bool is_new = false;
    if (world->count == MOST_ROWS)
        return;
    (void)add_row(world, payload, sizeof(payload));
    fixture_check(world->fixture,
                  outbox_put(world->fixture->store, payload, strlen(payload),
                             &is_new, &world->fixture->err));
    assert_true(is_new);
}

/* An event that is known changes nothing. */
static void step_repeat(struct world *world)
{
    char payload[256];
    bool is_new = true;
    if (world->count == 0)
        return;
    (void)snprintf(payload, sizeof(payload),
                   "{\"event\":{\"id\":\"%d\",\"type\":\"TEST\"}}",
                   1 + below(world, (uint32_t)world->count));
    fixture_check(world->fixture,
                  outbox_put(world->fixture->store, payload, strlen(payload),
                             &is_new, &world->fixture->err));
    assert_false(is_new);
}

static void step_adopt(struct world *world)
{
    char payload[256];
    char sql[512];
    struct outbox_adoption adoption = {.now_ms = world->now_ms, .limit = 7};
    if (world->count == MOST_ROWS)
        return;
    (void)add_row(world, payload, sizeof(payload));
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO outbox (payload) VALUES ('%s')", payload);
    fixture_run_without_triggers(world->fixture, sql);
    do {
        fixture_check(world->fixture,
                      outbox_adopt(world->fixture->store, &adoption,
                                   &world->fixture->err));
    } while (!adoption.done);
}

static void start_all(struct world *world, const struct outbox_claim *claims,
                      int count)
{
    struct outbox_start starts[IN_FLIGHT];
    for (int i = 0; i < count; i++)
        starts[i] = (struct outbox_start){
            .claim = &claims[i], .now_ms = world->now_ms, .event_body = "{}"};
    fixture_check(world->fixture,
                  outbox_start_attempts(world->fixture->store, world->epoch,
                                        starts, count, &world->fixture->err));
}

static void settle(struct world *world, const struct outbox_claim *claim)
{
    struct outbox_settlement settlement = {
        .state = "skipped", .reason = "no_user", .now_ms = world->now_ms};
    fixture_check(world->fixture,
                  outbox_settle(world->fixture->store, claim, &settlement,
                                &world->fixture->err));
}

/* In the model, a claim is settled without an attempt, or being sent. */
static void take(struct world *world, int64_t id, enum state state)
{
    struct row *row = &world->rows[id];
    row->state = state;
    row->unknown = row->unknown && state == SENDING;
    row->started_ms = world->now_ms;
    model_step(world, (int)id);
}

static void end_turn(struct world *world, bool gives_up)
{
    struct fixture *fixture = world->fixture;
    if (gives_up)
        store_rollback(fixture->store);
    else
        fixture_check(fixture, store_commit(fixture->store, &fixture->err));
}

/* Every due head is what the model says; some settle, some stay, some are
 * started, these all at once. Now and then the turn is given up. */
static void step_claim(struct world *world)
{
    struct store *store = world->fixture->store;
    struct err *err = &world->fixture->err;
    struct outbox_claim found[IN_FLIGHT];
    struct outbox_claim *started = &world->claims[world->in_flight];
    int room = IN_FLIGHT - world->in_flight;
    int count;
    int start_count = 0;
    if (room == 0)
        return;
    bool gives_up = below(world, 8) == 0;
    fixture_check(world->fixture, outbox_begin_turn(store, world->epoch, err));
    fixture_check(world->fixture, outbox_find_due(store, world->now_ms, room,
                                                  found, &count, err));
    for (int i = 0; i < count; i++) {
        const struct row *row = &world->rows[found[i].id];
        assert_true(row->due_ms != NONE && row->due_ms <= world->now_ms);
        int choice = below(world, 20);
        if (choice == 0)
            settle(world, &found[i]);
        if (choice == 0 && !gives_up)
            take(world, found[i].id, SKIPPED);
        if (choice > 1)
            started[start_count++] = found[i];
        else
            outbox_claim_free(&found[i]);
    }
    start_all(world, started, start_count);
    end_turn(world, gives_up);
    for (int i = 0; !gives_up && i < start_count; i++)
        take(world, started[i].id, SENDING);
    if (gives_up)
        turns_free(started, start_count);
    world->in_flight += gives_up ? 0 : start_count;
}

static const struct {
    const char *outcome;
    enum state state;
} outcomes[] = {
    {"delivered", DELIVERED}, {"delivered", DELIVERED},
    {"delivered", DELIVERED}, {"delivered", DELIVERED},
    {"delivered", DELIVERED}, {"failed", FAILED},
    {"retry", PENDING},       {"unknown", PENDING},
    {"held", PENDING},
};

static struct outbox_end end_of(struct world *world,
                                const struct outbox_claim *claim)
{
    int which = below(world, sizeof(outcomes) / sizeof(outcomes[0]));
    const char *outcome = outcomes[which].outcome;
    return (struct outbox_end){
        .claim = claim,
        .number = claim->attempts + 1,
        .now_ms = world->now_ms,
        .outcome = outcome,
        .state = state_words[outcomes[which].state],
        .reason = text_equals(outcome, "delivered") ? NULL : outcome,
        .not_before_ms = world->now_ms + below(world, 5000),
        .quiet_until_ms = OUTBOX_NO_TIME,
        .sent_events = below(world, 2) == 0 ? "some" : NULL,
        .event_may_have_left = true,
    };
}

static void model_end(struct world *world, const struct outbox_end *end)
{
    struct row *row = &world->rows[end->claim->id];
    row->state = PENDING;
    for (int i = 0; i < STATES; i++) {
        if (text_equals(end->state, state_words[i]))
            row->state = (enum state)i;
    }
    row->unknown = row->state == PENDING &&
                   (row->unknown || text_equals(end->outcome, "unknown"));
    row->not_before_ms = row->state == PENDING ? end->not_before_ms : 0;
    model_step(world, (int)end->claim->id);
}

/* Some of what is in flight ends, in one turn; now and then it is given up, and
 * comes again in another. */
static void step_end(struct world *world)
{
    struct store *store = world->fixture->store;
    struct err *err = &world->fixture->err;
    struct outbox_end ends[IN_FLIGHT];
    if (world->in_flight == 0)
        return;
    int count =
        world->in_flight - below(world, (uint32_t)world->in_flight / 4 + 1);
    int left = world->in_flight - count;
    bool gives_up = below(world, 8) == 0;
    for (int i = 0; i < count; i++)
        ends[i] = end_of(world, &world->claims[left + i]);
    fixture_check(world->fixture, outbox_begin_turn(store, world->epoch, err));
    fixture_check(world->fixture,
                  outbox_end_attempts(store, world->epoch, ends, count, err));
    end_turn(world, gives_up);
    if (gives_up)
        return;
    for (int i = 0; i < count; i++)
        model_end(world, &ends[i]);
    turns_free(world->claims + left, count);
    world->in_flight = left;
}

/* The relay is killed, and another begins. */
static void step_kill(struct world *world)
{
    struct outbox_recovery recovery =
        turns_begin_epoch(world->fixture, world->now_ms);
    assert_int_equal(recovery.unknown, world->in_flight);
    world->epoch = recovery.epoch;
    for (int i = 1; i <= world->count; i++) {
        struct row *row = &world->rows[i];
        if (row->state != SENDING)
            continue;
        row->state = PENDING;
        row->unknown = true;
        int64_t over_ms = row->started_ms + (int64_t)12 * TIMEOUT_MS;
        row->not_before_ms =
            (over_ms < world->now_ms ? over_ms : world->now_ms) + TIMEOUT_MS;
        model_step(world, i);
    }
    turns_free(world->claims, world->in_flight);
    world->in_flight = 0;
}

/* What an operator does to a row. */
static void operate(struct world *world, int id, enum state to, const char *how)
{
    struct store *store = world->fixture->store;
    struct err *err = &world->fixture->err;
    struct row *row = &world->rows[id];
    char lane[32];
    char sql[256];
    int64_t from_id;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT arrived_ms FROM outbox_delivery WHERE id = %d", id);
    int64_t arrived_ms = fixture_number(world->fixture, sql);
    (void)snprintf(lane, sizeof(lane), row->lane == NONE ? "/%d" : "u%d",
                   row->lane == NONE ? id : row->lane);
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE outbox_delivery SET state = '%s', unknown = 0, %s "
                   "WHERE id = %d",
                   state_words[to], how, id);
    fixture_check(world->fixture, store_begin(store, err));
    fixture_check(world->fixture, lane_clear_due(store, lane, &from_id, err));
    assert_int_equal(sqlite3_exec(store->database, sql, NULL, NULL, NULL),
                     SQLITE_OK);
    fixture_check(world->fixture, lane_make_due(store, lane, from_id, err));
    counters_add(store, state_words[row->state], -1);
    counters_add(store, state_words[to], 1);
    counters_add_backlog(store, arrived_ms, "renewal", to == PENDING ? 1 : -1);
    fixture_check(world->fixture, store_commit(store, err));
    *row = (struct row){.lane = row->lane, .state = to, .due_ms = NONE};
    model_step(world, id);
}

static int any_row(struct world *world, enum state state)
{
    int id = world->count == 0 ? 0 : 1 + below(world, (uint32_t)world->count);
    return id != 0 && world->rows[id].state == state ? id : 0;
}

/* A retry puts a failed row back to its place. */
static void step_retry(struct world *world)
{
    int id = any_row(world, FAILED);
    if (id != 0)
        operate(world, id, PENDING,
                "aside = NULL, settled_ms = NULL, put_back = 1");
}

/* One that waits leaves its lane, head or not. */
static void step_discard(struct world *world)
{
    int id = any_row(world, PENDING);
    if (id != 0)
        operate(world, id, DISCARDED, "aside = 'discarded', settled_ms = 1");
}

static void step_wait(struct world *world)
{
    world->now_ms += below(world, 20000);
}

static void (*const calm[])(struct world *) = {
    step_put, step_put, step_put, step_put,   step_put,
    step_put, step_put, step_put, step_claim, step_claim,
    step_end, step_end, step_end, step_wait,  step_discard,
};

/* What puts rows back into their lanes. */
static void (*const unrest[])(struct world *) = {
    step_retry, step_retry, step_retry, step_adopt, step_kill, step_repeat,
};

/* Most of the time nothing has been put back anywhere. */
static void step_any(struct world *world, int number)
{
    if (number % SPELL < SPELL / 6 && below(world, 4) == 0)
        unrest[below(world, sizeof(unrest) / sizeof(unrest[0]))](world);
    else
        calm[below(world, sizeof(calm) / sizeof(calm[0]))](world);
}

static void a_random_life_keeps_every_lane_in_order(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    uint64_t seed = random_seed_from_system();
    const char *given = getenv("SEED");
    if (given != NULL)
        seed = strtoull(given, NULL, 10);
    print_message("SEED=%" PRIu64 "\n", seed);
    world->fixture = *state;
    world->random = (struct random){.state = seed};
    world->now_ms = 1000000;
    world->epoch = turns_begin_epoch(world->fixture, world->now_ms).epoch;
    for (int i = 0; i < STEPS; i++) {
        step_any(world, i);
        check_rows(world);
        if (i % 10 == 0)
            check_sums(world);
    }
    assert_int_equal(
        fixture_number(world->fixture, "SELECT count(*) FROM outbox"),
        world->count);
    turns_free(world->claims, world->in_flight);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_random_life_keeps_every_lane_in_order,
                                        fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
