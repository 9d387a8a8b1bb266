#include "outbox/words.h"

#include "outbox/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const int64_t NOW_MS = 1764000000000;

static void ages_have_one_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t age_ms;
        const char *text;
    } rows[] = {
        {-5, "0s"},        {999, "0s"},      {59999, "59s"},
        {60000, "1m"},     {3599999, "59m"}, {3600000, "1h"},
        {86399999, "23h"}, {86400000, "1d"}, {100 * INT64_C(86400000), "100d"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[WORDS_AGE_BYTES];
        words_format_age(rows[i].age_ms, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void events_are_called_by_their_kind_else_by_their_type(void **state)
{
    (void)state;
    static char purchase[] = "INITIAL_PURCHASE";
    static char transfer[] = "TRANSFER";
    static const struct {
        const char *kind;
        char *type;
        const char *text;
    } rows[] = {
        {"initial_purchase", purchase, "initial purchase"},
        {"renewal", NULL, "renewal"},
        {"", transfer, "TRANSFER"},
        {"", NULL, "no event"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view_delivery row = {.type = rows[i].type};
        struct buf text;
        memcpy(row.kind, rows[i].kind, strlen(rows[i].kind) + 1);
        buf_init(&text, 200);
        words_add_event(&row, &text);
        assert_string_equal(buf_text(&text), rows[i].text);
        buf_free(&text);
    }
}

static void a_type_that_is_too_long_is_cut_before_a_character(void **state)
{
    (void)state;
    static char type[5000]; /* "T", then characters of two bytes */
    for (size_t i = 0; i + 1 < sizeof(type); i++)
        type[i] = i == 0 ? 'T' : i % 2 == 1 ? '\xC3' : '\xA9';
    const struct view_delivery row = {.type = type};
    struct buf text;
    buf_init(&text, WORDS_MOST_TYPE_BYTES + 10);
    words_add_event(&row, &text);
    assert_int_equal(text.length, WORDS_MOST_TYPE_BYTES - 1 + strlen("…"));
    assert_memory_equal(text.bytes, type, WORDS_MOST_TYPE_BYTES - 1);
    assert_string_equal(text.bytes + WORDS_MOST_TYPE_BYTES - 1, "…");
    buf_free(&text);
}

static void the_last_result_says_where_a_delivery_is(void **state)
{
    (void)state;
    static char archived[] = "422: name archived";
    static char busy[] = "503";
    static char word[] = "sandbox_event";
    static const struct {
        const char *state;
        int64_t due_ms;
        int64_t behind_id;
        int attempts;
        char *reason;
        char *result;
        const char *text;
    } rows[] = {
        {"pending", 0, 0, 0, NULL, NULL, "due now"},
        {"pending", NOW_MS, 0, 0, NULL, NULL, "due now"},
        {"pending", NOW_MS + 245000, 0, 1, NULL, busy,
         "retry in 4 min; last: 503"},
        {"pending", NOW_MS + 245000, 0, 0, NULL, NULL, "due in 4 min"},
        {"pending", OUTBOX_NO_TIME, 41, 0, NULL, NULL, "behind #41"},
        {"sending", OUTBOX_NO_TIME, 0, 1, NULL, NULL, "being sent"},
        {"failed", OUTBOX_NO_TIME, 0, 1, word, archived, "422: name archived"},
        {"skipped", OUTBOX_NO_TIME, 0, 0, word, NULL, "sandbox_event"},
        {"delivered", OUTBOX_NO_TIME, 0, 1, NULL, NULL, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view_delivery row = {.due_ms = rows[i].due_ms,
                                    .behind_id = rows[i].behind_id,
                                    .attempts = rows[i].attempts,
                                    .reason = rows[i].reason,
                                    .result = rows[i].result};
        struct buf text;
        memcpy(row.state, rows[i].state, strlen(rows[i].state) + 1);
        buf_init(&text, 200);
        words_add_result(&row, NOW_MS, &text);
        assert_string_equal(buf_text(&text), rows[i].text);
        buf_free(&text);
    }
}

static void only_a_lane_without_a_slash_is_a_user(void **state)
{
    (void)state;
    assert_true(words_lane_is_user("ana"));
    assert_false(words_lane_is_user("/17"));
    assert_false(words_lane_is_user(NULL));
}

static void an_operation_says_what_it_is_about(void **state)
{
    (void)state;
    char filter[] = "state:failed";
    char name[] = "Renewed";
    const struct {
        struct operation_row row;
        const char *words;
    } rows[] = {
        {{.filter = filter}, "state:failed"},
        {{.filter = NULL}, ""},
        {{.filter = filter, .target_id = 12}, "operation 12"},
        {{.kind = "renewal", .filter = filter, .name_after = name},
         "renewal: default -> Renewed"},
        {{.kind = "renewal",
          .name_before = name,
          .name_after = name,
          .off_after = true},
         "renewal: Renewed -> Renewed, off"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out;
        buf_init(&out, 200);
        words_add_operation(&rows[i].row, &out);
        assert_string_equal(buf_text(&out), rows[i].words);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_have_one_unit),
        cmocka_unit_test(events_are_called_by_their_kind_else_by_their_type),
        cmocka_unit_test(a_type_that_is_too_long_is_cut_before_a_character),
        cmocka_unit_test(the_last_result_says_where_a_delivery_is),
        cmocka_unit_test(only_a_lane_without_a_slash_is_a_user),
        cmocka_unit_test(an_operation_says_what_it_is_about),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
