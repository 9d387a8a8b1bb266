#include "delivery/intercom_answer.h"

#include "answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void contact_id_is_that_of_the_outermost_object(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *id; /* NULL: none */
    } bodies[] = {
        {"{\"type\":\"contact\",\"id\":\"63a07ddf05a32042dffac965\"}",
         "63a07ddf05a32042dffac965"},
        {" { \"id\" : \"a-b_9\" , ", "a-b_9"},
        {"{\"tags\":{\"id\":\"inner\"},\"id\":\"outer\"}", "outer"},
        {"{\"a\":[{\"id\":\"inner\"}],\"b\":\"}\\\"\",\"id\":\"outer\"",
         "outer"},
        {"{\"id\":\"cut behi", NULL},
        {"{\"id\":\"\"}", NULL},
        {"{\"id\":\"../me\"}", NULL},
        {"{\"id\":7}", NULL},
        {"{\"id\":null}", NULL},
        {"{\"id\"", NULL},
        {"{\"id\":", NULL},
        {"\"id\":\"not in an object\"", NULL},
        {"{\"a\\", NULL},
        {"<html>{\"id\":\"page\"}", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct http_answer answer = plain_answer(200, bodies[i].body);
        char id[INTERCOM_ID_BYTES] = "";
        bool found = intercom_read_contact_id(&answer, id);
        assert_int_equal(found, bodies[i].id != NULL);
        assert_string_equal(id, found ? bodies[i].id : "");
    }
}

static void conflict_id_is_24_hex_digits(void **state)
{
    (void)state;
#define ID "63a07ddf05a32042dffac965"
    static const struct {
        const char *message;
        bool found;
    } messages[] = {
        {"A contact matching those details already exists with id=" ID, true},
        {"An archived contact matching those details already exists with "
         "id=" ID,
         true},
        {"external_id=12 exists with id=" ID ".", true},
        {"exists with id=" ID "0", false},
        {"exists with id=63a07ddf", false},
        {"exists with id=", false},
        {"exists", false},
    };
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        char id[INTERCOM_ID_BYTES] = "";
        assert_int_equal(intercom_read_conflict_id(messages[i].message, id),
                         messages[i].found);
        assert_string_equal(id, messages[i].found ? ID : "");
    }
#undef ID
}

static void link_leads_to_the_canonical_contact(void **state)
{
    (void)state;
    static const struct {
        const char *link;
        const char *id;
    } links[] = {
        {"</contacts/abc>; rel=\"canonical\"", "abc"},
        {"<https://api.intercom.io/contacts/abc>; rel=canonical", "abc"},
        {"</contacts/first>; rel=\"prev\", </contacts/second>; "
         "rel=\"canonical\"",
         "second"},
        {"</contacts/first>; rel=\"prev\"", "first"},
        {"</companies/x>; rel=\"canonical\", </contacts/abc>", "abc"},
        {"</contacts/../me>; rel=\"canonical\"", NULL},
        {"</contacts/abc", NULL},
        {"</contacts/>", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        char id[INTERCOM_ID_BYTES] = "";
        bool found = intercom_read_link_id(links[i].link, id);
        assert_int_equal(found, links[i].id != NULL);
        assert_string_equal(id, found ? links[i].id : "");
    }
}

static void me_tells_workspace_and_region_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool is_html;
        const char *workspace;
        const char *region;
    } rows[] = {
        {"{\"type\":\"admin\",\"name\":\"Ana\",\"app\":{\"name\":\"Shop\","
         "\"region\":\"EU\"}}",
         false, "Shop", "EU"},
        {"{\"app\":{\"name\":7}}", false, "7", ""},
        {"{\"app\":\"Shop\"}", false, "", ""},
        {"[]", false, "", ""},
        {"{\"app\":{\"name\":\"cut", false, "", ""},
        {"<html>", true, "", ""},
        {"", false, "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct http_answer answer = {
            .body = rows[i].body,
            .body_length = strlen(rows[i].body),
            .is_html = rows[i].is_html,
        };
        struct intercom_me me;
        intercom_read_me(&answer, &me);
        assert_string_equal(me.workspace, rows[i].workspace);
        assert_string_equal(me.region, rows[i].region);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contact_id_is_that_of_the_outermost_object),
        cmocka_unit_test(conflict_id_is_24_hex_digits),
        cmocka_unit_test(link_leads_to_the_canonical_contact),
        cmocka_unit_test(me_tells_workspace_and_region_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
