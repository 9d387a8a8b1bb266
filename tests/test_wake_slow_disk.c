/* A commit wakes the relay although every sync takes long: the hint comes when
 * the log is written, the commit can be seen a sync later. What is promised is
 * bounded by the syncs on the way, not by the safety look. The relay is whole:
 * its thread, a file, the sandbox; so is the producer. */
#include "net/sandbox.h"
#include "relay/thread.h"

#include "base/clock.h"
#include "support/outbox_fixture.h"
#include "support/slow_disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>

enum {
    SYNC_MS = 100,
    /* Longer than the series of looks that a hint begins. */
    LONG_SYNC_MS = 4000,
    /* No two looks of the series that a hint begins are further apart than 2 s:
     * behind this the series of the start is over, and the next commit has to
     * be told by a hint of its own. */
    CALM_MS = 2200,
    /* A third of the safety look's 30 s, and far more than the syncs of both
     * commits take on a machine that is busy. */
    LATE_MS = 10 * 1000,
    LONG_MS = 60 * 1000, /* for what has to come some time */
};

struct setting {
    struct fixture *fixture;
    sqlite3 *producer;
    struct sandbox *sandbox;
    struct relay_thread *relay;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

static void take_a_breath(void)
{
    const struct timespec breath = {.tv_nsec = 1000 * 1000};
    (void)nanosleep(&breath, NULL);
}

static void start_all(struct setting *setting)
{
    char url[64];
    const struct sandbox_options sandbox = {.seed = 1};
    struct err err;
    if (!sandbox_start(&sandbox, &setting->sandbox, &err))
        fail_msg("%s", err.text);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%" PRIu16,
                   sandbox_port(setting->sandbox));
    const struct relay_thread_options relay = {
        .database_path = setting->fixture->path,
        .api_url = url,
        .token = "token",
        .policy = {.connections = 4,
                   .timeout_ms = LONG_MS,
                   .give_up_ms = INT64_C(3600) * 1000,
                   .seed = 1},
    };
    if (!relay_thread_start(&relay, &setting->relay, &err))
        fail_msg("%s", err.text);
    assert_int_equal(sqlite3_open(setting->fixture->path, &setting->producer),
                     SQLITE_OK);
    (void)sqlite3_busy_timeout(setting->producer, LONG_MS);
}

static void end_all(struct setting *setting)
{
    struct relay_report report;
    struct err err;
    assert_int_equal(sqlite3_close(setting->producer), SQLITE_OK);
    relay_thread_stop(setting->relay, LONG_MS);
    if (!relay_thread_join(setting->relay, &report, &err))
        fail_msg("%s", err.text);
    assert_int_equal(report.delivered, 1);
    sandbox_stop(setting->sandbox);
}

static int64_t count_calls(struct setting *setting)
{
    struct sandbox_summary summary;
    sandbox_summarize(setting->sandbox, &summary);
    int64_t calls = summary.calls;
    sandbox_summary_free(&summary);
    return calls;
}

static void wait_for_calm(void)
{
    int64_t deadline_ms = now_ms() + LONG_MS;
    while (slow_disk_calm_ms() < CALM_MS) {
        assert_true(now_ms() < deadline_ms);
        take_a_breath();
    }
}

/* How long a commit takes to become a call. Its own syncs take sync_ms. */
static int64_t commit_one(struct setting *setting, int sync_ms)
{
    static const char sql[] =
        "INSERT INTO outbox (payload) VALUES ('{\"event\":{\"id\":\"e1\","
        "\"type\":\"RENEWAL\",\"store\":\"APP_STORE\","
        "\"environment\":\"PRODUCTION\",\"product_id\":\"monthly\","
        "\"app_user_id\":\"u1\",\"purchased_at_ms\":1700000000000,"
        "\"expiration_at_ms\":1702592000000,"
        "\"event_timestamp_ms\":1700000000000}}')";
    int64_t calls = count_calls(setting);
    int64_t syncs = slow_disk_syncs();
    char *text = NULL;
    slow_disk_change(sync_ms);
    if (sqlite3_exec(setting->producer, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s", text);
    int64_t committed_ms = now_ms();
    slow_disk_change(SYNC_MS);
    assert_true(slow_disk_syncs() > syncs);
    while (count_calls(setting) == calls) {
        assert_true(now_ms() - committed_ms < LONG_MS);
        take_a_breath();
    }
    return now_ms() - committed_ms;
}

static void a_commit_is_sent_in_time(void **state, const char *journal_mode,
                                     int sync_ms)
{
    struct setting setting = {.fixture = *state};
    char sql[80];
    (void)snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", journal_mode);
    store_close(setting.fixture->store);
    setting.fixture->store = NULL;
    fixture_run(setting.fixture, sql);
    slow_disk_begin(SYNC_MS);
    start_all(&setting);
    wait_for_calm();
    int64_t took_ms = commit_one(&setting, sync_ms);
    print_message("%s: sent %" PRId64 " ms after the commit\n", journal_mode,
                  took_ms);
    assert_true(took_ms < LATE_MS);
    end_all(&setting);
    slow_disk_end();
}

static void in_wal_mode_a_commit_is_sent_in_time(void **state)
{
    a_commit_is_sent_in_time(state, "wal", SYNC_MS);
}

static void a_commit_that_outlasts_all_looks_is_sent_in_time(void **state)
{
    a_commit_is_sent_in_time(state, "wal", LONG_SYNC_MS);
}

static void with_a_rollback_journal_a_commit_is_sent_in_time(void **state)
{
    a_commit_is_sent_in_time(state, "delete", SYNC_MS);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        RULE(in_wal_mode_a_commit_is_sent_in_time),
        RULE(a_commit_that_outlasts_all_looks_is_sent_in_time),
        RULE(with_a_rollback_journal_a_commit_is_sent_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
