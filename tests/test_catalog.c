#include "event/catalog.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct type_row {
    const char *type;
    const char *condition;
    const char *kind;
};

/* The lines of schema/catalog.sql. */
static const struct type_row schema_rows[] = {
#define OUTBOX_TYPE(type, condition, kind) {type, condition, kind},
#include "catalog.inc"
#undef OUTBOX_TYPE
};

enum { SCHEMA_ROWS = sizeof(schema_rows) / sizeof(schema_rows[0]) };

static void every_kind_of_the_schema_is_in_the_catalog(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMA_ROWS; i++) {
        const char *kind = schema_rows[i].kind;
        if (kind != NULL && catalog_find_kind(kind) == KIND_NONE)
            fail_msg("the catalog has no kind %s", kind);
    }
}

static void every_kind_of_the_catalog_is_in_the_schema(void **state)
{
    (void)state;
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
        const char *word = catalog_word((enum event_kind)kind);
        size_t found = 0;
        for (size_t i = 0; i < SCHEMA_ROWS; i++)
            found += text_equals(schema_rows[i].kind, word) ? 1 : 0;
        if (found != 1)
            fail_msg("the schema has %zu rows of kind %s", found, word);
    }
}

static void particular_conditions_stand_before_the_plain_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMA_ROWS; i++) {
        for (size_t later = i + 1; later < SCHEMA_ROWS; later++) {
            if (text_equals(schema_rows[i].type, schema_rows[later].type))
                assert_string_not_equal(schema_rows[i].condition, "");
        }
    }
}

static void a_type_and_its_condition_give_the_kind(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool is_trial;
        bool is_conversion;
        enum event_kind kind;
    } rows[] = {
        {"INITIAL_PURCHASE", true, false, KIND_TRIAL_STARTED},
        {"INITIAL_PURCHASE", false, false, KIND_INITIAL_PURCHASE},
        {"INITIAL_PURCHASE", false, true, KIND_INITIAL_PURCHASE},
        {"RENEWAL", false, true, KIND_TRIAL_CONVERTED},
        {"RENEWAL", true, true, KIND_TRIAL_CONVERTED},
        {"RENEWAL", false, false, KIND_RENEWAL},
        {"RENEWAL", true, false, KIND_RENEWAL},
        {"CANCELLATION", true, false, KIND_TRIAL_CANCELLED},
        {"CANCELLATION", false, false, KIND_CANCELLATION},
        {"NON_RENEWING_PURCHASE", true, true, KIND_NON_SUBSCRIPTION_PURCHASE},
        {"EXPIRATION", true, false, KIND_EXPIRATION},
        {"BILLING_ISSUE", true, false, KIND_BILLING_ISSUE},
        {"PRODUCT_CHANGE", false, false, KIND_PRODUCT_CHANGE},
        {"UNCANCELLATION", true, true, KIND_NONE},
        {"SUBSCRIPTION_PAUSED", false, false, KIND_NONE},
        {"SUBSCRIPTION_EXTENDED", false, false, KIND_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum event_kind kind = KIND_COUNT;
        assert_true(catalog_find_type(rows[i].type, rows[i].is_trial,
                                      rows[i].is_conversion, &kind));
        assert_int_equal(kind, rows[i].kind);
    }
}

static void other_types_have_no_row(void **state)
{
    (void)state;
    static const char *const types[] = {
        "TEST", "TRANSFER",        "renewal",          "RENEWAL ",
        "",     "REFUND_REVERSED", "INVOICE_ISSUANCE", "SUBSCRIBER_ALIAS",
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        enum event_kind kind;
        assert_false(catalog_find_type(types[i], true, true, &kind));
    }
}

static void kinds_are_found_by_word_and_default_name(void **state)
{
    (void)state;
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
        const struct catalog_kind *row = catalog_kind((enum event_kind)kind);
        assert_int_equal(catalog_find_kind(row->word), kind);
        assert_int_equal(catalog_find_kind(row->default_name), kind);
        assert_string_equal(catalog_word((enum event_kind)kind), row->word);
        assert_non_null(row->meaning);
    }
    assert_int_equal(catalog_find_kind("Renewal"), KIND_NONE);
    assert_int_equal(catalog_find_kind(NULL), KIND_NONE);
    assert_int_equal(catalog_find_kind(""), KIND_NONE);
    assert_null(catalog_word(KIND_NONE));
}

static void default_names_are_the_words_in_rc_and_event(void **state)
{
    (void)state;
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
        const struct catalog_kind *row = catalog_kind((enum event_kind)kind);
        size_t length = strlen(row->word);
        assert_true(text_has_prefix(row->default_name, "rc_"));
        assert_memory_equal(row->default_name + 3, row->word, length);
        assert_string_equal(row->default_name + 3 + length, "_event");
    }
}

static void stores_are_tracked_as_the_table_says(void **state)
{
    (void)state;
    /* App Store, Play Store, Amazon, Web, Promo, any other */
    static const struct {
        enum event_kind kind;
        const char *tracked;
    } rows[] = {
        {KIND_INITIAL_PURCHASE, "yyyyny"},
        {KIND_TRIAL_STARTED, "yyyyyy"},
        {KIND_TRIAL_CONVERTED, "yyyyyy"},
        {KIND_TRIAL_CANCELLED, "yyyyyy"},
        {KIND_RENEWAL, "yyyyny"},
        {KIND_CANCELLATION, "yyyyyy"},
        {KIND_NON_SUBSCRIPTION_PURCHASE, "yyyyyy"},
        {KIND_EXPIRATION, "yyyyyy"},
        {KIND_BILLING_ISSUE, "yyyyny"},
        {KIND_PRODUCT_CHANGE, "yynyny"},
    };
    assert_int_equal(sizeof(rows) / sizeof(rows[0]), KIND_COUNT - 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned group = 0; group < 6; group++) {
            unsigned tracked = catalog_kind(rows[i].kind)->tracked;
            assert_int_equal((tracked >> group & 1) != 0,
                             rows[i].tracked[group] == 'y');
        }
    }
}

static void stores_stand_in_their_columns(void **state)
{
    (void)state;
    static const struct {
        const char *store;
        enum store_group group;
    } rows[] = {
        {"APP_STORE", STORE_GROUP_APP_STORE},
        {"MAC_APP_STORE", STORE_GROUP_APP_STORE},
        {"PLAY_STORE", STORE_GROUP_PLAY_STORE},
        {"AMAZON", STORE_GROUP_AMAZON},
        {"STRIPE", STORE_GROUP_WEB},
        {"RC_BILLING", STORE_GROUP_WEB},
        {"PADDLE", STORE_GROUP_WEB},
        {"PROMOTIONAL", STORE_GROUP_PROMO},
        {"ROKU", STORE_GROUP_OTHER},
        {"TEST_STORE", STORE_GROUP_OTHER},
        {"A_STORE_YET_TO_COME", STORE_GROUP_OTHER},
        {NULL, STORE_GROUP_OTHER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(catalog_store_group(rows[i].store), rows[i].group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_the_schema_is_in_the_catalog),
        cmocka_unit_test(every_kind_of_the_catalog_is_in_the_schema),
        cmocka_unit_test(particular_conditions_stand_before_the_plain_one),
        cmocka_unit_test(a_type_and_its_condition_give_the_kind),
        cmocka_unit_test(other_types_have_no_row),
        cmocka_unit_test(kinds_are_found_by_word_and_default_name),
        cmocka_unit_test(default_names_are_the_words_in_rc_and_event),
        cmocka_unit_test(stores_are_tracked_as_the_table_says),
        cmocka_unit_test(stores_stand_in_their_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
