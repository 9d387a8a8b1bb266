/* test_sandbox_contacts.c - contacts as Intercom keeps and shows them. */
#include "sandbox_fixture.h"

#include <cjson/cJSON.h>

static char path[200];

static const char *path_of(const char *id, const char *end)
{
    (void)snprintf(path, sizeof(path), "/contacts/%s%s", id, end);
    return path;
}

static const char *hook(const char *id, const char *action)
{
    (void)snprintf(path, sizeof(path), "/_sandbox/contacts/%s/%s", id, action);
    return path;
}

static void id_is_24_hexadecimal_digits(void **state)
{
    (void)state;
    const char *id = create("u1");
    assert_int_equal(strlen(id), 24);
    assert_int_equal(strspn(id, "0123456789abcdef"), 24);
    assert_answer_has("\"type\":\"contact\"");
    assert_answer_has("\"external_id\":\"u1\"");
    assert_answer_has("\"custom_attributes\":{}");
}

static void id_follows_from_seed_and_external_id(void **state)
{
    char first[SANDBOX_ID_LENGTH + 1];
    (void)state;
    (void)snprintf(first, sizeof(first), "%s", create("u1"));
    close_site(NULL);
    assert_int_equal(open_site(NULL), 0);
    create("u0");
    assert_string_equal(create("u1"), first);
    close_site(NULL);
    assert_int_equal(open_site(NULL), 0);
    site.world.contacts.seed = 2;
    assert_string_not_equal(create("u1"), first);
}

static void create_of_an_existing_one_is_refused_with_its_id(void **state)
{
    char words[200];
    (void)state;
    (void)snprintf(words, sizeof(words),
                   "\"A contact matching those details already exists with "
                   "id=%s\"",
                   create("u1"));
    assert_int_equal(ask("POST", "/contacts", "{\"external_id\":\"u1\"}"), 409);
    assert_answer_has("\"code\":\"conflict\"");
    assert_answer_has(words);
}

static void create_of_an_archived_or_deleted_one_says_archived(void **state)
{
    static const char *const actions[] = {"archive", "delete"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *user = i == 0 ? "u1" : "u2";
        create(user);
        assert_int_equal(ask("POST", hook(user, actions[i]), ""), 200);
        assert_int_equal(ask("POST", "/contacts",
                             i == 0 ? "{\"external_id\":\"u1\"}"
                                    : "{\"external_id\":\"u2\"}"),
                         409);
        assert_answer_has("\"An archived contact matching those details "
                          "already exists with id=");
    }
}

static void update_keeps_what_is_not_sent_and_null_clears(void **state)
{
    (void)state;
    const char *id = create("u1");
    assert_int_equal(ask("PUT", path_of(id, ""),
                         "{\"custom_attributes\":{\"latest_store\":\"APP_STORE"
                         "\",\"expires_at\":1652444925}}"),
                     200);
    assert_int_equal(ask("PUT", path_of(id, ""),
                         "{\"custom_attributes\":{\"expires_at\":null,"
                         "\"latest_entitlement\":\"pro\"}}"),
                     200);
    assert_answer_has("\"custom_attributes\":{\"latest_store\":\"APP_STORE\","
                      "\"latest_entitlement\":\"pro\"}");
    assert_int_equal(ask("GET", path_of(id, ""), ""), 200);
    assert_answer_has("\"latest_entitlement\":\"pro\"");
}

static void refused_update_changes_nothing(void **state)
{
    (void)state;
    const char *id = create("u1");
    assert_int_equal(ask("PUT", path_of(id, ""),
                         "{\"custom_attributes\":{\"latest_store\":\"X\","
                         "\"nope\":1}}"),
                     400);
    assert_answer_has("Custom attribute 'nope' does not exist");
    assert_answer_has("\"code\":\"parameter_invalid\"");
    assert_int_equal(ask("GET", path_of(id, ""), ""), 200);
    assert_answer_has("\"custom_attributes\":{}");
}

static void attribute_of_a_wrong_type_is_refused(void **state)
{
    static const struct {
        const char *values;
        int status;
    } rows[] = {
        {"{\"latest_store\":1}", 400},
        {"{\"latest_store\":\"1\"}", 200},
        {"{\"expires_at\":\"tomorrow\"}", 400},
        {"{\"expires_at\":1.5}", 400},
        {"{\"expires_at\":1652444925}", 200},
        {"{\"expires_at\":null}", 200},
        {"{\"subscription_status\":[\"x\"]}", 400},
        {"[]", 400},
        {"null", 200},
    };
    char body[200];
    (void)state;
    const char *id = create("u1");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(body, sizeof(body), "{\"custom_attributes\":%s}",
                       rows[i].values);
        int status = ask("PUT", path_of(id, ""), body);
        if (status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].values, status, text);
    }
}

static void body_of_a_create_is_checked(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"external_id\":1}",
        "{\"external_id\":\"\"}",
        "{\"role\":1,\"external_id\":\"u\"}",
        "{\"external_id\":\"u\",\"custom_attributes\":1}",
        "[]",
        "{",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        assert_int_equal(ask("POST", "/contacts", bodies[i]), 400);
    assert_int_equal(site.world.contacts.count, 0);
}

