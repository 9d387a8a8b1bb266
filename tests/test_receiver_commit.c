/* The receiver's writing thread on a real outbox. */
#include "net/receiver_commit.h"

#include "base/mem.h"
#include "support/outbox_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MOST_JOBS = 16, PATIENCE_MS = 60000 };

struct desk {
    struct receiver_stats stats;
    struct receiver_auth *auth;
    struct receiver_budget budget;
    struct receiver_commit *commit;
    int woken;
    struct receiver_job jobs[MOST_JOBS];
    struct receiver_request requests[MOST_JOBS];
    size_t count;
};

static void wake(void *context)
{
    const struct desk *desk = context;
    const uint64_t one = 1;
    assert_int_equal(write(desk->woken, &one, sizeof(one)), sizeof(one));
}

static void add_metrics(void *context, struct buf *out)
{
    (void)context;
    buf_add_text(out, "# and what stands above\n");
}

static struct desk *open_desk(const struct fixture *fixture)
{
    struct err err;
    struct desk *desk = mem_new(sizeof(*desk));
    receiver_stats_init(&desk->stats);
    desk->auth = receiver_auth_new(NULL, NULL);
    desk->budget.most_bytes = 1 << 20;
    desk->woken = eventfd(0, EFD_NONBLOCK);
    const struct receiver_commit_options options = {
        .database_path = fixture->path,
        .stats = &desk->stats,
        .add_metrics = add_metrics,
        .wake = wake,
        .wake_context = desk,
    };
    assert_true(receiver_commit_start(&options, &desk->commit, &err));
    return desk;
}

static void clear(struct desk *desk)
{
    for (size_t i = 0; i < desk->count; i++) {
        receiver_request_free(&desk->requests[i]);
        buf_free(&desk->jobs[i].text);
    }
    desk->count = 0;
}

static void close_desk(struct desk *desk)
{
    struct receiver_jobs left;
    receiver_commit_stop(desk->commit, &left);
    assert_null(left.first);
    clear(desk);
    receiver_auth_free(desk->auth);
    (void)close(desk->woken);
    free(desk);
}

static void add_job(struct desk *desk, struct receiver_jobs *jobs,
                    enum receiver_next what, const char *body)
{
    static const char *const paths[] = {
        [RECEIVER_NEXT_COMMIT] = "/webhooks/revenuecat",
        [RECEIVER_NEXT_READY] = "/readyz",
        [RECEIVER_NEXT_METRICS] = "/metrics",
    };
    const struct receiver_head head = {
        .method = what == RECEIVER_NEXT_COMMIT ? "POST" : "GET",
        .path = paths[what],
    };
    struct receiver_request *request = &desk->requests[desk->count];
    struct receiver_job *job = &desk->jobs[desk->count++];
    assert_true(
        receiver_request_begin(request, desk->auth, &desk->budget, &head));
    assert_true(receiver_request_take(request, body, strlen(body)));
    assert_int_equal(receiver_request_end(request, 0), what);
    *job = (struct receiver_job){.what = what, .request = request};
    receiver_jobs_add(jobs, job);
}

static void add_webhook(struct desk *desk, struct receiver_jobs *jobs,
                        const char *id, const char *more)
{
    char body[200];
    (void)snprintf(body, sizeof(body),
                   "{\"event\":{\"id\":\"%s\",\"type\":\"TEST\"%s}}", id, more);
    add_job(desk, jobs, RECEIVER_NEXT_COMMIT, body);
}

/* Hand them over, and wait until all are back. */
static void do_all(struct desk *desk, struct receiver_jobs *jobs)
{
    size_t back = 0;
    receiver_commit_add(desk->commit, jobs);
    assert_null(jobs->first);
    while (back < desk->count) {
        struct receiver_jobs done = {NULL, NULL};
        struct pollfd waited = {.fd = desk->woken, .events = POLLIN};
        uint64_t count;
        assert_int_equal(poll(&waited, 1, PATIENCE_MS), 1);
        assert_int_equal(read(desk->woken, &count, sizeof(count)),
                         sizeof(count));
        receiver_commit_take_done(desk->commit, &done);
        while (receiver_jobs_take(&done) != NULL)
            back++;
    }
}

static void assert_answer(const struct desk *desk, size_t place,
                          enum receiver_answer answer)
{
    assert_true(desk->requests[place].has_answer);
    assert_string_equal(receiver_answers[desk->requests[place].answer].word,
                        receiver_answers[answer].word);
}

static void what_has_gathered_is_one_commit(void **state)
{
    struct fixture *fixture = *state;
    struct desk *desk = open_desk(fixture);
    struct receiver_jobs jobs = {NULL, NULL};
    add_webhook(desk, &jobs, "one", "");
    add_webhook(desk, &jobs, "two", "");
    add_webhook(desk, &jobs, "one", "");
    add_job(desk, &jobs, RECEIVER_NEXT_COMMIT, "{\"event\":{}}");
    add_webhook(desk, &jobs, "three", "");
    do_all(desk, &jobs);
    assert_answer(desk, 0, RECEIVER_ACCEPTED);
    assert_answer(desk, 1, RECEIVER_ACCEPTED);
    assert_answer(desk, 2, RECEIVER_DUPLICATE);
    assert_answer(desk, 3, RECEIVER_REFUSED);
    assert_string_equal(desk->requests[3].detail,
                        "outbox: event.id is missing");
    assert_answer(desk, 4, RECEIVER_ACCEPTED);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"), 3);
    assert_int_equal(desk->stats.group_events.sum, 5);
    assert_int_equal(desk->stats.commits_failed, 0);
    close_desk(desk);
}

