#include "support/event_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void event_expect_reason(const char *body, size_t length, const char *reason)
{
    struct event event;
    struct err err = {0};
    if (event_parse(body, length, &event, &err))
        fail_msg("taken: %s", body);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.text, reason);
    assert_null(event.members.texts);
}

void event_expect_taken(const char *body, struct event *event)
{
    struct err err = {0};
    if (!event_parse(body, strlen(body), event, &err))
        fail_msg("%s: %s", body, err.text);
    assert_int_equal(err.code, ERR_NONE);
}
