/* test_cursor.c - every way in gives what looking at all rows would give. */
#include "support/outbox_fixture.h"

#include "outbox/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 7000, NOW_MS = 10000000 };

/* Deliveries of all states, 50 users, a few reasons and codes. */
static void fill(struct fixture *fixture)
{
    fixture_run(
        fixture,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 7000), s (i, state) AS (SELECT i, CASE WHEN i % 1000 = 7 "
        "THEN 'sending' WHEN i % 7 = 3 THEN 'pending' WHEN i % 11 = 1 THEN "
        "'failed' WHEN i % 13 = 2 THEN 'skipped' WHEN i % 101 = 5 THEN "
        "'discarded' ELSE 'delivered' END FROM n) "
        "INSERT INTO outbox_delivery (id, lane, kind, state, aside, reason, "
        "result, status, arrived_ms, settled_ms) SELECT i, CASE state WHEN "
        "'sending' "
        "THEN 's' || i ELSE 'u' || (i % 50) END, CASE WHEN i % 3 THEN "
        "'renewal' END, state, CASE WHEN state IN ('failed', 'skipped', "
        "'discarded') THEN state END, CASE state WHEN 'failed' THEN CASE i % 3 "
        "WHEN "
        "0 THEN 'gave_up' WHEN 1 THEN 'name_archived' END WHEN 'skipped' THEN "
        "'no_user' END, CASE state WHEN 'failed' THEN 'Answer ' || i END, "
        "CASE state WHEN 'failed' THEN 400 + i % 3 WHEN 'delivered' THEN 202 "
        "END, i * 1000, CASE WHEN state IN ('pending', 'sending') THEN NULL "
        "ELSE i * 1000 END FROM s;"
        "DELETE FROM outbox_delivery WHERE id BETWEEN 3000 AND 3300;"
        "DELETE FROM outbox_count;"
        "INSERT INTO outbox_count SELECT state, count(*) FROM outbox_delivery "
        "GROUP BY state");
}

struct ids {
    int64_t ids[ROWS];
    int count;
};

static void begin(struct cursor *cursor, const char *text,
                  enum cursor_order order, bool is_downwards)
{
    struct filter filter;
    struct filter_place place;
    struct err err;
    if (!filter_parse(text, &filter, &place, &err))
        fail_msg("%s", err.text);
    cursor_begin(cursor, &filter, order, is_downwards, NOW_MS);
}

/* All of it, in pages. */
static void gather(struct fixture *fixture, struct cursor *cursor, int page,
                   struct ids *all)
{
    int share = 0;
    all->count = 0;
    while (!cursor->done) {
        int count;
        fixture_check(fixture,
                      cursor_step(fixture->store, cursor, all->ids + all->count,
                                  page, &count, &fixture->err));
        assert_true(count <= page);
        all->count += count;
        assert_true(cursor_share(cursor) >= share);
        share = cursor_share(cursor);
        assert_true(share <= 1000);
    }
    assert_int_equal(cursor->found, all->count);
    assert_int_equal(share, 1000);
}

/* What SQL says that a filter chooses, in an order. */
static void expect(struct fixture *fixture, const struct ids *all,
                   const char *where, const char *order)
{
    char sql[600];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM outbox_delivery WHERE %s", where);
    if (all->count != fixture_number(fixture, sql))
        fail_msg("%s, %s: %d found", where, order, all->count);
    for (int i = 0; i < all->count; i += 1 + all->count / 7) {
        (void)snprintf(sql, sizeof(sql),
                       "SELECT id FROM outbox_delivery WHERE %s ORDER BY %s "
                       "LIMIT 1 OFFSET %d",
                       where, order, i);
        if (all->ids[i] != fixture_number(fixture, sql))
            fail_msg("%s, %s: %lld at %d", where, order, (long long)all->ids[i],
                     i);
    }
}