static void find_decodes_the_external_id(void **state)
{
    (void)state;
    create("a b%/c");
    assert_int_equal(
        ask("GET", "/contacts/find_by_external_id/a%20b%25%2Fc", ""), 200);
    assert_answer_has("\"external_id\":\"a b%/c\"");
    assert_int_equal(ask("GET", "/contacts/find_by_external_id/a%2", ""), 400);
    assert_int_equal(ask("GET", "/contacts/find_by_external_id/other", ""),
                     404);
}

static void unknown_contact_is_not_found(void **state)
{
    (void)state;
    const char *missing = "0123456789abcdef01234567";
    assert_int_equal(ask("PUT", path_of(missing, ""), "{}"), 404);
    assert_answer_has("\"code\":\"not_found\"");
    assert_int_equal(ask("GET", path_of(missing, ""), ""), 404);
    assert_int_equal(ask("POST", path_of(missing, "/unarchive"), ""), 404);
}

static void archived_contact_is_not_found_until_it_comes_back(void **state)
{
    (void)state;
    const char *id = create("u1");
    ask("POST", hook("u1", "archive"), "");
    assert_int_equal(ask("PUT", path_of(id, ""), "{}"), 404);
    assert_int_equal(ask("GET", "/contacts/find_by_external_id/u1", ""), 404);
    assert_int_equal(send_event("e", "u1", 1), 404);
    assert_int_equal(ask("POST", path_of(id, "/unarchive"), ""), 200);
    assert_answer_has("\"archived\":false");
    assert_int_equal(ask("PUT", path_of(id, ""), "{}"), 200);
    assert_int_equal(send_event("e", "u1", 1), 202);
}

static void deleted_contact_never_comes_back(void **state)
{
    (void)state;
    const char *id = create("u1");
    ask("POST", hook(id, "delete"), "");
    assert_int_equal(ask("POST", path_of(id, "/unarchive"), ""), 400);
    assert_int_equal(ask("PUT", path_of(id, ""), "{}"), 404);
    assert_int_equal(send_event("e", "u1", 1), 404);
}

static void merged_contact_links_to_the_one_that_is_left(void **state)
{
    char link[100];
    char old[SANDBOX_ID_LENGTH + 1];
    (void)state;
    (void)snprintf(old, sizeof(old), "%s", create("u1"));
    create("u2");
    (void)snprintf(link, sizeof(link), "</contacts/%s>; rel=\"canonical\"",
                   create("u3"));
    assert_int_equal(ask("POST", hook("u1", "merge"), "u2"), 200);
    assert_int_equal(ask("POST", hook("u2", "merge"), "u3"), 200);
    assert_int_equal(ask("GET", "/contacts/find_by_external_id/u1", ""), 410);
    assert_string_equal(last.reply.link, link);
    assert_answer_has("\"code\":\"contact_merged\"");
    assert_int_equal(ask("PUT", path_of(old, ""), "{}"), 410);
    assert_string_equal(last.reply.link, link);
    assert_int_equal(ask("POST", "/contacts", "{\"external_id\":\"u1\"}"), 409);
    assert_answer_has(old);
}

static void merge_makes_no_circle(void **state)
{
    (void)state;
    create("u1");
    create("u2");
    assert_int_equal(ask("POST", hook("u1", "merge"), "u1"), 400);
    assert_int_equal(ask("POST", hook("u1", "merge"), "u2"), 200);
    assert_int_equal(ask("POST", hook("u2", "merge"), "u1"), 400);
    assert_int_equal(ask("POST", hook("u1", "merge"), "u2"), 400);
    assert_int_equal(ask("POST", hook("u2", "merge"), "none"), 404);
}

static void listing_shows_every_contact_once(void **state)
{
    char name[20];
    (void)state;
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof(name), "u%d", i);
        create(name);
    }
    assert_int_equal(ask("GET", "/_sandbox/contacts", ""), 200);
    cJSON *list = json_parse(text, strlen(text), &(struct err){0});
    assert_int_equal(cJSON_GetArraySize(list), 500);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof(name), "u%d", i);
        assert_string_equal(
            cJSON_GetObjectItem(cJSON_GetArrayItem(list, i), "external_id")
                ->valuestring,
            name);
    }
    cJSON_Delete(list);
    next.query_user = "u%31";
    assert_int_equal(ask("GET", "/_sandbox/contacts", ""), 200);
    assert_answer_has("\"external_id\":\"u1\"");
    assert_answer_lacks("\"external_id\":\"u2\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(id_is_24_hexadecimal_digits),
        TEST(id_follows_from_seed_and_external_id),
        TEST(create_of_an_existing_one_is_refused_with_its_id),
        TEST(create_of_an_archived_or_deleted_one_says_archived),
        TEST(update_keeps_what_is_not_sent_and_null_clears),
        TEST(refused_update_changes_nothing),
        TEST(attribute_of_a_wrong_type_is_refused),
        TEST(body_of_a_create_is_checked),
        TEST(find_decodes_the_external_id),
        TEST(unknown_contact_is_not_found),
        TEST(archived_contact_is_not_found_until_it_comes_back),
        TEST(deleted_contact_never_comes_back),
        TEST(merged_contact_links_to_the_one_that_is_left),
        TEST(merge_makes_no_circle),
        TEST(listing_shows_every_contact_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
