/* test_sandbox_events.c - events as Intercom takes, merges and refuses them. */
#include "sandbox_fixture.h"

#include <cjson/cJSON.h>

static bool is_awaited; /* what the sandbox is told of earlier calls */

static bool tell_awaited(const void *call)
{
    (void)call;
    return is_awaited;
}

static void accepted_event_has_an_empty_answer(void **state)
{
    (void)state;
    create("u1");
    assert_int_equal(send_event("rc_renewal_event", "u1", 1663021649), 202);
    assert_string_equal(text, "");
    assert_null(last.reply.content_type);
}

static void event_of_an_unknown_contact_creates_nothing(void **state)
{
    (void)state;
    assert_int_equal(send_event("e", "u1", 1), 404);
    assert_answer_has("\"code\":\"not_found\"");
    assert_answer_has("\"message\":\"User Not Found\"");
    assert_int_equal(site.world.contacts.count, 0);
    assert_int_equal(site.world.events.count, 0);
}

static void events_are_one_by_contact_folded_name_and_second(void **state)
{
    static const struct {
        const char *name;
        const char *user;
        int64_t created_s;
        bool is_new;
    } rows[] = {
        {"a.b", "u1", 100, true},  {"a.b", "u1", 100, false},
        {"A-B", "u1", 100, false}, {"a$b", "u1", 100, false},
        {"a.b", "u1", 101, true},  {"a.b", "u2", 100, true},
        {"ab", "u1", 100, true},
    };
    int64_t duplicates = 0;
    (void)state;
    create("u1");
    create("u2");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t before = site.world.events.count;
        assert_int_equal(
            send_event(rows[i].name, rows[i].user, rows[i].created_s), 202);
        assert_int_equal(site.world.events.count,
                         before + (rows[i].is_new ? 1 : 0));
        duplicates += rows[i].is_new ? 0 : 1;
    }
    assert_int_equal(site.world.events.duplicates, duplicates);
    assert_int_equal(site.world.events.name_count, 2);
}

static void many_events_stay_apart_and_in_order(void **state)
{
    (void)state;
    create("u1");
    for (int64_t i = 0; i < 3000; i++)
        assert_int_equal(send_event("e", "u1", i), 202);
    for (int64_t i = 0; i < 3000; i++)
        assert_int_equal(send_event("e", "u1", i), 202);
    assert_int_equal(site.world.events.count, 3000);
    assert_int_equal(site.world.events.duplicates, 3000);
    assert_int_equal(ask("GET", "/_sandbox/events", ""), 200);
    cJSON *list = json_parse(text, strlen(text), &(struct err){0});
    const cJSON *event = NULL;
    int64_t expected = 0;
    cJSON_ArrayForEach(event, list)
    {
        const cJSON *created = cJSON_GetObjectItem(event, "created_at");
        assert_true((int64_t)created->valuedouble == expected);
        expected++;
    }
    assert_int_equal(expected, 3000);
    cJSON_Delete(list);
}

/* So many that some share a hash: only comparing keys keeps those apart. */
static void events_of_equal_hash_stay_apart(void **state)
{
    enum { EVENTS = 500000 };
    struct sandbox_events events = {0};
    struct sandbox_arrival arrival = {.name = "e", .metadata = "{}"};
    (void)state;
    for (uint32_t i = 0; i < EVENTS; i++) {
        arrival.contact = i;
        assert_int_equal(sandbox_events_add(&events, &arrival), SANDBOX_STORED);
    }
    for (uint32_t i = 0; i < EVENTS; i++) {
        arrival.contact = 0;
        arrival.created_s = i + 1;
        assert_int_equal(sandbox_events_add(&events, &arrival), SANDBOX_STORED);
    }
    sandbox_events_free(&events);
}

static void fields_of_an_event_are_checked(void **state)
{
#define EVENT(rest) "{\"event_name\":\"e\",\"user_id\":\"u1\"" rest "}"
    static const struct {
        const char *body;
        int status;
        const char *words;
    } rows[] = {
        {"{\"created_at\":1,\"user_id\":\"u1\"}", 400, "event_name"},
        {"{\"event_name\":1,\"created_at\":1,\"user_id\":\"u1\"}", 400,
         "event_name"},
        {"{\"event_name\":\"\",\"created_at\":1,\"user_id\":\"u1\"}", 400,
         "event_name"},
        {"{\"event_name\":\"e\",\"created_at\":1}", 400, "user_id"},
        {EVENT(""), 400, "created_at"},
        {EVENT(",\"created_at\":\"1\""), 400, "type_mismatch"},
        {EVENT(",\"created_at\":1.5"), 400, "type_mismatch"},
        {EVENT(",\"created_at\":-1"), 422, "before 1970"},
        {EVENT(",\"created_at\":1700000005000"), 422, "future created_at"},
        {EVENT(",\"created_at\":1700086405"), 202, ""},
        {EVENT(",\"created_at\":1700086406"), 422, "future created_at"},
        {EVENT(",\"created_at\":1,\"metadata\":1"), 400, "metadata"},
        {EVENT(",\"created_at\":2,\"metadata\":null"), 202, ""},
        {EVENT(",\"created_at\":3,\"metadata\":{\"a\":null}"), 422, "'a'"},
        {EVENT(",\"created_at\":3,\"metadata\":{\"a\":[1]}"), 422, "nested"},
        {EVENT(",\"created_at\":3,\"metadata\":{\"a\":{\"b\":1}}"), 422,
         "nested"},
        {EVENT(",\"created_at\":3,\"metadata\":{\"a\":{\"url\":\"http://x\","
               "\"value\":\"x\"}}"),
         202, ""},
        {EVENT(",\"created_at\":4,\"metadata\":{\"a\":{\"amount\":1,"
               "\"currency\":\"eur\"}}"),
         202, ""},
        {EVENT(",\"created_at\":5,\"metadata\":{\"a\":1,\"b\":\"x\"}"), 202,
         ""},
    };
#undef EVENT
    (void)state;
    create("u1");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = ask("POST", "/events", rows[i].body);
        if (status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].body, status, text);
        assert_answer_has(rows[i].words);
    }
}

