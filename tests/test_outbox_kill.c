/* test_outbox_kill.c - what was committed is there, whenever the process was
 * killed; and threads that write at the same time lose nothing either. */
#include "support/outbox_fixture.h"

#include "base/random.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIVES = 12, BATCH = 5 };

static bool put_numbered(struct store *store, const char *series, int number,
                         struct err *err)
{
    char payload[256];
    bool is_new = false;
    int length = snprintf(payload, sizeof(payload),
                          "{\"event\":{\"id\":\"%s%d\",\"type\":\"RENEWAL\","
                          "\"app_user_id\":\"u%d\"}}",
                          series, number, number % 7);
    return outbox_put(store, payload, (size_t)length, &is_new, err) && is_new;
}

/* Commit batches for ever and say so after each; never returns. */
static _Noreturn void live(const char *path, int first, int report)
{
    struct store *store;
    struct err err;
    if (!store_open(path, STORE_WRITE, 5000, &store, &err))
        _exit(1);
    for (int number = first;;) {
        bool good = store_begin(store, &err);
        for (int i = 0; good && i < BATCH; i++)
            good = put_numbered(store, "e", number++, &err);
        if (!good || !store_commit(store, &err))
            _exit(1);
        if (write(report, &number, sizeof(number)) != sizeof(number))
            _exit(1);
    }
}

/* Read what a life reports until it has said so many commits or ended.
 * Returns the number behind the last one reported. */
static int read_reports(int report, int commits, int last)
{
    int number;
    while (commits-- > 0 &&
           read(report, &number, sizeof(number)) == sizeof(number))
        last = number;
    return last;
}

static int live_and_die(struct fixture *fixture, struct random *random,
                        int first)
{
    int report[2];
    assert_int_equal(pipe(report), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        live(fixture->path, first, report[1]);
    (void)close(report[1]);
    int last =
        read_reports(report[0], 1 + (int)random_below(random, 40), first);
    /* Anywhere between two commits, or in one. */
    (void)usleep(random_below(random, 3000));
    assert_int_equal(kill(child, SIGKILL), 0);
    last = read_reports(report[0], 1 << 20, last);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    (void)close(report[0]);
    return last;
}

static void what_was_committed_survives_every_kill(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = random_seed_from_system();
    const char *given = getenv("SEED");
    if (given != NULL)
        seed = strtoull(given, NULL, 10);
    struct random random = {.state = seed};
    print_message("SEED=%" PRIu64 "\n", seed);
    store_close(fixture->store);
    fixture->store = NULL;
    int next = 0;
    for (int life = 0; life < LIVES; life++) {
        int reported = live_and_die(fixture, &random, next);
        next = (int)fixture_number(fixture, "SELECT count(*) FROM outbox");
        assert_true(next >= reported);
        assert_int_equal(next % BATCH, 0); /* all of a commit, or nothing */
        assert_int_equal(fixture_number(fixture,
                                        "SELECT count(*) FROM outbox JOIN"
                                        " outbox_delivery USING (id) WHERE"
                                        " event_id = 'e' || (id - 1)"),
                         next);
    }
    assert_string_equal(fixture_text(fixture, "PRAGMA integrity_check"), "ok");
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count FROM outbox_count WHERE"
                                    " name = 'pending'"),
                     next);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count(*) FROM outbox_delivery"
                                    " WHERE due_ms = 0"),
                     7);
}

/* --- threads ------------------------------------------------------------- */

enum { THREADS = 4, EACH = 60 };

struct writer {
    const char *path;
    char series[2];
    bool good;
};

static void *write_many(void *argument)
{
    struct writer *writer = argument;
    struct store *store;
    struct err err;
    writer->good = store_open(writer->path, STORE_WRITE, 20000, &store, &err);
    for (int i = 0; writer->good && i < EACH; i++)
        writer->good = put_numbered(store, writer->series, i, &err);
    store_close(store);
    return NULL;
}

static void threads_of_one_process_take_turns(void **state)
{
    struct fixture *fixture = *state;
    struct writer writers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.path = fixture->path,
                                     .series = {(char)('a' + i), '\0'}};
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(writers[i].good);
    }
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"),
                     THREADS * EACH);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_survives_every_kill),
        TEST(threads_of_one_process_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
