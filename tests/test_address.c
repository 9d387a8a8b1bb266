#include "cli/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void an_address_is_a_numeric_host_and_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        bool is_ipv6;
        bool is_loopback;
    } rows[] = {
        {"127.0.0.1:8080", "127.0.0.1", 8080, false, true},
        {"0.0.0.0:65535", "0.0.0.0", 65535, false, false},
        {":0", "127.0.0.1", 0, false, true},
        {"9000", "127.0.0.1", 9000, false, true},
        {"[::1]:80", "::1", 80, true, true},
        {"[::]:80", "::", 80, true, false},
        {"127.8.0.1:1", "127.8.0.1", 1, false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        struct err err;
        assert_true(address_parse(rows[i].text, &address, &err));
        assert_string_equal(address.host, rows[i].host);
        assert_int_equal(address.port, rows[i].port);
        assert_int_equal(address.is_ipv6, rows[i].is_ipv6);
        assert_int_equal(address_is_loopback(&address), rows[i].is_loopback);
    }
}

static void anything_else_is_refused_with_an_example(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:x",
        "localhost:80",
        "::1:80",
        "[::1:80",
        "[127.0.0.1]:80",
        "1.2.3:80",
        "127.0.0.1:-1",
        "11111111111111111111111111111111111111111111111111111111111111111:1",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        struct err err = {.code = ERR_NONE};
        assert_false(address_parse(rows[i], &address, &err));
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, "127.0.0.1:8080"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_a_numeric_host_and_a_port),
        cmocka_unit_test(anything_else_is_refused_with_an_example),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
