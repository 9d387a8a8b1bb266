#include "support/outbox_turns.h"

#include "base/text.h"
#include "delivery/verdict.h"
#include "event/mapping.h"
#include "outbox/filter.h"
#include "outbox/lock.h"
#include "outbox/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t NOW_MS = 1764000000000;

static char busy[] = "503";
static char merged[] = "merged with #9";
static char server_error[] = "server_error";
static char token[] = "token_refused";
static char empty[] = "";
static char lunch[] = "lunch";
static char ana[] = "ana";

/* Nothing is in the way. */
static struct view_status running(void)
{
    return (struct view_status){
        .relay_is_running = true,
        .breaker_since_ms = OUTBOX_NO_TIME,
        .wait_until_ms = OUTBOX_NO_TIME,
        .probe_ms = OUTBOX_NO_TIME,
    };
}

static struct view_delivery row_of(const char *state)
{
    struct view_delivery row = {
        .id = 5, .due_ms = OUTBOX_NO_TIME, .attempts = 1, .status = 202};
    (void)snprintf(row.state, sizeof(row.state), "%s", state);
    return row;
}

/* The sentence; static. */
static const char *why(const struct view_delivery *row,
                       const struct view_delivery *head,
                       const struct view_status *sending)
{
    static char text[1000];
    struct buf out;
    const struct story_facts facts = {
        .row = row, .head = head, .sending = sending, .now_ms = NOW_MS};
    buf_init(&out, sizeof(text) - 1);
    story_add_why(&facts, &out);
    (void)snprintf(text, sizeof(text), "%s", buf_text(&out));
    buf_free(&out);
    return text;
}

/* One sentence: it ends with the only full stop that ends one. */
static void check_sentence(const char *text, const char *what)
{
    size_t length = strlen(text);
    if (length < 20 || text[length - 1] != '.' || strchr(text, '\n') != NULL ||
        strstr(text, ". ") != NULL || strstr(text, "..") != NULL ||
        strstr(text, "(null)") != NULL)
        fail_msg("%s: %s", what, text);
}

static void every_state_and_reason_has_one_sentence(void **state)
{
    (void)state;
    static const char *const others[] = {
        SKIP_NO_INTERCOM_EVENT, SKIP_STORE_NOT_TRACKED, SKIP_SANDBOX_EVENT,
        SKIP_ANONYMOUS_USER,    SKIP_NO_USER,           "by_operator",
        "merged with #9",       "a_word_yet_to_come",   NULL};
    const struct view_status sending = running();
    size_t state_count;
    size_t reason_count;
    const char *const *states = filter_states(&state_count);
    const struct verdict_reason *reasons = verdict_reasons(&reason_count);
    for (size_t s = 0; s < state_count; s++) {
        for (size_t i = 0;
             i < reason_count + sizeof(others) / sizeof(others[0]); i++) {
            struct view_delivery row = row_of(states[s]);
            char reason[64];
            const char *word =
                i < reason_count ? reasons[i].word : others[i - reason_count];
            (void)snprintf(reason, sizeof(reason), "%s",
                           word == NULL ? "" : word);
            row.reason = word == NULL ? NULL : reason;
            check_sentence(why(&row, NULL, &sending), states[s]);
            row.result = busy;
            check_sentence(why(&row, NULL, &sending), states[s]);
        }
    }
}

static void a_failed_one_always_has_a_next_step(void **state)
{
    (void)state;
    const struct view_status sending = running();
    struct view_delivery row = row_of("failed");
    const struct story_facts facts = {
        .row = &row, .sending = &sending, .now_ms = NOW_MS};
    assert_non_null(story_next_step(&facts));
    row.reason = server_error;
    assert_string_equal(story_next_step(&facts),
                        verdict_next_step("server_error"));
    row = row_of("delivered");
    assert_null(story_next_step(&facts));
}

