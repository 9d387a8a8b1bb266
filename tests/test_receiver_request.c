#include "net/receiver_request.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1024 * 1024 };

/* Begin a request with its head, take a body of so many bytes in pieces, end.
 */
struct tried {
    struct receiver_request request;
    bool is_read; /* the body was to be read … */
    bool is_cut;  /* … and was endless */
    enum receiver_next next;
};

static struct receiver_budget budget;

static void try_request(const struct receiver_auth *auth,
                        const struct receiver_head *head, size_t body,
                        struct tried *tried)
{
    static char piece[10000];
    memset(piece, 'x', sizeof(piece));
    *tried = (struct tried){.is_cut = false};
    budget.most_bytes = budget.most_bytes == 0 ? 16 * MIB : budget.most_bytes;
    tried->is_read =
        receiver_request_begin(&tried->request, auth, &budget, head);
    while (tried->is_read && !tried->is_cut && body > 0) {
        size_t take = body < sizeof(piece) ? body : sizeof(piece);
        tried->is_cut = !receiver_request_take(&tried->request, piece, take);
        body -= take;
    }
    if (tried->is_read && !tried->is_cut)
        tried->next = receiver_request_end(&tried->request, 0);
}

static void a_head_decides_what_becomes_of_a_request(void **state)
{
    (void)state;
    static const char path[] = "/webhooks/revenuecat";
    static const struct {
        struct receiver_head head;
        enum receiver_next next;
        int status; /* with RECEIVER_NEXT_ANSWER */
    } rows[] = {
        {{"POST", path, "good", NULL, NULL}, RECEIVER_NEXT_COMMIT, 0},
        {{"POST", path, "bad", NULL, NULL}, RECEIVER_NEXT_ANSWER, 401},
        {{"POST", path, NULL, NULL, NULL}, RECEIVER_NEXT_ANSWER, 401},
        /* No word of credentials before it is sure that they matter. */
        {{"GET", path, "bad", NULL, NULL}, RECEIVER_NEXT_ANSWER, 405},
        {{"PUT", path, "good", NULL, NULL}, RECEIVER_NEXT_ANSWER, 405},
        {{"POS", path, "good", NULL, NULL}, RECEIVER_NEXT_ANSWER, 405},
        {{"", path, "good", NULL, NULL}, RECEIVER_NEXT_ANSWER, 405},
        {{"POST", "/webhooks/revenuecat/", "good", NULL, NULL},
         RECEIVER_NEXT_ANSWER,
         404},
        {{"POST", "/", "good", NULL, NULL}, RECEIVER_NEXT_ANSWER, 404},
        {{"GET", "/healthz", NULL, NULL, NULL}, RECEIVER_NEXT_ANSWER, 200},
        {{"HEAD", "/healthz", NULL, NULL, NULL}, RECEIVER_NEXT_ANSWER, 200},
        {{"POST", "/healthz", NULL, NULL, NULL}, RECEIVER_NEXT_ANSWER, 405},
        {{"GET", "/readyz", NULL, NULL, NULL}, RECEIVER_NEXT_READY, 0},
        {{"GET", "/metrics", NULL, NULL, NULL}, RECEIVER_NEXT_METRICS, 0},
    };
    struct receiver_auth *auth = receiver_auth_new("good", NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tried tried;
        try_request(auth, &rows[i].head, 10, &tried);
        assert_true(tried.is_read);
        assert_int_equal(tried.next, rows[i].next);
        if (rows[i].status != 0)
            assert_int_equal(receiver_answers[tried.request.answer].status,
                             rows[i].status);
        receiver_request_free(&tried.request);
        assert_int_equal(budget.held_bytes, 0);
    }
    receiver_auth_free(auth);
}

static void a_body_of_a_mebibyte_is_taken_and_no_byte_more(void **state)
{
    (void)state;
    static const struct {
        const char *length; /* as the head says; NULL: it does not */
        size_t body;
        bool is_read, is_cut;
        int status; /* 0: it is committed */
    } rows[] = {
        {NULL, MIB, true, false, 0},
        {"1048576", MIB, true, false, 0},
        {NULL, MIB + 1, true, false, 413},
        {"1048577", MIB + 1, true, false, 413},
        {NULL, 4 * MIB, true, false, 413},
        {"4194304", 4 * MIB, true, false, 413},
        {NULL, 4 * MIB + 1, true, true, 413},
        {"4194305", 0, false, false, 413},
        {"9223372036854775807", 0, false, false, 413},
        {"nonsense", 10, true, false, 0},
    };
    struct receiver_auth *auth = receiver_auth_new(NULL, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct receiver_head head = {"POST", "/webhooks/revenuecat", NULL, NULL,
                                     rows[i].length};
        struct tried tried;
        try_request(auth, &head, rows[i].body, &tried);
        assert_int_equal(tried.is_read, rows[i].is_read);
        assert_int_equal(tried.is_cut, rows[i].is_cut);
        if (rows[i].status == 0) {
            assert_int_equal(tried.next, RECEIVER_NEXT_COMMIT);
            assert_int_equal(tried.request.body.length, rows[i].body);
            assert_int_equal(budget.held_bytes, rows[i].body);
        } else {
            assert_int_equal(receiver_answers[tried.request.answer].status,
                             rows[i].status);
            assert_int_equal(budget.held_bytes, 0);
        }
        receiver_request_free(&tried.request);
        assert_int_equal(budget.held_bytes, 0);
    }
    receiver_auth_free(auth);
}

