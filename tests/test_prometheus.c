#include "base/prometheus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_written(struct buf *out, const char *expected)
{
    assert_false(out->overflow);
    assert_string_equal(buf_text(out), expected);
    buf_free(out);
}

static void a_family_says_what_it_is_before_its_samples(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    const struct prometheus_label labels[] = {{"path", "webhook"},
                                              {"status", "200"}};
    prometheus_begin(&out, "requests_total", "counter", "Requests answered.");
    prometheus_add(&out, "requests_total", labels, 2, 17, 1);
    prometheus_add(&out, "requests_total", labels, 1, 1, 1);
    prometheus_add_one(&out, "up", "gauge", "Whether it is.", 1, 1);
    assert_written(&out, "# HELP requests_total Requests answered.\n"
                         "# TYPE requests_total counter\n"
                         "requests_total{path=\"webhook\",status=\"200\"} 17\n"
                         "requests_total{path=\"webhook\"} 1\n"
                         "# HELP up Whether it is.\n"
                         "# TYPE up gauge\n"
                         "up 1\n");
}

static void label_values_are_escaped(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    const struct prometheus_label label = {"why", "a \"b\"\\\nc"};
    prometheus_add(&out, "held", &label, 1, 1, 1);
    assert_written(&out, "held{why=\"a \\\"b\\\"\\\\\\nc\"} 1\n");
}

static void parts_become_a_fraction_without_idle_zeros(void **state)
{
    static const struct {
        int64_t value, parts;
        const char *written;
    } rows[] = {
        {0, 1000, "n 0\n"},
        {1500, 1000, "n 1.5\n"},
        {2000, 1000, "n 2\n"},
        {5, 1000, "n 0.005\n"},
        {250, 1000000, "n 0.00025\n"},
        {-1500, 1000, "n -1.5\n"},
        {-5, 1000, "n -0.005\n"},
        {INT64_MAX, 1, "n 9223372036854775807\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out;
        buf_init(&out, 4096);
        prometheus_add(&out, "n", NULL, 0, rows[i].value, rows[i].parts);
        assert_written(&out, rows[i].written);
    }
}

static void a_bucket_holds_all_that_is_not_over_its_bound(void **state)
{
    static const int64_t bounds[] = {5, 10, 2000};
    struct histogram histogram;
    struct buf out;
    (void)state;
    histogram_init(&histogram, bounds, 3);
    histogram_add(&histogram, -7); /* a clock jumped: 0 */
    histogram_add(&histogram, 5);
    histogram_add(&histogram, 6);
    histogram_add(&histogram, 2000);
    histogram_add(&histogram, 2001);
    buf_init(&out, 4096);
    prometheus_add_histogram(&out, "t_seconds", "Time.", &histogram, 1000);
    assert_written(&out, "# HELP t_seconds Time.\n"
                         "# TYPE t_seconds histogram\n"
                         "t_seconds_bucket{le=\"0.005\"} 2\n"
                         "t_seconds_bucket{le=\"0.01\"} 3\n"
                         "t_seconds_bucket{le=\"2\"} 4\n"
                         "t_seconds_bucket{le=\"+Inf\"} 5\n"
                         "t_seconds_sum 4.012\n"
                         "t_seconds_count 5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_says_what_it_is_before_its_samples),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(parts_become_a_fraction_without_idle_zeros),
        cmocka_unit_test(a_bucket_holds_all_that_is_not_over_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
