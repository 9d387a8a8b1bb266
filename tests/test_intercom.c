#include "intercom_script.h"

/* clang-format off */

static void delivery_takes_as_few_calls_as_can_be(void **state)
{
    (void)state;
    PLAY(
        {"new user: create, send", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, true, true, false},
        {"known user: update, send", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, true, true, false},
        {"nothing new about the user: send", A, NULL, NEWEST, EVENT,
         {{SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, false, true, false},
        {"attributes only: update", A, ATTRS, NULL, NULL,
         {{PUT(A), CHANGE(ATTRS), 200, IS(A), NULL}},
         DELIVERED, NULL, true, false, false},
        {"attributes only, new user: create", NULL, ATTRS, NULL, NULL,
         {{CREATE, NEW(ATTRS), 200, IS(A), NULL}},
         DELIVERED, A, true, false, false},
    );
}

static void contact_that_exists_is_updated_instead(void **state)
{
    (void)state;
    PLAY(
        {"409: id from the message", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, EXISTS(A), NULL},
          {PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, true, true, false},
        {"409 without an id: find it", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, HTML, NULL},
          {FIND, NULL, 200, IS(A), NULL},
          {PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, true, true, false},
        {"409 archived: unarchive, update", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, ARCHIVED(A), NULL},
          {REVIVE(A), NULL, 200, IS(A), NULL},
          {PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, true, true, false},
        {"409 archived without an id: find, unarchive, update",
         NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, ERROR_LIST("conflict", "archived"), NULL},
          {FIND, NULL, 200, IS(A), NULL},
          {REVIVE(A), NULL, 200, IS(A), NULL},
          {PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, true, true, false},
        {"409, found merged: follow the link", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, NULL, NULL},
          {FIND, NULL, 410, NULL, MERGED(B)},
          {PUT(B), CHANGE(ATTRS), 200, IS(B), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, B, true, true, false},
        {"409, found merged without a link", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, NULL, NULL},
          {FIND, NULL, 410, NULL, NULL}},
         ENDS(RETRY, "contact_unresolved"), NULL, false, false, false},
        {"409, but not found", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, NULL, NULL},
          {FIND, NULL, 404, NOT_FOUND, NULL}},
         ENDS(RETRY, "contact_unresolved"), NULL, false, false, false},
        {"409, found without an id", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, NULL, NULL},
          {FIND, NULL, 200, "{\"da", NULL}},
         ENDS(RETRY, "unexpected_answer"), NULL, false, false, false},
    );
}

static void contact_deleted_for_good_fails(void **state)
{
    (void)state;
    PLAY(
        {"400 to unarchive", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, ARCHIVED(A), NULL},
          {REVIVE(A), NULL, 400, NULL, NULL}},
         ENDS(FAIL, "contact_deleted"), A, false, false, false},
        {"500 that says so", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, ARCHIVED(A), NULL},
          {REVIVE(A), NULL, 500,
           ERROR_LIST("server_error", "contact permanently deleted"), NULL}},
         ENDS(FAIL, "contact_deleted"), A, false, false, false},
        {"500 that does not", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 409, ARCHIVED(A), NULL},
          {REVIVE(A), NULL, 500, HTML, NULL}},
         ENDS(RETRY, "server_error"), A, false, false, false},
    );
}

static void remembered_id_that_is_wrong_is_replaced(void **state)
{
    (void)state;
    PLAY(
        {"404: forget, create", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 404, NOT_FOUND, NULL},
          {CREATE, NEW(ATTRS), 200, IS(B), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, B, true, true, false},
        {"404, then the create fails: forgotten all the same",
         A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 404, NOT_FOUND, NULL},
          {CREATE, NEW(ATTRS), 503, NULL, NULL}},
         ENDS(RETRY, "server_error"), "", false, false, false},
        {"410: follow the link", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 410, NULL, MERGED(B)},
          {PUT(B), CHANGE(ATTRS), 200, IS(B), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, B, true, true, false},
        {"410 without a link: create", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 410, NULL, NULL},
          {CREATE, NEW(ATTRS), 409, EXISTS(B), NULL},
          {PUT(B), CHANGE(ATTRS), 200, IS(B), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, B, true, true, false},
        {"410 to itself: create", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 410, NULL, MERGED(A)},
          {CREATE, NEW(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, true, true, false},
        {"404 twice, archived each time", NULL, ATTRS, NULL, NULL,
         {{CREATE, NEW(ATTRS), 409, ARCHIVED(A), NULL},
          {REVIVE(A), NULL, 404, NULL, NULL},
          {CREATE, NEW(ATTRS), 409, ARCHIVED(B), NULL},
          {REVIVE(B), NULL, 200, IS(B), NULL},
          {PUT(B), CHANGE(ATTRS), 200, IS(B), NULL}},
         DELIVERED, B, true, false, false},
    );
}