static void a_stranger_takes_no_memory(void **state)
{
    (void)state;
    struct receiver_auth *auth = receiver_auth_new("good", NULL);
    struct receiver_head head = {"POST", "/webhooks/revenuecat", "bad", NULL,
                                 NULL};
    struct tried tried;
    try_request(auth, &head, MIB, &tried);
    assert_int_equal(tried.request.answer, RECEIVER_UNAUTHORIZED);
    assert_string_equal(tried.request.detail, "");
    assert_string_equal(tried.request.cause, "a wrong Authorization value");
    assert_int_equal(tried.request.body.capacity, 0);
    receiver_request_free(&tried.request);
    receiver_auth_free(auth);
}

static void a_signature_is_judged_when_the_body_is_there(void **state)
{
    (void)state;
    struct receiver_auth *auth = receiver_auth_new(NULL, "secret");
    struct receiver_head head = {"POST", "/webhooks/revenuecat", NULL,
                                 "t=0,v1=00", NULL};
    struct tried tried;
    try_request(auth, &head, 100, &tried);
    assert_int_equal(tried.next, RECEIVER_NEXT_ANSWER);
    assert_int_equal(tried.request.answer, RECEIVER_UNAUTHORIZED);
    receiver_request_free(&tried.request);
    receiver_auth_free(auth);
}

static void all_bodies_together_have_a_limit(void **state)
{
    (void)state;
    struct receiver_auth *auth = receiver_auth_new(NULL, NULL);
    struct receiver_head head = {"POST", "/webhooks/revenuecat", NULL, NULL,
                                 NULL};
    struct tried first;
    struct tried second;
    budget.most_bytes = 100000;
    try_request(auth, &head, 60000, &first);
    assert_int_equal(first.next, RECEIVER_NEXT_COMMIT);
    try_request(auth, &head, 60000, &second);
    assert_int_equal(second.next, RECEIVER_NEXT_ANSWER);
    assert_int_equal(second.request.answer, RECEIVER_OVERLOADED);
    assert_int_equal(budget.held_bytes, 60000);
    receiver_request_free(&second.request);
    receiver_request_free(&first.request);
    try_request(auth, &head, 60000, &second);
    assert_int_equal(second.next, RECEIVER_NEXT_COMMIT);
    receiver_request_free(&second.request);
    assert_int_equal(budget.held_bytes, 0);
    budget.most_bytes = 0;
    receiver_auth_free(auth);
}

static void every_answer_is_json_that_says_what_it_is(void **state)
{
    (void)state;
    for (int i = 0; i < RECEIVER_ANSWER_COUNT; i++) {
        const struct receiver_answer_row *row = &receiver_answers[i];
        struct buf out;
        char word[40];
        char message[80];
        buf_init(&out, 1024);
        receiver_answer_write((enum receiver_answer)i, "a \"detail\"", &out);
        assert_true(json_find_text(buf_text(&out), out.length,
                                   row->status == 200 ? "status" : "error",
                                   word, sizeof(word)));
        assert_string_equal(word, row->word);
        if (row->status != 200) {
            assert_true(json_find_text(buf_text(&out), out.length, "message",
                                       message, sizeof(message)));
            assert_string_equal(message,
                                row->text == NULL ? "a \"detail\"" : row->text);
        }
        /* What may be better later says when to come again. */
        assert_int_equal(row->retry_after_s > 0, row->status == 503);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_decides_what_becomes_of_a_request),
        cmocka_unit_test(a_body_of_a_mebibyte_is_taken_and_no_byte_more),
        cmocka_unit_test(a_stranger_takes_no_memory),
        cmocka_unit_test(a_signature_is_judged_when_the_body_is_there),
        cmocka_unit_test(all_bodies_together_have_a_limit),
        cmocka_unit_test(every_answer_is_json_that_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