static void every_way_in_finds_what_sql_finds(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *where;
    } rows[] = {
        {"", "1"},
        {"state:pending", "state = 'pending'"},
        {"state:sending", "state = 'sending'"},
        {"state:delivered", "state = 'delivered'"},
        {"state:failed", "state = 'failed'"},
        {"state:skipped", "state = 'skipped'"},
        {"state:discarded", "state = 'discarded'"},
        {"user:u7", "lane = 'u7'"},
        {"user:u7 state:delivered", "lane = 'u7' AND state = 'delivered'"},
        {"user:nobody", "0"},
        {"reason:gave_up", "reason = 'gave_up'"},
        {"reason:gave_up state:pending", "0"},
        {"code:401", "status = 401"},
        {"code:202", "status = 202"},
        {"code:4xx", "status BETWEEN 400 AND 499"},
        {"event:renewal", "kind = 'renewal'"},
        {"event:none state:skipped", "kind IS NULL AND state = 'skipped'"},
        {"id:42", "id = 42"},
        {"id:2990..3400", "id BETWEEN 2990 AND 3400"},
        {"id:1000..6000 state:pending",
         "id BETWEEN 1000 AND 6000 AND state = 'pending'"},
        {"age:<5000s", "arrived_ms > 5000000"},
        {"age:>5000s age:<6000s",
         "arrived_ms > 4000000 AND arrived_ms < 5000000"},
        {"\"ANSWER 12\"", "result LIKE 'Answer 12%'"},
        {"state:failed \"answer 6\" reason:gave_up",
         "result LIKE 'Answer 6%' AND reason = 'gave_up'"},
    };
    fill(fixture);
    struct ids *all = malloc(sizeof(*all));
    assert_non_null(all);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cursor cursor;
        begin(&cursor, rows[i].text, CURSOR_BY_ID, true);
        gather(fixture, &cursor, 333, all);
        expect(fixture, all, rows[i].where, "id DESC");
        begin(&cursor, rows[i].text, CURSOR_BY_ID, false);
        gather(fixture, &cursor, ROWS, all);
        expect(fixture, all, rows[i].where, "id");
    }
    free(all);
}

static void the_failed_ones_come_by_user_or_by_reason_too(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        enum cursor_order order;
        bool is_downwards;
        const char *sql;
    } rows[] = {
        {CURSOR_BY_USER, false, "lane, id"},
        {CURSOR_BY_USER, true, "lane DESC, id DESC"},
        {CURSOR_BY_REASON, false, "ifnull(reason, ''), id"},
        {CURSOR_BY_REASON, true, "ifnull(reason, '') DESC, id DESC"},
    };
    fill(fixture);
    struct ids *all = malloc(sizeof(*all));
    assert_non_null(all);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cursor cursor;
        begin(&cursor, "state:failed", rows[i].order, rows[i].is_downwards);
        gather(fixture, &cursor, 10, all);
        expect(fixture, all, "state = 'failed'", rows[i].sql);
        begin(&cursor, "code:401", rows[i].order, rows[i].is_downwards);
        gather(fixture, &cursor, ROWS, all);
        expect(fixture, all, "state = 'failed' AND status = 401", rows[i].sql);
    }
    free(all);
}

static void pages_are_turned_forwards_and_back(void **state)
{
    struct fixture *fixture = *state;
    static const enum cursor_order orders[] = {CURSOR_BY_ID, CURSOR_BY_USER,
                                               CURSOR_BY_REASON};
    fill(fixture);
    for (size_t i = 0; i < 3; i++) {
        struct cursor cursor;
        int64_t first[20];
        int64_t back[20];
        int count;
        begin(&cursor, "state:failed", orders[i], true);
        fixture_check(fixture, cursor_step(fixture->store, &cursor, first, 20,
                                           &count, &fixture->err));
        assert_int_equal(count, 20);
        begin(&cursor, "state:failed", orders[i], false);
        fixture_check(fixture, cursor_go_behind(fixture->store, &cursor,
                                                first[10], &fixture->err));
        fixture_check(fixture, cursor_step(fixture->store, &cursor, back, 20,
                                           &count, &fixture->err));
        assert_int_equal(count, 10); /* the page's beginning, backwards */
        for (int k = 0; k < count; k++)
            assert_int_equal(back[k], first[9 - k]);
        while (!cursor.done) { /* and there is nothing before it */
            fixture_check(fixture, cursor_step(fixture->store, &cursor, back,
                                               20, &count, &fixture->err));
            assert_int_equal(count, 0);
        }
    }
}

