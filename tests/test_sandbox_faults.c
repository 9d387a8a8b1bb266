/* test_sandbox_faults.c - the line of faults: what it may say, whom it
 * strikes. */
#include "sandbox_fixture.h"

#include "net/sandbox_faults.h"

enum { CALLS = 10000 };

static void words_that_make_no_sense_are_named(void **state)
{
    static const struct {
        const char *spec;
        const char *named;
    } rows[] = {
        {"503", "\"503\""},
        {"503:", "\"503:\""},
        {"503:x", "\"503:x\""},
        {"503:1.01", "\"503:1.01\""},
        {"503:101%", "\"503:101%\""},
        {"503:-1", "\"503:-1\""},
        {"503:.", "\"503:.\""},
        {"503:1%%", "\"503:1%%\""},
        {"999:1", "\"999:1\""},
        {"200:1", "\"200:1\""},
        {"reset:1,slwo:1", "\"slwo:1\""},
        {"503@moon:1", "\"503@moon:1\""},
        {"503:1,,reset:1", "\"\""},
        {"503:1,", "\",\""},
        {",503:1", "\"\""},
        {"down=", "\"down=\""},
        {"down=x", "\"down=x\""},
        {"down=-1", "\"down=-1\""},
        {"reject=", "\"reject=\""},
        {"deleted=%4", "\"deleted=%4\""},
        {"gone=u1", "\"gone=u1\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sandbox_faults faults;
        struct err err = {.code = ERR_NONE};
        if (sandbox_faults_read(rows[i].spec, 1, &faults, &err))
            fail_msg("\"%s\" was taken", rows[i].spec);
        assert_int_equal(err.code, ERR_INVALID);
        if (strstr(err.text, rows[i].named) == NULL)
            fail_msg("\"%s\": %s", rows[i].spec, err.text);
    }
}

static void read(const char *spec, uint64_t seed, struct sandbox_faults *faults)
{
    struct err err;
    if (!sandbox_faults_read(spec, seed, faults, &err))
        fail_msg("%s", err.text);
}

/* Which fault event number `number` meets. */
static enum sandbox_fault_kind draw(struct sandbox_faults *faults, int number)
{
    char body[32];
    struct sandbox_request request = {
        .method = "POST", .path = "/events", .body = body};
    request.body_length =
        (size_t)snprintf(body, sizeof(body), "{\"n\":%d}", number);
    return sandbox_faults_draw(faults, &request).kind;
}

static void rate_is_how_many_are_struck(void **state)
{
    static const struct {
        const char *spec;
        int least;
        int most;
    } rows[] = {
        {"reset:0", 0, 0},
        {"reset:0.1", 900, 1100},
        {"reset:10%", 900, 1100},
        {"reset:.5", 4800, 5200},
        {"reset:1", CALLS, CALLS},
        {"reset:100%", CALLS, CALLS},
        {"", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sandbox_faults faults;
        int struck = 0;
        read(rows[i].spec, 1, &faults);
        for (int number = 0; number < CALLS; number++)
            struck += draw(&faults, number) != SANDBOX_NO_FAULT;
        assert_in_range(struck, rows[i].least, rows[i].most);
        sandbox_faults_free(&faults);
    }
}

static void same_calls_meet_the_same_faults_in_any_order(void **state)
{
    struct sandbox_faults forwards;
    struct sandbox_faults backwards;
    struct sandbox_faults other;
    static enum sandbox_fault_kind met[CALLS];
    int differences = 0;
    (void)state;
    read("reset:0.3,timeout:0.3", 5, &forwards);
    read("reset:0.3,timeout:0.3", 5, &backwards);
    read("reset:0.3,timeout:0.3", 6, &other);
    for (int number = 0; number < CALLS; number++)
        met[number] = draw(&forwards, number);
    for (int number = CALLS - 1; number >= 0; number--) {
        assert_int_equal(draw(&backwards, number), met[number]);
        differences += draw(&other, number) != met[number];
    }
    assert_true(differences > CALLS / 10);
    sandbox_faults_free(&forwards);
    sandbox_faults_free(&backwards);
    sandbox_faults_free(&other);
}

static void repeated_call_throws_anew(void **state)
{
    struct sandbox_faults faults;
    int struck = 0;
    (void)state;
    read("reset:0.5", 1, &faults);
    for (int i = 0; i < CALLS; i++)
        struck += draw(&faults, 1) != SANDBOX_NO_FAULT;
    assert_in_range(struck, 4800, 5200);
    sandbox_faults_free(&faults);
}

static void path_limits_whom_a_word_strikes(void **state)
{
    static const struct {
        const char *spec;
        const char *path;
        enum sandbox_fault_kind kind;
    } rows[] = {
        {"reset@contacts:1", "/contacts", SANDBOX_FAULT_RESET},
        {"reset@contacts:1", "/contacts/x/unarchive", SANDBOX_FAULT_RESET},
        {"reset@contacts:1", "/events", SANDBOX_NO_FAULT},
        {"reset@me:1", "/me", SANDBOX_FAULT_RESET},
        {"reset@data_attributes:1", "/data_attributes", SANDBOX_FAULT_RESET},
        {"reset@events:1,slow:1", "/me", SANDBOX_FAULT_SLOW},
        {"reset@events:1,slow:1", "/events", SANDBOX_FAULT_RESET},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sandbox_faults faults;
        struct sandbox_request request = {
            .method = "GET", .path = rows[i].path, .body = ""};
        read(rows[i].spec, 1, &faults);
        assert_int_equal(sandbox_faults_draw(&faults, &request).kind,
                         rows[i].kind);
        sandbox_faults_free(&faults);
    }
}

static void down_lasts_from_the_first_call_on(void **state)
{
    struct sandbox_faults faults;
    struct sandbox_request request = {
        .method = "GET", .path = "/me", .body = "", .monotonic_ms = 50000};
    (void)state;
    read("down=2", 1, &faults);
    assert_int_equal(sandbox_faults_draw(&faults, &request).status, 503);
    request.monotonic_ms += 1999;
    assert_int_equal(sandbox_faults_draw(&faults, &request).status, 503);
    request.monotonic_ms += 1;
    assert_int_equal(sandbox_faults_draw(&faults, &request).kind,
                     SANDBOX_NO_FAULT);
    sandbox_faults_free(&faults);
}

static void rejected_name_is_archived_however_it_is_spelt(void **state)
{
    (void)state;
    create("u1");
    assert_int_equal(ask("POST", "/_sandbox/faults", "reject=A.b"), 200);
    assert_int_equal(send_event("a-B", "u1", 1), 422);
    assert_answer_has("\"code\":\"parameter_invalid\"");
    assert_answer_has("\"message\":\"event name archived\"");
    assert_answer_has("\"field\":\"event_name\"");
    assert_int_equal(send_event("ab", "u1", 1), 202);
    assert_int_equal(ask("POST", "/_sandbox/faults", ""), 200);
    assert_int_equal(send_event("a-B", "u1", 1), 202);
}

static void users_can_be_archived_or_deleted_from_the_start(void **state)
{
    (void)state;
    create("u3");
    assert_int_equal(
        ask("POST", "/_sandbox/faults", "archived=u%2C1,deleted=u2,deleted=u3"),
        200);
    assert_int_equal(ask("POST", "/contacts", "{\"external_id\":\"u,1\"}"),
                     409);
    assert_answer_has("An archived contact");
    assert_int_equal(ask("POST", "/contacts", "{\"external_id\":\"u2\"}"), 409);
    assert_int_equal(send_event("e", "u3", 1), 404);
}

static void bad_line_leaves_the_old_faults(void **state)
{
    (void)state;
    assert_int_equal(ask("POST", "/_sandbox/faults", "503:1"), 200);
    assert_int_equal(ask("POST", "/_sandbox/faults", "504:1,bad"), 400);
    assert_answer_has("bad");
    assert_int_equal(ask("GET", "/me", ""), 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_make_no_sense_are_named),
        cmocka_unit_test(rate_is_how_many_are_struck),
        cmocka_unit_test(same_calls_meet_the_same_faults_in_any_order),
        cmocka_unit_test(repeated_call_throws_anew),
        cmocka_unit_test(path_limits_whom_a_word_strikes),
        cmocka_unit_test(down_lasts_from_the_first_call_on),
        TEST(rejected_name_is_archived_however_it_is_spelt),
        TEST(users_can_be_archived_or_deleted_from_the_start),
        TEST(bad_line_leaves_the_old_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
