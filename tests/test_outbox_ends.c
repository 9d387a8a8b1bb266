/* test_outbox_ends.c - how attempts end: what is recorded of them and of their
 * users. */
#include "support/outbox_turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* In a turn of its own: end the claim's attempt. */
static void end_as(struct fixture *fixture, int64_t epoch,
                   const struct outbox_claim *claim, struct outbox_end end)
{
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    end.claim = claim;
    end.number = claim->attempts + 1;
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture, outbox_end_attempts(store, epoch, &end, 1, err));
    fixture_check(fixture, store_commit(store, err));
}

/* --- the user ------------------------------------------------------------ */

static void calls_and_what_was_learned_of_the_user_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    struct outbox_claim claim;
    int count;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture, outbox_find_due(store, 1, 1, &claim, &count, err));
    struct outbox_start start = {.claim = &claim,
                                 .now_ms = 1,
                                 .attributes = "{\"a\":1}",
                                 .is_newest = true,
                                 .timestamp_ms = 77};
    fixture_check(fixture, outbox_start_attempts(store, epoch, &start, 1, err));
    char answer[] = "a\0b";
    struct outbox_call calls[] = {
        {.request = "POST /contacts",
         .started_ms = 1,
         .took_ms = 2,
         .status = 200,
         .request_id = "r1"},
        {.request = "POST /events",
         .started_ms = 3,
         .took_ms = 4,
         .status = 422,
         .answer = answer,
         .answer_length = 3},
    };
    struct outbox_end end = {.claim = &claim,
                             .number = 1,
                             .now_ms = 9,
                             .outcome = "failed",
                             .state = "failed",
                             .reason = "refused",
                             .result = "422 parameter_invalid",
                             .status = 422,
                             .costs_try = true,
                             .calls = calls,
                             .call_count = 2,
                             .contact_id = "c-1",
                             .attributes_confirmed = true,
                             .attributes = start.attributes,
                             .is_newest = true,
                             .timestamp_ms = 77};
    fixture_check(fixture, outbox_end_attempts(store, epoch, &end, 1, err));
    fixture_check(fixture, store_commit(store, err));
    turns_free(&claim, 1);

    assert_string_equal(
        fixture_text(fixture,
                     "SELECT group_concat(number || request || status ||"
                     " coalesce(request_id, '-') || coalesce(length(CAST("
                     "answer AS BLOB)), '-'), ';') FROM outbox_call_made"),
        "1POST /contacts200r1-;2POST /events422-3");
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    assert_int_equal(claim.id, 2);
    assert_string_equal(claim.contact_id, "c-1");
    assert_string_equal(claim.sent_attributes, "{\"a\":1}");
    assert_int_equal(claim.sent_timestamp_ms, 77);
    assert_int_equal(claim.sent_id, 1);
    assert_int_equal(claim.confirmed_timestamp_ms, 77);
    assert_int_equal(claim.confirmed_id, 1);
    assert_int_equal(claim.confirmed_ms, 9);
    assert_int_equal(claim.confirmed_epoch, epoch);
    turns_free(&claim, 1);
}

static void an_empty_contact_id_forgets_it(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    static const char *const contacts[] = {"c-1", NULL, ""};
    static const char *const expected[] = {"c-1", "c-1", "NULL"};
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
        end_as(fixture, epoch, &claim,
               (struct outbox_end){.outcome = "retry",
                                   .state = "pending",
                                   .contact_id = contacts[i]});
        assert_string_equal(
            fixture_text(fixture, "SELECT contact_id FROM outbox_user"),
            expected[i]);
        turns_free(&claim, 1);
    }
}

/* Two deliveries of anna, the first of which has taught all there is to know;
 * the second is being sent. */
static int64_t know_anna(struct fixture *fixture, struct outbox_claim *claim)
{
    const struct outbox_start start = {.now_ms = 1,
                                       .attributes = "{\"a\":1}",
                                       .is_newest = true,
                                       .timestamp_ms = 77};
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    turns_start_as(fixture, epoch, start, claim);
    assert_int_equal(claim->user_id, 0);
    end_as(fixture, epoch, claim,
           (struct outbox_end){.now_ms = 9,
                               .outcome = "delivered",
                               .state = "delivered",
                               .quiet_until_ms = 500,
                               .contact_id = "c-1",
                               .sent_events = "e1",
                               .attributes_confirmed = true,
                               .attributes = start.attributes,
                               .is_newest = true,
                               .timestamp_ms = 77});
    turns_free(claim, 1);
    turns_start_as(fixture, epoch, start, claim);
    assert_int_equal(claim->id, 2);
    assert_int_not_equal(claim->user_id, 0);
    return epoch;
}