static void a_place_that_is_gone_is_told_where_it_matters(void **state)
{
    struct fixture *fixture = *state;
    struct cursor cursor;
    int64_t id;
    int count;
    fill(fixture);
    begin(&cursor, "", CURSOR_BY_ID, true);
    fixture_check(fixture, cursor_go_behind(fixture->store, &cursor, 3100,
                                            &fixture->err));
    fixture_check(fixture, cursor_step(fixture->store, &cursor, &id, 1, &count,
                                       &fixture->err));
    assert_int_equal(id, 2999);
    begin(&cursor, "", CURSOR_BY_USER, true);
    assert_false(
        cursor_go_behind(fixture->store, &cursor, 3100, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
}

static void a_step_looks_at_a_slice_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    struct cursor cursor;
    int64_t ids[10];
    int count;
    fill(fixture);
    begin(&cursor, "nowhere", CURSOR_BY_ID, true);
    fixture_check(fixture, cursor_step(fixture->store, &cursor, ids, 10, &count,
                                       &fixture->err));
    assert_int_equal(count, 0);
    assert_int_equal(cursor.looked, CURSOR_SLICE);
    assert_false(cursor.done);
    assert_in_range(cursor_share(&cursor), 200, 400);
    /* Between steps nothing is held: a checkpoint gets through. */
    assert_string_equal(
        fixture_text(fixture, "PRAGMA wal_checkpoint(TRUNCATE)"), "0");
}

static void a_count_is_exact(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        bool is_known;
        const char *where;
    } rows[] = {
        {"", true, "1"},
        {"state:failed", true, "state = 'failed'"},
        {"state:failed code:401", false, "status = 401"},
        {"event:renewal", false, "kind = 'renewal'"},
    };
    fill(fixture);
    fixture_run(fixture, "INSERT INTO outbox_count VALUES ('delivered_ever', "
                         "77), ('delivered_calls', 99)");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cursor cursor;
        bool is_known;
        int64_t count;
        int found;
        char sql[100];
        begin(&cursor, rows[i].text, CURSOR_BY_ID, true);
        fixture_check(fixture, cursor_count(fixture->store, &cursor.filter,
                                            &is_known, &count, &fixture->err));
        assert_int_equal(is_known, rows[i].is_known);
        while (!cursor.done)
            fixture_check(fixture, cursor_step(fixture->store, &cursor, NULL, 0,
                                               &found, &fixture->err));
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM outbox_delivery WHERE %s",
                       rows[i].where);
        int64_t expected = fixture_number(fixture, sql);
        assert_int_equal(cursor.found, expected);
        if (is_known)
            assert_int_equal(count, expected);
    }
}

static void what_settled_is_not_looked_at_for_what_waits(void **state)
{
    struct fixture *fixture = *state;
    struct cursor cursor;
    struct ids *all = malloc(sizeof(*all));
    assert_non_null(all);
    fill(fixture);
    begin(&cursor, "state:pending", CURSOR_BY_ID, true);
    gather(fixture, &cursor, 10, all);
    expect(fixture, all, "state = 'pending'", "id DESC");
    assert_int_equal(cursor.looked,
                     fixture_number(fixture,
                                    "SELECT count(*) FROM outbox_delivery "
                                    "WHERE state = 'pending'"));
    free(all);
}

static void an_empty_outbox_is_done_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct cursor cursor;
    int64_t id;
    int count;
    begin(&cursor, "", CURSOR_BY_ID, true);
    fixture_check(fixture, cursor_step(fixture->store, &cursor, &id, 1, &count,
                                       &fixture->err));
    assert_int_equal(count, 0);
    assert_true(cursor.done);
    assert_int_equal(cursor_share(&cursor), 1000);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_way_in_finds_what_sql_finds),
        TEST(the_failed_ones_come_by_user_or_by_reason_too),
        TEST(pages_are_turned_forwards_and_back),
        TEST(a_place_that_is_gone_is_told_where_it_matters),
        TEST(a_step_looks_at_a_slice_and_no_more),
        TEST(a_count_is_exact),
        TEST(what_settled_is_not_looked_at_for_what_waits),
        TEST(an_empty_outbox_is_done_at_once),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