static void event_without_a_contact_is_sent_again_once(void **state)
{
    (void)state;
    PLAY(
        {"create with the newest attributes", NULL, NULL, NEWEST, EVENT,
         {{SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW(NEWEST), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, false, true, false},
        {"create without any", NULL, NULL, NULL, EVENT,
         {{SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW_BARE, 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, false, true, false},
        {"exists: nothing to write", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW_BARE, 409, EXISTS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, false, true, false},
        {"exists: write the newest", NULL, NULL, NEWEST, EVENT,
         {{SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW(NEWEST), 409, EXISTS(A), NULL},
          {PUT(A), CHANGE(NEWEST), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, false, true, false},
        {"archived", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW_BARE, 409, ARCHIVED(A), NULL},
          {REVIVE(A), NULL, 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, false, true, false},
        {"the remembered contact is another's", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW(ATTRS), 200, IS(B), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, B, true, true, false},
        {"made by this chain: only later", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 404, NOT_FOUND, NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, true, true, false},
        {"missing again", NULL, NULL, NULL, EVENT,
         {{SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW_BARE, 200, IS(A), NULL},
          {SEND, EVENT, 404, NOT_FOUND, NULL}},
         ENDS(RETRY, "contact_missing"), A, false, false, false},
        {"no such host", NULL, NULL, NULL, EVENT,
         {{SEND, EVENT, 404, HTML, NULL},
          {CREATE, NEW_BARE, 404, HTML, NULL}},
         ENDS(HOLD, "wrong_host"), NULL, false, false, false},
    );
}

static void attributes_are_created_once_and_the_call_made_again(void **state)
{
    (void)state;
    PLAY(
        {"on create", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 400, NO_ATTR, NULL},
          {CREATE, NEW(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, A, true, true, true},
        {"on update", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 401, NO_ATTR, NULL},
          {PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, true, true, true},
        {"still missing: hold", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 400, NO_ATTR, NULL},
          {PUT(A), CHANGE(ATTRS), 400, NO_ATTR, NULL}},
         ENDS(HOLD, "attribute_refused"), NULL, false, false, true},
    );
}

static void answers_that_end_the_chain_end_it(void **state)
{
    (void)state;
    PLAY(
        {"429 on the contact", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 429, NULL, NULL}},
         ENDS(WAIT, "quota"), NULL, false, false, false},
        {"401 on the event", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 200, IS(A), NULL},
          {SEND, EVENT, 401, NULL, NULL}},
         ENDS(HOLD, "token_refused"), NULL, true, false, false},
        {"422 on the event", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 422,
           ERROR_LIST("parameter_invalid", "event name archived"), NULL}},
         ENDS(FAIL, "name_archived"), NULL, false, false, false},
        {"timeout of the contact", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), TIMED_OUT, NULL, NULL}},
         ENDS(RETRY, "timed_out"), NULL, false, false, false},
        {"a portal answers for the event", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 200, HTML, NULL},
          {SEND, EVENT, 200, HTML, NULL}},
         ENDS(HOLD, "html_answer"), NULL, false, true, false},
    );
}

static void contact_answers_without_sense_are_tolerated(void **state)
{
    (void)state;
    PLAY(
        {"create without an id", NULL, ATTRS, NULL, EVENT,
         {{CREATE, NEW(ATTRS), 200, "{\"type\":\"conta", NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, true, true, false},
        {"update with another body", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 200, "[]", NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         DELIVERED, NULL, true, true, false},
        {"a web page proves nothing: a portal answers", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 200, HTML, NULL},
          {SEND, EVENT, 202, NULL, NULL}},
         ENDS(HOLD, "html_answer"), NULL, false, true, false},
        {"… nor for attributes only", NULL, ATTRS, NULL, NULL,
         {{CREATE, NEW(ATTRS), 200, HTML, NULL}},
         ENDS(HOLD, "html_answer"), NULL, false, false, false},
    );
}

