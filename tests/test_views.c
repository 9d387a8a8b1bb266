/* test_views.c - what screens and commands read. */
#include "support/outbox_turns.h"

#include "outbox/lock.h"
#include "outbox/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* One of each: 1 delivered, 2 failed, 3 unknown and waiting, 4 behind it, 5
 * fresh, 6 skipped, 7 being sent. */
static void fill(struct fixture *fixture)
{
    static const char *const users[] = {"a", "b", "c", "c", "d", "e", "f"};
    struct outbox_claim claims[7];
    for (size_t i = 0; i < 7; i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "e%zu", i + 1);
        fixture_put(fixture, id, i == 5 ? "TEST" : "RENEWAL", users[i]);
    }
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    int count;
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture, outbox_find_due(store, 1, 7, claims, &count, err));
    assert_int_equal(count, 6); /* 1 2 3 5 6 7 */
    for (int i = 0; i < count; i++) {
        struct outbox_start start = {.claim = &claims[i],
                                     .now_ms = 1000,
                                     .attributes = "{\"a\":1}",
                                     .event_body = "{\"e\":1}"};
        struct outbox_settlement skip = {
            .state = "skipped", .reason = "no_intercom_event", .now_ms = 1};
        if (claims[i].id == 6)
            fixture_check(fixture,
                          outbox_settle(store, &claims[i], &skip, err));
        else if (claims[i].id != 5)
            fixture_check(fixture,
                          outbox_start_attempts(store, epoch, &start, 1, err));
    }
    fixture_check(fixture, store_commit(store, err));
    turns_end(fixture, epoch, &claims[0], "delivered", "delivered", 0);
    turns_end(fixture, epoch, &claims[1], "failed", "failed", 0);
    turns_end(fixture, epoch, &claims[2], "unknown", "pending", 8000);
    turns_free(claims, count);
}

/* --- status -------------------------------------------------------------- */

static void the_status_of_a_new_outbox_is_empty(void **state)
{
    struct fixture *fixture = *state;
    struct view_status status;
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    assert_int_equal(status.pending, 0);
    assert_int_equal(status.oldest_pending_ms, OUTBOX_NO_TIME);
    assert_int_equal(status.kind_count, 0);
    assert_int_equal(status.cause_count, 0);
    assert_null(status.hold_reason);
    assert_null(status.pause_reason);
    assert_false(status.relay_is_running);
    view_status_free(&status);
}

static void the_status_counts_by_state_kind_and_cause(void **state)
{
    struct fixture *fixture = *state;
    struct view_status status;
    struct stat log;
    fill(fixture);
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    assert_int_equal(stat(fixture_path(fixture, "outbox.db-wal"), &log), 0);
    assert_true(log.st_size > 0);
    assert_int_equal(status.wal_bytes, log.st_size);
    assert_int_equal(status.pending, 3);
    assert_int_equal(status.sending, 1);
    assert_int_equal(status.delivered, 1);
    assert_int_equal(status.failed, 1);
    assert_int_equal(status.skipped, 1);
    assert_int_equal(status.discarded, 0);
    assert_int_equal(status.delivered_counted, 1);
    assert_int_equal(status.kind_count, 1);
    assert_string_equal(status.kinds[0].kind, "renewal");
    assert_int_equal(status.cause_count, 1);
    assert_string_equal(status.causes[0].reason, "failed");
    assert_int_equal(status.causes[0].count, 1);
    assert_int_equal(status.causes[0].users, 1);
    assert_int_equal(status.causes[0].first_ms, 5000);
    assert_string_equal(status.api_url, "https://api.test");
    view_status_free(&status);
}

static void ages_fall_into_their_columns(void **state)
{
    struct fixture *fixture = *state;
    struct view_status status;
    static const struct {
        int64_t age_minutes; /* in whole minutes: the columns' precision */
        enum view_age age;
    } rows[] = {
        {0, AGE_1M},   {2, AGE_5M},   {4, AGE_5M},    {6, AGE_20M},
        {19, AGE_20M}, {21, AGE_1H},  {59, AGE_1H},   {61, AGE_4H},
        {239, AGE_4H}, {241, AGE_1D}, {1439, AGE_1D}, {1441, AGE_OLDER},
    };
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t minute =
        fixture_number(fixture, "SELECT minute FROM outbox_backlog");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t now_ms = (minute + rows[i].age_minutes) * 60000 + 30000;
        fixture_check(fixture, view_read_status(fixture->store, now_ms, &status,
                                                &fixture->err));
        assert_int_equal(status.kind_count, 1);
        for (int age = 0; age < AGE_COUNT; age++)
            assert_int_equal(status.kinds[0].by_age[age],
                             age == (int)rows[i].age);
        assert_int_equal(status.oldest_pending_ms,
                         fixture_number(fixture, "SELECT arrived_ms FROM"
                                                 " outbox_delivery"));
        view_status_free(&status);
    }
}

