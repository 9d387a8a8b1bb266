#include "support/world.h"

#include "base/buf.h"
#include "outbox/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Turns without a wait in which nothing may happen, before it counts as a busy
 * loop. One is in order: a look that found nothing. */
enum { MOST_IDLE_TURNS = 3 };

static void must(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->text);
}

void world_open(struct world *world)
{
    struct store_init_report report;
    struct err err;
    *world = (struct world){0};
    folder_make(world->folder);
    (void)snprintf(world->path, sizeof(world->path), "%s/app.db",
                   world->folder);
    fake_clock_init(&world->clock);
    world->intercom = fake_intercom_new(&world->clock);
    const struct fake_server server = fake_intercom_server(world->intercom);
    world->http = fake_http_new(&world->clock, &server);
    must(store_init(world->path, false, &report, &err), &err);
    must(store_open(world->path, STORE_WRITE, 0, &world->store, &err), &err);
    must(store_open(world->path, STORE_WRITE, 0, &world->producer, &err), &err);
    assert_int_equal(sqlite3_open(world->path, &world->looker), SQLITE_OK);
    world->policy = (struct relay_policy){
        .connections = 32,
        .timeout_ms = 30 * 1000,
        .give_up_ms = INT64_C(72) * 60 * 60 * 1000,
        .drain_wait_ms = 60 * 1000,
        .seed = 1,
    };
}

void world_close(struct world *world)
{
    relay_free(world->relay);
    store_close(world->store);
    store_close(world->producer);
    (void)sqlite3_close(world->looker);
    fake_http_free(world->http);
    fake_intercom_free(world->intercom);
    folder_remove(world->folder);
}

int64_t world_put_type(struct world *world, const char *user, const char *type,
                       const char *members)
{
    struct buf payload;
    struct err err;
    bool is_new;
    int number = ++world->events;
    int64_t time_ms = INT64_C(1600000000000) + number * 1000;
    buf_init(&payload, 1024 * 1024);
    buf_add_format(&payload,
                   "{\"event\":{\"id\":\"event-%d\",\"type\":\"%s\","
                   "\"app_user_id\":\"%s\",\"event_timestamp_ms\":%lld,"
                   "\"purchased_at_ms\":%lld,\"environment\":\"PRODUCTION\","
                   "\"period_type\":\"NORMAL\",\"entitlement_ids\":[\"pro\"],"
                   "\"expiration_at_ms\":1600086400000%s}}",
                   number, type, user, (long long)time_ms, (long long)time_ms,
                   members);
    must(outbox_put(world->producer, buf_text(&payload), payload.length,
                    &is_new, &err),
         &err);
    assert_true(is_new);
    buf_free(&payload);
    if (world->relay != NULL)
        (void)relay_notice_changes(world->relay);
    return world_number(world, "SELECT max(id) FROM outbox", 0);
}

int64_t world_put(struct world *world, const char *user)
{
    return world_put_type(world, user, "RENEWAL", ",\"store\":\"APP_STORE\"");
}

void world_start(struct world *world)
{
    const struct relay_seams seams = {
        .clock = &world->clock.clock,
        .http = fake_http_seam(world->http),
        .store = world->store,
    };
    struct err err;
    assert_null(world->relay);
    must(relay_new(&world->policy, &seams, "http://127.0.0.1:1", &world->relay,
                   &err),
         &err);
}

void world_crash(struct world *world)
{
    relay_free(world->relay); /* cuts its calls, records none of them */
    world->relay = NULL;
}

/* A number that changes when a turn gets somewhere. */
static int64_t progress(const struct world *world)
{
    struct relay_report report;
    relay_read_report(world->relay, &report);
    return report.adopted + report.attempts + report.calls + report.skipped +
           report.failed + report.delivered + world->clock.monotonic_ms +
           fake_http_under_way(world->http);
}

static enum relay_state turn(struct world *world, int64_t *wait_ms)
{
    enum relay_state state = relay_turn(world->relay, wait_ms, &world->err);
    world->turns++;
    relay_read_report(world->relay, &world->report);
    assert_true(*wait_ms >= 0);
    return state;
}

/* Let the wait pass that a turn asked for, though not beyond until_ms. */
static void wait_as_asked(struct world *world, int64_t wait_ms,
                          int64_t until_ms)
{
    const struct http *http = fake_http_seam(world->http);
    int64_t left_ms = until_ms - world->clock.monotonic_ms;
    http->wait(http->context, -1, wait_ms < left_ms ? wait_ms : left_ms);
    int64_t now = progress(world);
    bool moved = wait_ms > 0 || now != world->progress;
    world->progress = now;
    world->idle_turns = moved ? 0 : world->idle_turns + 1;
    if (world->idle_turns > MOST_IDLE_TURNS)
        fail_msg("a busy loop: %d turns without a wait, and nothing done",
                 world->idle_turns);
}