/* The host's own trigger, or whatever else goes wrong with one alone. */
static void one_that_breaks_does_not_take_the_others_with_it(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture, "CREATE TRIGGER theirs BEFORE INSERT ON outbox "
                         "WHEN new.payload LIKE '%poison%' "
                         "BEGIN SELECT RAISE(ABORT, 'no poison here'); END");
    struct desk *desk = open_desk(fixture);
    struct receiver_jobs jobs = {NULL, NULL};
    add_webhook(desk, &jobs, "one", "");
    add_webhook(desk, &jobs, "two", ",\"x\":\"poison\"");
    add_webhook(desk, &jobs, "three", "");
    do_all(desk, &jobs);
    assert_answer(desk, 0, RECEIVER_ACCEPTED);
    /* It may be taken later: it is not for us to say that it never will. */
    assert_answer(desk, 1, RECEIVER_UNAVAILABLE);
    assert_string_equal(desk->requests[1].cause, "no poison here");
    assert_answer(desk, 2, RECEIVER_ACCEPTED);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"), 2);
    close_desk(desk);
}

/* As one moves a database: with its log. */
static void move_away(const struct fixture *fixture, const char *end)
{
    char from[160];
    char to[160];
    (void)snprintf(from, sizeof(from), "%s%s", fixture->path, end);
    (void)snprintf(to, sizeof(to), "%s%s", fixture_path(fixture, "moved"), end);
    assert_int_equal(rename(from, to), 0);
}

static void another_file_in_its_place_is_opened_anew(void **state)
{
    struct fixture *fixture = *state;
    struct desk *desk = open_desk(fixture);
    struct receiver_jobs jobs = {NULL, NULL};
    store_close(fixture->store);
    fixture->store = NULL;
    add_webhook(desk, &jobs, "one", "");
    do_all(desk, &jobs);
    assert_answer(desk, 0, RECEIVER_ACCEPTED);
    clear(desk);

    move_away(fixture, "");
    move_away(fixture, "-wal");
    move_away(fixture, "-shm");
    add_webhook(desk, &jobs, "two", "");
    do_all(desk, &jobs);
    assert_answer(desk, 0, RECEIVER_UNAVAILABLE);
    clear(desk);

    struct store_init_report report;
    fixture_check(fixture,
                  store_init(fixture->path, false, &report, &fixture->err));
    add_webhook(desk, &jobs, "two", "");
    do_all(desk, &jobs);
    assert_answer(desk, 0, RECEIVER_ACCEPTED);
    assert_string_equal(
        fixture_text(fixture, "SELECT group_concat(event_id) FROM outbox"),
        "two");
    close_desk(desk);
}

static void ready_is_who_can_commit_and_has_a_relay(void **state)
{
    struct fixture *fixture = *state;
    struct desk *desk = open_desk(fixture);
    struct receiver_jobs jobs = {NULL, NULL};
    add_job(desk, &jobs, RECEIVER_NEXT_READY, "");
    add_job(desk, &jobs, RECEIVER_NEXT_METRICS, "");
    do_all(desk, &jobs);
    assert_answer(desk, 0, RECEIVER_NOT_READY);
    assert_string_equal(desk->requests[0].detail,
                        "no relay is running on the outbox");
    assert_answer(desk, 1, RECEIVER_OK);
    const char *text = buf_text(&desk->jobs[1].text);
    assert_non_null(strstr(text, "subrelay_receiver_connections 0\n"));
    assert_non_null(strstr(text, "subrelay_outbox_readable 1\n"));
    assert_non_null(strstr(text, "# and what stands above\n"));
    close_desk(desk);
}

static void what_was_handed_over_is_done_before_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct desk *desk = open_desk(fixture);
    struct receiver_jobs jobs = {NULL, NULL};
    struct receiver_jobs left;
    for (int i = 0; i < MOST_JOBS; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "id-%d", i);
        add_webhook(desk, &jobs, id, "");
    }
    receiver_commit_add(desk->commit, &jobs);
    receiver_commit_stop(desk->commit, &left);
    desk->commit = NULL;
    size_t count = 0;
    while (receiver_jobs_take(&left) != NULL)
        assert_answer(desk, count++, RECEIVER_ACCEPTED);
    assert_int_equal(count, MOST_JOBS);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"),
                     MOST_JOBS);
    close_desk(desk);
}

#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(what_has_gathered_is_one_commit),
        RULE(one_that_breaks_does_not_take_the_others_with_it),
        RULE(another_file_in_its_place_is_opened_anew),
        RULE(ready_is_who_can_commit_and_has_a_relay),
        RULE(what_was_handed_over_is_done_before_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