/* Among many nobody looks for the one. */
static void the_oldest_of_many_is_told_by_its_minute(void **state)
{
    struct fixture *fixture = *state;
    struct view_status status;
    fixture_run(fixture,
                "UPDATE outbox_count SET count = 1000000 WHERE name = "
                "'pending';"
                "INSERT INTO outbox_backlog (minute, kind, count) VALUES "
                "(8, 'expiration', 1), (7, 'renewal', 2), (9, 'renewal', 3)");
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    assert_int_equal(status.oldest_pending_ms, 7 * 60000);
    view_status_free(&status);
}

static void causes_come_most_first(void **state)
{
    struct fixture *fixture = *state;
    struct view_status status;
    fixture_run(
        fixture,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
        " FROM n WHERE i < 60) INSERT INTO outbox_delivery (id, lane,"
        " state, aside, reason, result, arrived_ms, settled_ms) SELECT i,"
        " 'u' || (i % 3), 'failed', 'failed', CASE WHEN i <= 7 THEN 'x' ELSE"
        " 'y' || i END, 'words', 0, 100 + i FROM n");
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    assert_int_equal(status.cause_count, 50); /* of 54 */
    assert_string_equal(status.causes[0].reason, "x");
    assert_string_equal(status.causes[0].result, "words");
    assert_int_equal(status.causes[0].count, 7);
    assert_int_equal(status.causes[0].users, 3);
    assert_int_equal(status.causes[0].first_ms, 101);
    assert_int_equal(status.causes[0].last_ms, 107);
    assert_string_equal(status.causes[1].reason, "y60");
    view_status_free(&status);
}

static void the_status_knows_whether_the_relay_lives(void **state)
{
    struct fixture *fixture = *state;
    struct view_status status;
    struct lock *lock;
    fixture_check(fixture, lock_take(fixture->path, &lock, &fixture->err));
    (void)turns_begin_epoch(fixture, 77);
    fixture_run(fixture, "UPDATE outbox_destination SET pause_reason = '',"
                         " paused_by = 'ana', hold_reason = 'token_refused',"
                         " hold_text = 'mend it', quota_left = 3");
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    assert_true(status.relay_is_running);
    assert_int_equal(status.relay_pid, getpid());
    assert_int_equal(status.relay_started_ms, 77);
    assert_string_equal(status.pause_reason, "");
    assert_string_equal(status.paused_by, "ana");
    assert_string_equal(status.hold_reason, "token_refused");
    assert_string_equal(status.hold_text, "mend it");
    assert_int_equal(status.quota_left, 3);
    assert_int_equal(status.quota_limit, OUTBOX_NO_TIME);
    view_status_free(&status);
    lock_release(lock);
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    assert_false(status.relay_is_running);
    view_status_free(&status);
}

/* --- lists --------------------------------------------------------------- */

/* The ids of a list as text; static. */
static const char *list(struct fixture *fixture, const char *word,
                        int64_t before_id, int limit)
{
    static char ids[512];
    struct view_delivery rows[32];
    struct filter filter;
    struct filter_place place;
    struct cursor cursor;
    size_t used = 0;
    int count;
    fixture_check(fixture, filter_parse("", &filter, &place, &fixture->err));
    filter.state = word;
    cursor_begin(&cursor, &filter, CURSOR_BY_ID, true, 0);
    if (before_id != INT64_MAX)
        fixture_check(fixture, cursor_go_behind(fixture->store, &cursor,
                                                before_id, &fixture->err));
    fixture_check(fixture, view_list(fixture->store, &cursor, limit, rows,
                                     &count, &fixture->err));
    ids[0] = '\0';
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(ids + used, sizeof(ids) - used, "%s%lld",
                                 i == 0 ? "" : " ", (long long)rows[i].id);
        if (word != NULL)
            assert_string_equal(rows[i].state, word);
        view_delivery_free(&rows[i]);
    }
    return ids;
}

static void lists_are_by_state_newest_first(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *word;
        const char *ids;
    } rows[] = {
        {NULL, "7 6 5 4 3 2 1"}, {"pending", "5 4 3"}, {"sending", "7"},
        {"delivered", "1"},      {"failed", "2"},      {"skipped", "6"},
        {"discarded", ""},
    };
    fill(fixture);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(list(fixture, rows[i].word, INT64_MAX, 32),
                            rows[i].ids);
}

static void pages_go_on_below_the_last_id(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_string_equal(list(fixture, NULL, INT64_MAX, 3), "7 6 5");
    assert_string_equal(list(fixture, NULL, 5, 3), "4 3 2");
    assert_string_equal(list(fixture, NULL, 2, 3), "1");
    assert_string_equal(list(fixture, "pending", INT64_MAX, 2), "5 4");
    assert_string_equal(list(fixture, "pending", 4, 2), "3");
    assert_string_equal(list(fixture, "failed", 2, 2), "");
}

