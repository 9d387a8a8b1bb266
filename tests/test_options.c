#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { MOST_WORDS = 12, UNSET = -7 };

struct settings {
    bool json;
    const char *file;
    int64_t limit;
    int64_t wait_ms;
    int region;
};

struct global {
    bool help;
};

static const char *const regions[] = {"us", "eu", NULL};

static const struct options_row rows[] = {
    {.name = "json",
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct settings, json)},
    {.name = "file",
     .letter = 'f',
     .type = OPTIONS_TEXT,
     .offset = offsetof(struct settings, file),
     .value = "FILE"},
    {.name = "limit",
     .letter = 'n',
     .type = OPTIONS_INTEGER,
     .offset = offsetof(struct settings, limit),
     .value = "N",
     .minimum = -1,
     .maximum = 100},
    {.name = "wait",
     .type = OPTIONS_DURATION,
     .offset = offsetof(struct settings, wait_ms),
     .value = "TIME",
     .minimum = 1000,
     .maximum = 3600000},
    {.name = "region",
     .type = OPTIONS_CHOICE,
     .offset = offsetof(struct settings, region),
     .choices = regions},
};
static const struct options_row global_rows[] = {
    {.name = "help",
     .letter = 'h',
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct global, help)},
};

struct parsed {
    struct settings settings;
    struct global global;
    struct options_line line;
    char *argv[MOST_WORDS];
    char text[400];
    struct err err;
    bool done;
};

/* Parse words that are separated by spaces. */
static void parse(struct parsed *parsed, const char *words, bool stop_at_word)
{
    *parsed = (struct parsed){.settings = {.limit = UNSET, .region = UNSET}};
    assert_true(strlen(words) < sizeof(parsed->text));
    memcpy(parsed->text, words, strlen(words) + 1);
    int count = 0;
    for (char *word = parsed->text; *word != '\0'; count++) {
        assert_true(count < MOST_WORDS);
        parsed->argv[count] = word;
        word += strcspn(word, " ");
        if (*word == ' ')
            *word++ = '\0';
    }
    parsed->line = (struct options_line){
        .argv = parsed->argv, .argc = count, .stop_at_word = stop_at_word};
    const struct options_group groups[] = {
        {rows, sizeof(rows) / sizeof(rows[0]), &parsed->settings},
        {global_rows, 1, &parsed->global},
    };
    parsed->done = options_parse(&parsed->line, groups, 2, &parsed->err);
}

static void every_form_of_an_option_sets_its_field(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "--json --file a.db --limit 5 --wait 2s --region eu --help",
        "--json --file=a.db --limit=5 --wait=2s --region=eu -h",
        "--json -f a.db -n 5 --wait 2000ms --region eu -h",
        "-h -fa.db -n5 --wait 2 --region=eu --json",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct parsed parsed;
        parse(&parsed, lines[i], false);
        assert_true(parsed.done);
        assert_true(parsed.settings.json);
        assert_string_equal(parsed.settings.file, "a.db");
        assert_int_equal(parsed.settings.limit, 5);
        assert_int_equal(parsed.settings.wait_ms, 2000);
        assert_int_equal(parsed.settings.region, 1);
        assert_true(parsed.global.help);
        assert_int_equal(parsed.line.word_count, 0);
    }
}

static void what_is_not_given_keeps_its_default(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "word", false);
    assert_true(parsed.done);
    assert_int_equal(parsed.settings.limit, UNSET);
    assert_int_equal(parsed.settings.region, UNSET);
    assert_false(parsed.settings.json);
    assert_null(parsed.settings.file);
}

static void words_and_options_may_be_mixed(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "one --json - -n 3 two -- --json -n", false);
    assert_true(parsed.done);
    static const char *const words[] = {"one", "-", "two", "--json", "-n"};
    assert_int_equal(parsed.line.word_count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(parsed.line.argv[i], words[i]);
    assert_true(parsed.settings.json);
    assert_int_equal(parsed.settings.limit, 3);
}

static void the_last_of_two_counts(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "-n 3 --limit 4 -f a --file=b", false);
    assert_true(parsed.done);
    assert_int_equal(parsed.settings.limit, 4);
    assert_string_equal(parsed.settings.file, "b");
}

static void a_value_may_look_like_an_option(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "-n -1 -f --json", false);
    assert_true(parsed.done);
    assert_int_equal(parsed.settings.limit, -1);
    assert_string_equal(parsed.settings.file, "--json");
    assert_false(parsed.settings.json);
}

static void reading_stops_in_front_of_the_command(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "-f a.db list --json -x", true);
    assert_true(parsed.done);
    assert_int_equal(parsed.line.used, 2);
    assert_int_equal(parsed.line.word_count, 0);
    assert_false(parsed.settings.json);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *text;
    } wrong[] = {
        {"--jsonn", "unknown option '--jsonn'"},
        {"--jso", "unknown option '--jso'"},
        {"--json=yes", "--json takes no value ('--json=yes')"},
        {"-hx", "--help takes no value ('-hx')"},
        {"-x", "unknown option '-x'"},
        {"--", ""},
        {"--file", "--file needs a value: FILE"},
        {"-f", "-f needs a value: FILE"},
        {"--limit 101", "--limit: '101' is not a whole number from -1 to 100"},
        {"--limit 1e1", "--limit: '1e1' is not a whole number from -1 to 100"},
        {"--limit=", "--limit: '' is not a whole number from -1 to 100"},
        {"--json=", "--json takes no value ('--json=')"},
        {"--wait 1x", "--wait: '1x' is not a duration (like 250ms, 30s, 4m, 2h "
                      "or 90d)"},
        {"--wait 10ms", "--wait: '10ms' is not from 1 s to 1 h 00 min"},
        {"--wait 2h", "--wait: '2h' is not from 1 s to 1 h 00 min"},
        {"--region us,eu", "--region: 'us,eu' is none of: us, eu"},
        {"--region", "--region needs a value: us, eu"},
        {"--=x", "unknown option '--=x'"},
        {"--\033[31m", "unknown option '--?[31m'"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct parsed parsed;
        parse(&parsed, wrong[i].line, false);
        assert_int_equal(parsed.done, *wrong[i].text == '\0');
        if (parsed.done)
            continue;
        assert_int_equal(parsed.err.code, ERR_USAGE);
        assert_string_equal(parsed.err.text, wrong[i].text);
    }
}

static void a_long_word_is_cut_in_the_message(void **state)
{
    (void)state;
    struct parsed parsed;
    char line[300];
    memset(line, 'x', sizeof(line));
    memcpy(line, "--", 2);
    line[sizeof(line) - 1] = '\0';
    parse(&parsed, line, false);
    assert_false(parsed.done);
    assert_true(strlen(parsed.err.text) < 120);
    assert_non_null(strstr(parsed.err.text, "xxx...'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_an_option_sets_its_field),
        cmocka_unit_test(what_is_not_given_keeps_its_default),
        cmocka_unit_test(words_and_options_may_be_mixed),
        cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(a_value_may_look_like_an_option),
        cmocka_unit_test(reading_stops_in_front_of_the_command),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_long_word_is_cut_in_the_message),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