static const char *users(struct fixture *fixture)
{
    return fixture_text(
        fixture,
        "SELECT group_concat(one, ' | ') FROM (SELECT lane || ' ' ||"
        " coalesce(contact_id, '-') || ' ' || coalesce(sent_events, '-') ||"
        " ' ' || coalesce(sent_timestamp_ms, '-') || ' ' ||"
        " coalesce(sent_id, '-') || ' ' || coalesce(sent_attributes, '-') ||"
        " ' ' || coalesce(confirmed_timestamp_ms, '-') || ' ' ||"
        " coalesce(confirmed_id, '-') || ' ' || coalesce(confirmed_ms, '-') ||"
        " ' ' || coalesce(confirmed_epoch, '-') || ' ' ||"
        " coalesce(quiet_until_ms, '-') AS one FROM outbox_user ORDER BY"
        " lane)");
}

/* What an end has to say of anna, and what stands there then. */
static const struct {
    struct outbox_end end;
    const char *known;   /* if she stood there */
    const char *unknown; /* if she did not, any more */
} lessons[] = {
    {{.sent_events = "e2", .quiet_until_ms = OUTBOX_NO_TIME},
     "anna c-1 e2 77 1 {\"a\":1} 77 1 9 1 500",
     "anna - e2 - - - - - - - -"},
    {{.contact_id = "c-2", .quiet_until_ms = 800},
     "anna c-2 e1 77 1 {\"a\":1} 77 1 9 1 800",
     "anna c-2 - - - - - - - - 800"},
    {{.contact_id = "", .quiet_until_ms = OUTBOX_NO_TIME},
     "anna - e1 77 1 {\"a\":1} 77 1 9 1 500",
     "anna - - - - - - - - - -"},
    /* newer attributes, not confirmed */
    {{.attributes = "{\"a\":2}",
      .is_newest = true,
      .timestamp_ms = 88,
      .quiet_until_ms = OUTBOX_NO_TIME},
     "anna c-1 e1 88 2 {\"a\":2} 77 1 9 1 500",
     "anna - - 88 2 {\"a\":2} - - - - -"},
    /* newer and confirmed by their own answer */
    {{.now_ms = 12,
      .attributes = "{\"a\":2}",
      .attributes_confirmed = true,
      .is_newest = true,
      .timestamp_ms = 88,
      .quiet_until_ms = OUTBOX_NO_TIME},
     "anna c-1 e1 88 2 {\"a\":2} 88 2 12 1 500",
     "anna - - 88 2 {\"a\":2} 88 2 12 1 -"},
    /* newer, and the same as those that are confirmed */
    {{.now_ms = 12,
      .is_newest = true,
      .is_confirmed = true,
      .timestamp_ms = 88,
      .quiet_until_ms = OUTBOX_NO_TIME},
     "anna c-1 e1 88 2 {\"a\":1} 88 2 9 1 500",
     "anna - - 88 2 - 88 2 - - -"},
    /* the newest of an older event were written again */
    {{.now_ms = 12,
      .attributes_confirmed = true,
      .quiet_until_ms = OUTBOX_NO_TIME},
     "anna c-1 e1 77 1 {\"a\":1} 77 1 12 1 500",
     "anna - - - - - - - 12 1 -"},
    /* nothing */
    {{.quiet_until_ms = OUTBOX_NO_TIME},
     "anna c-1 e1 77 1 {\"a\":1} 77 1 9 1 500",
     NULL},
};

enum { LESSON_COUNT = sizeof(lessons) / sizeof(lessons[0]) };