static void a_long_history_is_gone_through_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture,
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
                " FROM n WHERE i < 90000) INSERT INTO outbox_delivery (id,"
                " lane, state, aside, arrived_ms, settled_ms) SELECT i, 'u',"
                " CASE WHEN i IN (3, 45000, 80000) THEN 'delivered' ELSE"
                " 'skipped' END, CASE WHEN i NOT IN (3, 45000, 80000) THEN"
                " 'skipped' END, 0, 1 FROM n");
    assert_string_equal(list(fixture, "delivered", INT64_MAX, 32),
                        "80000 45000 3");
    assert_string_equal(list(fixture, "delivered", INT64_MAX, 2),
                        "80000 45000");
    assert_string_equal(list(fixture, "delivered", 45000, 2), "3");
    fixture_run(fixture,
                "UPDATE outbox_delivery SET state = 'pending', aside = NULL,"
                " settled_ms = NULL WHERE id < 30000;"
                "UPDATE outbox_count SET count = 29998 WHERE name ="
                " 'pending'");
    assert_string_equal(list(fixture, "pending", INT64_MAX, 3),
                        "29999 29998 29997");
    assert_string_equal(list(fixture, "pending", 3, 5), "2 1");
}

static void a_line_says_what_a_delivery_waits_for(void **state)
{
    struct fixture *fixture = *state;
    struct view_delivery row;
    fill(fixture);
    fixture_check(fixture,
                  view_read_delivery(fixture->store, 4, &row, &fixture->err));
    assert_string_equal(row.event_id, "e4");
    assert_string_equal(row.type, "RENEWAL");
    assert_string_equal(row.lane, "c");
    assert_string_equal(row.kind, "renewal");
    assert_int_equal(row.behind_id, 3);
    assert_int_equal(row.due_ms, OUTBOX_NO_TIME);
    assert_int_equal(row.event_timestamp_ms, OUTBOX_NO_TIME);
    view_delivery_free(&row);
    fixture_check(fixture,
                  view_read_delivery(fixture->store, 3, &row, &fixture->err));
    assert_int_equal(row.behind_id, 0);
    assert_int_equal(row.due_ms, 8000);
    assert_int_equal(row.attempts, 1);
    assert_int_equal(row.tries, 1);
    assert_string_equal(row.reason, "unknown");
    assert_int_equal(row.settled_ms, OUTBOX_NO_TIME);
    view_delivery_free(&row);
    fixture_put(fixture, "e8", "RENEWAL", "f");
    fixture_check(fixture,
                  view_read_delivery(fixture->store, 8, &row, &fixture->err));
    assert_int_equal(row.behind_id, 7); /* which is being sent */
    view_delivery_free(&row);
}

static void the_events_time_is_read_where_it_is_a_number(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *payload;
        int64_t time_ms;
    } rows[] = {
        {"{\"event\":{\"id\":\"1\",\"type\":\"T\",\"event_timestamp_ms\":17}}",
         17},
        {"{\"event\":{\"id\":\"2\",\"type\":\"T\",\"event_timestamp_ms\":"
         "\"17\"}}",
         OUTBOX_NO_TIME},
        {"{\"event\":{\"id\":\"3\",\"type\":\"T\",\"event_timestamp_ms\":1.5}"
         "}",
         OUTBOX_NO_TIME},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view_delivery row;
        bool is_new;
        fixture_check(fixture, outbox_put(fixture->store, rows[i].payload,
                                          strlen(rows[i].payload), &is_new,
                                          &fixture->err));
        fixture_check(fixture,
                      view_read_delivery(fixture->store, (int64_t)i + 1, &row,
                                         &fixture->err));
        assert_int_equal(row.event_timestamp_ms, rows[i].time_ms);
        view_delivery_free(&row);
    }
}

static void an_id_that_is_not_there_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct view_delivery row;
    struct view_history history;
    assert_false(view_read_delivery(fixture->store, 1, &row, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
    assert_false(view_read_history(fixture->store, 1, &history, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
}

/* --- transactions -------------------------------------------------------- */

static void a_view_leaves_no_transaction_open(void **state)
{
    struct fixture *fixture = *state;
    struct view_status status;
    fill(fixture);
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    view_status_free(&status);
    fixture_check(fixture,
                  view_read_sending(fixture->store, 1, &status, &fixture->err));
    view_status_free(&status);
    (void)list(fixture, "pending", INT64_MAX, 1);
    assert_string_equal(
        fixture_text(fixture, "PRAGMA wal_checkpoint(TRUNCATE)"), "0");
    /* Nor does it end one that was open. */
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    fixture_put(fixture, "new", "RENEWAL", "anna");
    fixture_check(fixture,
                  view_read_status(fixture->store, 1, &status, &fixture->err));
    view_status_free(&status);
    store_rollback(fixture->store);
    assert_true(fixture_put(fixture, "new", "RENEWAL", "anna"));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_status_of_a_new_outbox_is_empty),
        TEST(the_status_counts_by_state_kind_and_cause),
        TEST(ages_fall_into_their_columns),
        TEST(the_oldest_of_many_is_told_by_its_minute),
        TEST(causes_come_most_first),
        TEST(the_status_knows_whether_the_relay_lives),
        TEST(lists_are_by_state_newest_first),
        TEST(pages_go_on_below_the_last_id),
        TEST(a_long_history_is_gone_through_to_its_end),
        TEST(a_line_says_what_a_delivery_waits_for),
        TEST(the_events_time_is_read_where_it_is_a_number),
        TEST(an_id_that_is_not_there_is_not_found),
        TEST(a_view_leaves_no_transaction_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