static void first_ten_metadata_keys_are_kept_as_they_came(void **state)
{
    (void)state;
    create("u1");
    assert_int_equal(
        ask("POST", "/events",
            "{\"event_name\":\"e\",\"created_at\":1,\"user_id\":\"u1\","
            "\"metadata\":{\"a\":1652444925,\"b\":\"x\\\"y\",\"c\":3.25,"
            "\"d\":true,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":{"
            "\"amount\":34999,\"currency\":\"eur\"},\"k\":11,\"l\":null}}"),
        202);
    assert_int_equal(ask("GET", "/_sandbox/events", ""), 200);
    assert_answer_has("\"metadata\":{\"a\":1652444925,\"b\":\"x\\\"y\","
                      "\"c\":3.25,\"d\":true,\"e\":5,\"f\":6,\"g\":7,\"h\":8,"
                      "\"i\":9,\"j\":{\"amount\":34999,\"currency\":\"eur\"}}");
    assert_int_equal(site.world.metadata_keys_dropped, 2);
}

static void name_number_121_is_refused(void **state)
{
    char name[20];
    (void)state;
    create("u1");
    for (int i = 0; i < SANDBOX_NAME_LIMIT; i++) {
        (void)snprintf(name, sizeof(name), "event-%d", i);
        assert_int_equal(send_event(name, "u1", 1), 202);
    }
    assert_int_equal(send_event("event-new", "u1", 1), 422);
    assert_answer_has("\"code\":\"422\"");
    assert_answer_has("Cannot have more than 120 active event names");
    assert_int_equal(send_event("EVENT.7", "u1", 2), 202);
}

static void event_under_a_merged_id_goes_to_the_one_that_is_left(void **state)
{
    (void)state;
    create("u1");
    create("u2");
    assert_int_equal(ask("POST", "/_sandbox/contacts/u1/merge", "u2"), 200);
    assert_int_equal(send_event("e", "u1", 1), 202);
    assert_int_equal(send_event("e", "u2", 1), 202);
    assert_int_equal(site.world.events.count, 1);
    assert_int_equal(site.world.events.duplicates, 1);
}

static void event_can_name_the_contact_by_its_id(void **state)
{
    char body[200];
    (void)state;
    (void)snprintf(body, sizeof(body),
                   "{\"event_name\":\"e\",\"created_at\":1,\"id\":\"%s\"}",
                   create("u1"));
    assert_int_equal(ask("POST", "/events", body), 202);
    assert_int_equal(send_event("e", "u1", 1), 202);
    assert_int_equal(site.world.events.duplicates, 1);
}

static void overlapping_events_of_one_user_are_counted(void **state)
{
    static const int calls[3] = {0};
    (void)state;
    site.world.is_awaited = tell_awaited;
    is_awaited = true;
    create("u1");
    create("u2");
    next.call = &calls[0];
    send_event("e", "u1", 1);
    uint32_t row = last.calling;
    next.call = &calls[1];
    send_event("e", "u2", 1);
    assert_int_equal(site.world.parallel_same_user, 0);
    next.call = &calls[2];
    send_event("e", "u1", 2);
    assert_int_equal(site.world.parallel_same_user, 1);
    /* The first one ends: it is not the one being answered any more. */
    sandbox_world_end_call(&site.world, row, &calls[0]);
    send_event("e", "u1", 3);
    assert_int_equal(site.world.parallel_same_user, 2);
    sandbox_world_end_call(&site.world, row, &calls[2]);
    send_event("e", "u1", 4);
    assert_int_equal(site.world.parallel_same_user, 2);
    is_awaited = false; /* whoever sent it has gone */
    send_event("e", "u1", 5);
    assert_int_equal(site.world.parallel_same_user, 2);
}

static void events_can_be_listed_for_one_user(void **state)
{
    (void)state;
    create("u 1");
    create("u2");
    send_event("one", "u 1", 1);
    send_event("two", "u2", 1);
    next.query_user = "u%201";
    assert_int_equal(ask("GET", "/_sandbox/events", ""), 200);
    assert_answer_has("\"event_name\":\"one\"");
    assert_answer_lacks("\"event_name\":\"two\"");
    next.query_user = "unknown";
    assert_int_equal(ask("GET", "/_sandbox/events", ""), 200);
    assert_string_equal(text, "[]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accepted_event_has_an_empty_answer),
        TEST(event_of_an_unknown_contact_creates_nothing),
        TEST(events_are_one_by_contact_folded_name_and_second),
        TEST(many_events_stay_apart_and_in_order),
        cmocka_unit_test(events_of_equal_hash_stay_apart),
        TEST(fields_of_an_event_are_checked),
        TEST(first_ten_metadata_keys_are_kept_as_they_came),
        TEST(name_number_121_is_refused),
        TEST(event_under_a_merged_id_goes_to_the_one_that_is_left),
        TEST(event_can_name_the_contact_by_its_id),
        TEST(overlapping_events_of_one_user_are_counted),
        TEST(events_can_be_listed_for_one_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
