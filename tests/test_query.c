/* test_query.c - the parameters of a query are bound by their names. */
#include "support/outbox_fixture.h"

#include "outbox/connection.h"
#include "outbox/query.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t count_of(struct fixture *fixture)
{
    return fixture_number(
        fixture, "SELECT count FROM outbox_count WHERE name = 'failed'");
}

static void add(struct fixture *fixture, const char *const names[2],
                bool name_goes_first)
{
    struct query query;
    query_open(&query, fixture->store, QUERY_COUNTERS_ADD);
    if (name_goes_first)
        query_bind_text(&query, names[0], "failed");
    query_bind_int64(&query, names[1], 1);
    if (!name_goes_first)
        query_bind_text(&query, names[0], "failed");
    fixture_check(fixture, query_run(&query, &fixture->err));
}

static void order_and_address_of_the_names_do_not_matter(void **state)
{
    struct fixture *fixture = *state;
    static const char name[] = "name";
    static const char same_name[] = "name";
    static const char delta[] = "delta";
    static const char same_delta[] = "delta";
    const char *const names[][2] = {
        {name, delta}, {same_name, delta}, {name, same_delta}, {name, delta}};
    int64_t wanted = count_of(fixture);
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        add(fixture, names[i], true);
        add(fixture, names[i], false);
        wanted += 2;
    }
    fixture_check(fixture, store_commit(fixture->store, &fixture->err));
    assert_int_equal(count_of(fixture), wanted);
}

/* In a process of its own, which ends. */
static void a_parameter_that_is_not_bound_is_a_bug(void **state)
{
#ifdef NDEBUG
    (void)state;
    skip();
#else
    struct fixture *fixture = *state;
    int status;
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        struct query query;
        (void)close(STDERR_FILENO);
        query_open(&query, fixture->store, QUERY_COUNTERS_ADD);
        query_bind_int64(&query, "delta", 1);
        _exit(query_run(&query, &fixture->err) ? 1 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            order_and_address_of_the_names_do_not_matter, fixture_open,
            fixture_close),
        cmocka_unit_test_setup_teardown(a_parameter_that_is_not_bound_is_a_bug,
                                        fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
