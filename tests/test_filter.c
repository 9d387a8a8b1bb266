#include "outbox/filter.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR_MS = 3600000 };

static const int64_t NOW_MS = 1764000000000;

static struct filter parse(const char *text)
{
    struct filter filter;
    struct filter_place place;
    struct err err;
    if (!filter_parse(text, &filter, &place, &err))
        fail_msg("%s: %s", text, err.text);
    return filter;
}

/* A failed delivery, two hours old. */
static const struct filter_row failed = {
    .id = 15,
    .state = "failed",
    .kind = "renewal",
    .lane = "Ana B",
    .reason = "name_archived",
    .result = "422 parameter_invalid: event name archived",
    .status = 422,
    .arrived_ms = INT64_C(1764000000000) - 2 * HOUR_MS,
};

static void each_word_chooses_and_all_have_to_fit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool matches;
    } rows[] = {
        {"", true},
        {"  ", true},
        {"state:failed", true},
        {"state:pending", false},
        {"event:renewal", true},
        {"event:rc_renewal_event", true},
        {"event:expiration", false},
        {"event:none", false},
        {"user:\"Ana B\"", true},
        {"user:Ana", false},
        {"user:\"ana b\"", false},
        {"code:422", true},
        {"code:4xx", true},
        {"code:5xx", false},
        {"code:400", false},
        {"reason:name_archived", true},
        {"reason:name", false},
        {"age:>1h", true},
        {"age:>2h", false},
        {"age:<2h", false},
        {"age:<121m", true},
        {"age:>1h age:<3h", true},
        {"age:>1h age:<90m", false},
        {"id:15", true},
        {"id:14", false},
        {"id:10..20", true},
        {"id:15..15", true},
        {"id:16..", false},
        {"id:..15", true},
        {"ARCHIVED", true},
        {"\"event name\"", true},
        {"name_archived", true},
        {"\"state:failed\"", false},
        {"archived event", true},
        {"archived nothing", false},
        {"parameter_invalid:", true},
        {"state:failed code:422 user:\"Ana B\" archived", true},
        {"state:failed code:422 user:ben archived", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct filter filter = parse(rows[i].text);
        if (filter_matches(&filter, &failed, NOW_MS) != rows[i].matches)
            fail_msg("%s", rows[i].text);
    }
}