/* What stands in the way of the first of a lane, and what to do about it. */
static void what_waits_says_for_what_and_what_comes_next(void **state)
{
    (void)state;
    static const struct {
        struct view_status sending;
        int64_t due_ms;
        const char *said;
        const char *next_step;
    } rows[] = {
        {{.relay_is_running = true}, 0, "goes as soon as a connection", NULL},
        {{.relay_is_running = true}, 1, "at every fourth place", NULL},
        {{.relay_is_running = true},
         INT64_C(1764000240000),
         "it is tried again in 4 min.",
         NULL},
        {{.relay_is_running = false},
         0,
         "it is due now and sent when a relay runs: none does.",
         "subrelay run"},
        {{.relay_is_running = false},
         INT64_C(1764000240000),
         "it is due in 4 min and sent when a relay runs",
         "subrelay run"},
        {{.relay_is_running = true, .breaker_since_ms = 5},
         0,
         "when something gets through to Intercom again",
         NULL},
        {{.relay_is_running = true, .wait_until_ms = INT64_C(1764000008000)},
         0,
         "Intercom takes calls again, in 8 s.",
         NULL},
        {{.relay_is_running = true,
          .hold_reason = token,
          .probe_ms = INT64_C(1764000040000)},
         0,
         "Intercom refused the access token, next probe in 40 s.",
         "valid token"},
        {{.relay_is_running = true,
          .hold_reason = token,
          .pause_reason = empty},
         0,
         "resumes the sending, which is paused.",
         "subrelay resume"},
        {{.pause_reason = lunch, .paused_by = ana},
         0,
         "paused by ana (lunch).",
         "subrelay resume"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view_status sending = rows[i].sending;
        struct view_delivery row = row_of("pending");
        row.due_ms = rows[i].due_ms;
        row.result = busy;
        row.reason = server_error;
        if (sending.breaker_since_ms == 0)
            sending.breaker_since_ms = OUTBOX_NO_TIME;
        const char *text = why(&row, NULL, &sending);
        if (strstr(text, rows[i].said) == NULL ||
            strstr(text, "Attempt 1 did not deliver it: Intercom could not "
                         "answer (503); ") != text)
            fail_msg("%zu: %s", i, text);
        const struct story_facts facts = {
            .row = &row, .sending = &sending, .now_ms = NOW_MS};
        const char *next = story_next_step(&facts);
        if ((next == NULL) != (rows[i].next_step == NULL) ||
            (next != NULL && strstr(next, rows[i].next_step) == NULL))
            fail_msg("%zu: %s", i, next == NULL ? "none" : next);
    }
}

static void one_behind_another_says_how_that_one_is(void **state)
{
    (void)state;
    struct view_status sending = running();
    struct view_delivery row = row_of("pending");
    struct view_delivery head = row_of("sending");
    row.behind_id = 4;
    assert_string_equal(why(&row, &head, &sending),
                        "It waits behind #4 of the same user, which is being "
                        "sent, and goes when that one has ended.");
    head = row_of("pending");
    head.due_ms = NOW_MS + 240000;
    assert_string_equal(why(&row, &head, &sending),
                        "It waits behind #4 of the same user, which is tried "
                        "again in 4 min, and goes when that one has ended.");
    sending.relay_is_running = false;
    assert_non_null(
        strstr(why(&row, NULL, &sending), "; no relay is running."));
}

static void other_states_say_that_they_are_at_an_end(void **state)
{
    (void)state;
    struct view_status sending = running();
    struct view_delivery row = row_of("delivered");
    assert_string_equal(why(&row, NULL, &sending),
                        "Intercom took it (202); nothing more happens.");
    row.reason = merged;
    assert_non_null(strstr(why(&row, NULL, &sending), "merged with #9;"));
    row = row_of("discarded");
    row.operation_id = 12;
    assert_string_equal(why(&row, NULL, &sending),
                        "An operator discarded it (operation 12); nothing is "
                        "sent unless an operator retries it.");
    row = row_of("sending");
    row.attempts = 3;
    assert_non_null(
        strstr(why(&row, NULL, &sending), "Attempt 3 is being sent;"));
    sending.relay_is_running = false;
    assert_non_null(
        strstr(why(&row, NULL, &sending), "whether it arrived is not known"));
}

static void it_is_told_from_the_database(void **state)
{
    struct fixture *fixture = *state;
    struct story story;
    struct outbox_claim claim;
    struct lock *lock;
    fixture_check(fixture, lock_take(fixture->path, &lock, &fixture->err));
    fixture_put(fixture, "a", "RENEWAL", "ana");
    fixture_put(fixture, "b", "RENEWAL", "ana");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    fixture_check(fixture,
                  story_read(fixture->store, 2, 1, &story, &fixture->err));
    assert_string_equal(buf_text(&story.why),
                        "It waits behind #1 of the same user, which is being "
                        "sent, and goes when that one has ended.");
    assert_null(story.next_step);
    assert_string_equal(story.row.event_id, "b");
    story_free(&story);
    lock_release(lock);
    fixture_check(fixture,
                  story_read(fixture->store, 1, 1, &story, &fixture->err));
    assert_non_null(strstr(buf_text(&story.why), "when the relay ended"));
    story_free(&story);
    assert_false(story_read(fixture->store, 9, 1, &story, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
    turns_free(&claim, 1);
}

static void the_envelope_is_that_of_the_names_of_now(void **state)
{
    (void)state;
    static char renewal[] =
        "{\"event\":{\"id\":\"a\",\"type\":\"RENEWAL\",\"app_user_id\":\"ana\","
        "\"purchased_at_ms\":1764000000000}}";
    static char transfer[] = "{\"event\":{\"id\":\"a\",\"type\":\"TRANSFER\"}}";
    static char wrong[] = "{\"event\":{\"id\":\"a\",\"type\":\"RENEWAL\","
                          "\"app_user_id\":\"ana\",\"purchased_at_ms\":\"x\"}}";
    static const struct {
        char *payload;
        bool is_mapped;
        const char *said;
    } rows[] = {
        {renewal, true, "\"event_name\":\"rc_renewal_event\""},
        {transfer, false, "no event at Intercom"},
        {wrong, false, "purchased_at_ms"},
    };
    struct names names;
    names_init(&names);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view_history history = {.payload = rows[i].payload,
                                       .payload_length =
                                           strlen(rows[i].payload)};
        struct buf out;
        buf_init(&out, 4096);
        assert_int_equal(story_add_envelope(&history, &names, &out),
                         rows[i].is_mapped);
        assert_non_null(strstr(buf_text(&out), rows[i].said));
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_reason_has_one_sentence),
        cmocka_unit_test(a_failed_one_always_has_a_next_step),
        cmocka_unit_test(what_waits_says_for_what_and_what_comes_next),
        cmocka_unit_test(one_behind_another_says_how_that_one_is),
        cmocka_unit_test(other_states_say_that_they_are_at_an_end),
        cmocka_unit_test_setup_teardown(it_is_told_from_the_database,
                                        fixture_open, fixture_close),
        cmocka_unit_test(the_envelope_is_that_of_the_names_of_now),
    };
    return cmocka_run_group_tests_name("story", tests, NULL, NULL);
}
