/* The headers of the receiver's answers, and which of them are made anew. */
#include "net/receiver_response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { PAGE_BYTES = 1000 };

static struct receiver_responses responses;
static struct buf text;

static int open_responses(void **state)
{
    (void)state;
    receiver_responses_init(&responses);
    buf_init(&text, PAGE_BYTES);
    return 0;
}

static int close_responses(void **state)
{
    (void)state;
    receiver_responses_free(&responses);
    buf_free(&text);
    return 0;
}

static struct MHD_Response *get(enum receiver_answer answer)
{
    const struct receiver_request request = {
        .route = RECEIVER_ROUTE_WEBHOOK,
        .has_answer = true,
        .answer = answer,
        .detail = "what is wrong",
    };
    struct MHD_Response *response =
        receiver_responses_get(&responses, &request, &text);
    assert_non_null(response);
    return response;
}

static void expect_header(struct MHD_Response *response, const char *name,
                          const char *wanted)
{
    const char *value = MHD_get_response_header(response, name);
    if (wanted == NULL)
        assert_null(value);
    else
        assert_string_equal(value, wanted);
}

static void each_answer_has_its_headers(void **state)
{
    static const struct {
        enum receiver_answer answer;
        const char *retry_after, *allow, *connection;
    } rows[] = {
        {RECEIVER_ACCEPTED, NULL, NULL, NULL},
        {RECEIVER_REFUSED, NULL, NULL, NULL},
        {RECEIVER_NO_METHOD, NULL, "POST", NULL},
        {RECEIVER_TOO_LARGE, NULL, NULL, "close"},
        {RECEIVER_BUSY, "30", NULL, NULL},
        {RECEIVER_NOT_READY, "5", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct MHD_Response *response = get(rows[i].answer);
        expect_header(response, "Content-Type", "application/json");
        expect_header(response, "Retry-After", rows[i].retry_after);
        expect_header(response, "Allow", rows[i].allow);
        expect_header(response, "Connection", rows[i].connection);
        receiver_responses_put(&responses, response);
    }
}

/* The sanitizers look: what is shared is freed once, all else each time. */
static void only_what_has_a_detail_is_made_each_time(void **state)
{
    (void)state;
    for (int i = 0; i < RECEIVER_ANSWER_COUNT; i++) {
        struct MHD_Response *one = get((enum receiver_answer)i);
        struct MHD_Response *other = get((enum receiver_answer)i);
        assert_true((one == other) == (receiver_answers[i].text != NULL));
        receiver_responses_put(&responses, one);
        receiver_responses_put(&responses, other);
    }
}

static void a_page_takes_the_text_over(void **state)
{
    (void)state;
    buf_add_text(&text, "subrelay_up 1\n");
    struct MHD_Response *response = get(RECEIVER_OK);
    assert_int_equal(text.length, 0);
    expect_header(response, "Content-Type",
                  "text/plain; version=0.0.4; charset=utf-8");
    receiver_responses_put(&responses, response);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_responses, close_responses)
    const struct CMUnitTest tests[] = {
        RULE(each_answer_has_its_headers),
        RULE(only_what_has_a_detail_is_made_each_time),
        RULE(a_page_takes_the_text_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