static void a_row_without_a_value_does_not_have_it(void **state)
{
    (void)state;
    static const struct filter_row row = {
        .id = 1, .state = "pending", .lane = "/1"};
    static const struct {
        const char *text;
        bool matches;
    } rows[] = {
        {"event:none", true}, {"event:renewal", false}, {"reason:x", false},
        {"code:200", false},  {"text", false},          {"\"\"", true},
        {"user:Ana", false},  {"user:/1", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct filter filter = parse(rows[i].text);
        if (filter_matches(&filter, &row, NOW_MS) != rows[i].matches)
            fail_msg("%s", rows[i].text);
    }
}

static void quotes_hold_a_word_together(void **state)
{
    (void)state;
    struct filter filter = parse("user:\"a \"\"b\"\" c\" \"d  E\"");
    assert_string_equal(filter.user, "a \"b\" c");
    assert_int_equal(filter.text_count, 1);
    assert_string_equal(filter.texts[0], "d  e");
    assert_string_equal(parse("user:a\" \"b").user, "a b");
}

/* What is said, and of which word. */
static void an_error_names_the_word_and_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *word;
        const char *said;
    } rows[] = {
        {"state:faild", "state:faild", "a state is pending,"},
        {"code:422  state:", "state:", "a state is"},
        {"stat:failed x", "stat:failed", "no such word; there are state:"},
        {"a event:renewl b", "event:renewl", "an event is one of those"},
        {"code:abc", "code:abc", "like 422 or 5xx"},
        {"code:99", "code:99", "HTTP status"},
        {"code:6xx", "code:6xx", "HTTP status"},
        {"age:2h", "age:2h", "age:<2h (younger)"},
        {"age:<2x", "age:<2x", "in s, m, h or d"},
        {"age:<-2h", "age:<-2h", "an age is"},
        {"id:x", "id:x", "id:10..20"},
        {"id:0", "id:0", "ids are"},
        {"id:20..10", "id:20..10", "ids are"},
        {"id:..", "id:..", "ids are"},
        {"id:", "id:", "ids are"},
        {"id:1..2..3", "id:1..2..3", "ids are"},
        {"user:", "user:", "what follows it is missing"},
        {"reason: x", "reason:", "what follows it is missing"},
        {"state:failed state:pending", "state:pending", "twice"},
        {"age:<2h age:<3h", "age:<3h", "twice"},
        {"a b c d e", "e", "more than 4 words of text"},
        {"x \"no end", "\"no end", "closing double quote is missing"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct filter filter;
        struct filter_place place = {0};
        struct err err;
        assert_false(filter_parse(rows[i].text, &filter, &place, &err));
        assert_int_equal(err.code, ERR_USAGE);
        if (strstr(err.text, rows[i].said) == NULL ||
            place.length != strlen(rows[i].word) ||
            strncmp(rows[i].text + place.at, rows[i].word, place.length) != 0)
            fail_msg("%s: %s at %zu, %zu", rows[i].text, err.text, place.at,
                     place.length);
    }
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {"user:",  "reason:", "",
                                       "state:", "event:",  "\""};
    static char text[5000];
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t length = 600; length < sizeof(text); length += 4399) {
            struct filter filter;
            struct filter_place place;
            struct err err;
            memset(text, 'x', sizeof(text));
            memcpy(text, keys[i], strlen(keys[i]));
            text[length - 1] = '\0';
            assert_false(filter_parse(text, &filter, &place, &err));
            assert_int_equal(err.code, ERR_USAGE);
        }
    }
}

static void as_much_text_as_fits_is_looked_for(void **state)
{
    (void)state;
    char text[FILTER_TEXT_BYTES + 1] = "";
    struct filter filter;
    struct filter_place place;
    struct err err;
    memset(text, 'x', FILTER_TEXT_BYTES - 1);
    filter = parse(text);
    assert_string_equal(filter.texts[0], text);
    text[FILTER_TEXT_BYTES - 1] = 'x';
    assert_false(filter_parse(text, &filter, &place, &err));
}

static void only_a_state_or_nothing_is_state_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        {"", true},          {"state:failed", true}, {"user:a", false},
        {"code:1xx", false}, {"reason:x", false},    {"age:<1s", false},
        {"age:>1s", false},  {"id:2..", false},      {"id:..9", false},
        {"text", false},     {"event:none", false},  {"id:1..", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct filter filter = parse(rows[i].text);
        assert_int_equal(filter_is_state_only(&filter), rows[i].is);
    }
}

/* Help cannot name a key that the parser does not know. */
static void every_key_of_the_table_is_known(void **state)
{
    (void)state;
    size_t count;
    const struct filter_key *keys = filter_keys(&count);
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        char text[64] = "";
        struct filter filter;
        struct filter_place place;
        struct err err;
        strncat(text, keys[i].name, 20);
        strncat(text, ":", 2);
        assert_true(text_has_prefix(keys[i].form, text));
        assert_false(filter_parse(text, &filter, &place, &err));
        assert_null(strstr(err.text, "no such word"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word_chooses_and_all_have_to_fit),
        cmocka_unit_test(a_row_without_a_value_does_not_have_it),
        cmocka_unit_test(quotes_hold_a_word_together),
        cmocka_unit_test(an_error_names_the_word_and_where_it_stands),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(as_much_text_as_fits_is_looked_for),
        cmocka_unit_test(only_a_state_or_nothing_is_state_only),
        cmocka_unit_test(every_key_of_the_table_is_known),
    };
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