enum relay_state world_run(struct world *world, int64_t for_ms)
{
    int64_t until_ms = world->clock.monotonic_ms + for_ms;
    int64_t wait_ms;
    for (;;) {
        enum relay_state state = turn(world, &wait_ms);
        if (state != RELAY_GOES_ON || world->clock.monotonic_ms >= until_ms)
            return state;
        wait_as_asked(world, wait_ms, until_ms);
    }
}

void world_run_until(struct world *world, int64_t id, const char *state,
                     int64_t most_ms)
{
    int64_t until_ms = world->clock.monotonic_ms + most_ms;
    int64_t wait_ms;
    while (strcmp(world_state(world, id), state) != 0) {
        if (turn(world, &wait_ms) != RELAY_GOES_ON)
            fail_msg("the relay has ended: %s", world->err.text);
        if (strcmp(world_state(world, id), state) == 0)
            return;
        if (world->clock.monotonic_ms >= until_ms)
            fail_msg("delivery %lld is %s (%s) instead of %s", (long long)id,
                     world_state(world, id), world_reason(world, id), state);
        wait_as_asked(world, wait_ms, until_ms);
    }
}

/* --- SQL ------------------------------------------------------------------ */

const char *world_text(struct world *world, const char *sql, int64_t id)
{
    static char texts[4][4096]; /* so that a message can show several */
    static int next;
    char *text = texts[next++ % 4];
    sqlite3_stmt *statement;
    text[0] = '\0';
    if (sqlite3_prepare_v2(world->looker, sql, -1, &statement, NULL) !=
        SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(world->looker));
    if (sqlite3_bind_parameter_count(statement) > 0)
        (void)sqlite3_bind_int64(statement, 1, id);
    if (sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) != SQLITE_NULL)
        (void)snprintf(text, sizeof(texts[0]), "%s",
                       (const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    return text;
}

int64_t world_number(struct world *world, const char *sql, int64_t id)
{
    return strtoll(world_text(world, sql, id), NULL, 10);
}

void world_execute(struct world *world, const char *sql)
{
    char *text = NULL;
    if (sqlite3_exec(world->looker, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
    if (world->relay != NULL)
        (void)relay_notice_changes(world->relay);
}

const char *world_state(struct world *world, int64_t id)
{
    return world_text(world, "SELECT state FROM outbox_delivery WHERE id = ?1",
                      id);
}

const char *world_reason(struct world *world, int64_t id)
{
    return world_text(world, "SELECT reason FROM outbox_delivery WHERE id = ?1",
                      id);
}

int64_t world_attempts(struct world *world, int64_t id)
{
    return world_number(
        world, "SELECT attempts FROM outbox_delivery WHERE id = ?1", id);
}

int64_t world_tries(struct world *world, int64_t id)
{
    return world_number(world,
                        "SELECT tries FROM outbox_delivery WHERE id = ?1", id);
}

/* --- what must always hold ------------------------------------------------ */

static void check_users_one_at_a_time(struct world *world)
{
    int count = fake_http_calls(world->http);
    for (int i = 0; i < count; i++) {
        const struct fake_call *call = fake_http_call(world->http, i);
        for (int j = i + 1; j < count && call->user[0] != '\0'; j++) {
            const struct fake_call *later = fake_http_call(world->http, j);
            bool over =
                call->ended_ms >= 0 && call->ended_ms <= later->started_ms;
            if (over)
                break;
            if (strcmp(call->user, later->user) == 0)
                fail_msg("%s: %s began while %s was under way", call->user,
                         later->request, call->request);
        }
    }
}

void world_check(struct world *world)
{
    check_users_one_at_a_time(world);
    assert_int_equal(
        world_number(world,
                     "SELECT count(*) FROM (SELECT 1 FROM outbox_delivery "
                     "WHERE due_ms IS NOT NULL OR state = 'sending' "
                     "GROUP BY lane HAVING count(*) > 1)",
                     0),
        0);
    assert_int_equal(
        world_number(world,
                     "SELECT count(*) FROM outbox_count AS c WHERE c.name IN "
                     "('pending', 'sending', 'delivered', 'failed', 'skipped', "
                     "'discarded') AND c.count <> (SELECT count(*) FROM "
                     "outbox_delivery AS d WHERE d.state = c.name)",
                     0),
        0);
}