static void learn(struct fixture *fixture, int lesson, const char *meanwhile,
                  const char *expected)
{
    struct outbox_claim claim;
    struct outbox_end end = lessons[lesson].end;
    end.outcome = "retry";
    end.state = "pending";
    int64_t epoch = know_anna(fixture, &claim);
    fixture_run(fixture, meanwhile);
    end_as(fixture, epoch, &claim, end);
    turns_free(&claim, 1);
    if (expected == NULL)
        assert_int_equal(
            fixture_number(fixture, "SELECT count(*) FROM outbox_user"), 0);
    else
        assert_string_equal(users(fixture), expected);
}

static void what_an_end_does_not_say_of_a_user_stays(void **state)
{
    for (int i = 0; i < LESSON_COUNT; i++) {
        learn(*state, i, "SELECT 1", lessons[i].known);
        fixture_close(state);
        fixture_open(state);
    }
}

static void a_user_who_was_forgotten_meanwhile_is_known_anew(void **state)
{
    for (int i = 0; i < LESSON_COUNT; i++) {
        learn(*state, i, "DELETE FROM outbox_user", lessons[i].unknown);
        fixture_close(state);
        fixture_open(state);
    }
}

static void a_row_that_came_anew_meanwhile_is_found_by_name(void **state)
{
    for (int i = 0; i < LESSON_COUNT; i++) {
        learn(*state, i, "UPDATE outbox_user SET id = 9", lessons[i].known);
        fixture_close(state);
        fixture_open(state);
    }
}

static void another_who_has_the_row_by_now_is_left_alone(void **state)
{
    learn(*state, 0, "UPDATE outbox_user SET lane = 'bert', contact_id = 'c-b'",
          "anna - e2 - - - - - - - - | bert c-b e1 77 1 {\"a\":1} 77 1 9 1 "
          "500");
}

/* --- the delivery -------------------------------------------------------- */

static void only_what_costs_a_try_counts_as_one(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    static const struct {
        bool costs_try;
        int64_t now_ms;
        int64_t tries;
        int64_t first_try_open_ms;
    } rows[] = {{false, 10, 0, 0}, {true, 20, 1, 20}, {true, 30, 2, 20}};
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
        end_as(fixture, epoch, &claim,
               (struct outbox_end){.now_ms = rows[i].now_ms,
                                   .outcome = "retry",
                                   .state = "pending",
                                   .costs_try = rows[i].costs_try,
                                   .open_ms = rows[i].now_ms});
        assert_int_equal(
            fixture_number(fixture, "SELECT tries FROM outbox_delivery"),
            rows[i].tries);
        assert_int_equal(
            fixture_number(fixture, "SELECT coalesce(first_try_open_ms, 0) FROM"
                                    " outbox_delivery"),
            rows[i].first_try_open_ms);
        turns_free(&claim, 1);
    }
}

/* Whatever wrote one there before the first attempt. */
static void a_delivered_one_has_no_reason_but_its_own(void **state)
{
    struct fixture *fixture = *state;
    static const char *const reasons[] = {NULL, "merged with #7"};
    for (int i = 0; i < 4; i++) {
        struct outbox_claim claim;
        fixture_put(fixture, (const char *[]){"a", "b", "c", "d"}[i], "RENEWAL",
                    "anna");
        int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
        assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
        if (i < 2)
            fixture_run(fixture, "UPDATE outbox_delivery SET reason = 'old' "
                                 "WHERE state = 'sending'");
        end_as(fixture, epoch, &claim,
               (struct outbox_end){.now_ms = 2,
                                   .outcome = "delivered",
                                   .state = "delivered",
                                   .reason = reasons[i % 2],
                                   .status = 202});
        turns_free(&claim, 1);
    }
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT group_concat(coalesce(reason, '-'), ', ') FROM "
                     "(SELECT reason FROM outbox_delivery WHERE "
                     "state = 'delivered' ORDER BY id)"),
        "-, merged with #7, -, merged with #7");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_and_what_was_learned_of_the_user_are_kept),
        TEST(an_empty_contact_id_forgets_it),
        TEST(what_an_end_does_not_say_of_a_user_stays),
        TEST(a_user_who_was_forgotten_meanwhile_is_known_anew),
        TEST(a_row_that_came_anew_meanwhile_is_found_by_name),
        TEST(another_who_has_the_row_by_now_is_left_alone),
        TEST(only_what_costs_a_try_counts_as_one),
        TEST(a_delivered_one_has_no_reason_but_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