static void event_may_have_left_unless_its_answer_disproves_it(void **state)
{
    (void)state;
    PLAY(
        {"timeout", A, NULL, NULL, EVENT,
         {{SEND, EVENT, TIMED_OUT, NULL, NULL}},
         ENDS(RETRY, "timed_out"), NULL, false, true, false},
        {"never sent", A, NULL, NULL, EVENT,
         {{SEND, EVENT, REFUSED, NULL, NULL}},
         ENDS(RETRY, "not_connected"), NULL, false, false, false},
        {"503", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 503, NULL, NULL}},
         ENDS(RETRY, "server_error"), NULL, false, true, false},
        {"408", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 408, NULL, NULL}},
         ENDS(RETRY, "server_error"), NULL, false, true, false},
        {"409", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 409, NULL, NULL}},
         ENDS(RETRY, "unexpected_answer"), NULL, false, true, false},
        {"429", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 429, NULL, NULL}},
         ENDS(WAIT, "quota"), NULL, false, false, false},
        {"302", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 302, NULL, NULL}},
         ENDS(HOLD, "redirected"), NULL, false, false, false},
        {"refused, then unknown", A, NULL, NULL, EVENT,
         {{SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW_BARE, 409, EXISTS(A), NULL},
          {SEND, EVENT, TIMED_OUT, NULL, NULL}},
         ENDS(RETRY, "timed_out"), NULL, false, true, false},
    );
}

static void chain_never_makes_more_than_twelve_calls(void **state)
{
    (void)state;
    PLAY(
        {"ids that are wrong again and again", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 404, NULL, NULL},
          {CREATE, NEW(ATTRS), 409, EXISTS(B), NULL},
          {PUT(B), CHANGE(ATTRS), 404, NULL, NULL},
          {CREATE, NEW(ATTRS), 409, EXISTS(A), NULL},
          {PUT(A), CHANGE(ATTRS), 404, NULL, NULL},
          {CREATE, NEW(ATTRS), 409, EXISTS(B), NULL},
          {PUT(B), CHANGE(ATTRS), 404, NULL, NULL}},
         ENDS(RETRY, "contact_unresolved"), B, false, false, false},
        {"merged in a circle", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 410, NULL, MERGED(B)},
          {PUT(B), CHANGE(ATTRS), 410, NULL, MERGED(A)},
          {PUT(A), CHANGE(ATTRS), 410, NULL, MERGED(B)},
          {PUT(B), CHANGE(ATTRS), 410, NULL, MERGED(A)}},
         ENDS(RETRY, "contact_unresolved"), B, false, false, false},
        {"all repairs in one chain", A, ATTRS, NULL, EVENT,
         {{PUT(A), CHANGE(ATTRS), 404, NULL, NULL},
          {CREATE, NEW(ATTRS), 409, NULL, NULL},
          {FIND, NULL, 410, NULL, MERGED(B)},
          {PUT(B), CHANGE(ATTRS), 404, NULL, NULL},
          {CREATE, NEW(ATTRS), 400, NO_ATTR, NULL},
          {CREATE, NEW(ATTRS), 409, ARCHIVED(A), NULL},
          {REVIVE(A), NULL, 200, NULL, NULL},
          {PUT(A), CHANGE(ATTRS), 200, NULL, NULL},
          {SEND, EVENT, 404, NOT_FOUND, NULL},
          {CREATE, NEW(ATTRS), 409, NULL, NULL},
          {FIND, NULL, 200, IS(A), NULL},
          {PUT(A), CHANGE(ATTRS), 200, NULL, NULL}},
         ENDS(RETRY, "chain_too_long"), NULL, true, false, true},
    );
}
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivery_takes_as_few_calls_as_can_be),
        cmocka_unit_test(contact_that_exists_is_updated_instead),
        cmocka_unit_test(contact_deleted_for_good_fails),
        cmocka_unit_test(remembered_id_that_is_wrong_is_replaced),
        cmocka_unit_test(event_without_a_contact_is_sent_again_once),
        cmocka_unit_test(attributes_are_created_once_and_the_call_made_again),
        cmocka_unit_test(answers_that_end_the_chain_end_it),
        cmocka_unit_test(contact_answers_without_sense_are_tolerated),
        cmocka_unit_test(event_may_have_left_unless_its_answer_disproves_it),
        cmocka_unit_test(chain_never_makes_more_than_twelve_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
