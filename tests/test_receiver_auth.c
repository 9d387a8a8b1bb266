#include "net/receiver_auth.h"

#include "base/buf.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* All of these were computed with "openssl dgst -sha256 -hmac", over
 * "1764000000." and the body. */
#define SECRET "whsec_3f1c9a"
#define BODY   "{\"event\":{}}"
#define HEX    "2b637992421cea780de20d3744495616f682540b2b052da51e233ee6b177a23a"
#define HEX_EMPTY                                                              \
    "567df37a8f9c9f0a4c2f58bcb6500474d4fa3fb7222885bff05f3c9d0d96384b"
#define HEX_BYTES                                                              \
    "9873d341c54af17af0bd3e13ca240ff6e76298aabd000bdb38becc71d423d712"
#define HEX_FILE                                                               \
    "49e320a2b59ba30ce3dacbafb479fb30d95fdaf8c6eaf5b3a9bc28699a179904"
#define HEX_LONG                                                               \
    "1f4b8a209f5a72bc16a83c6db17a18c2303a4765928b2017004d0b8982305b23"

static const int64_t NOW_MS = 1764000000 * INT64_C(1000);

static bool check(const char *secret, const char *header, const char *body,
                  size_t length, int64_t now_ms, struct err *err)
{
    struct receiver_auth *auth = receiver_auth_new(NULL, secret);
    bool good =
        receiver_auth_check_signature(auth, header, body, length, now_ms, err);
    receiver_auth_free(auth);
    return good;
}

static void signatures_made_by_openssl_are_right(void **state)
{
    (void)state;
    struct buf file;
    struct err err;
    buf_init(&file, 64 * 1024);
    assert_true(file_read(TEST_DATA "/webhooks/renewal.json", &file, &err));
    char long_secret[101] = "";
    memset(long_secret, 'k', 100);
    const struct {
        const char *secret;
        const char *hex;
        const char *body;
        size_t length;
    } rows[] = {
        {SECRET, HEX, BODY, strlen(BODY)},
        {SECRET, HEX_EMPTY, "", 0},
        {SECRET, HEX_BYTES, "{\"a\":\"\0\xff\"}", 10},
        {SECRET, HEX_FILE, buf_text(&file), file.length},
        {long_secret, HEX_LONG, "{}", 2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char header[160];
        (void)snprintf(header, sizeof(header), "t=1764000000,v1=%s",
                       rows[i].hex);
        assert_true(check(rows[i].secret, header, rows[i].body, rows[i].length,
                          NOW_MS, &err));
        /* one byte less or another secret */
        assert_false(
            check("other", header, rows[i].body, rows[i].length, NOW_MS, &err));
        assert_string_equal(err.text, "a wrong signature");
        if (rows[i].length > 0)
            assert_false(check(rows[i].secret, header, rows[i].body,
                               rows[i].length - 1, NOW_MS, &err));
    }
    buf_free(&file);
}

static void the_header_is_read_as_parts_with_commas(void **state)
{
    (void)state;
    static const char other[] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    static const struct {
        const char *format; /* of the right digest */
        const char *why;    /* NULL: right */
    } rows[] = {
        {"t=1764000000,v1=%s", NULL},
        {"v1=%s,t=1764000000", NULL},
        {" t=1764000000 , v1=%s ", NULL},
        {"t=1764000000,v0=1,v1=%s,v2=x", NULL},
        {"t=1764000000,v1=00,v1=%s", NULL},
        {"t=1764000000,v1=%.63s", "not t="},
        {"t=1764000000,v1=%s0", "not t="},
        {"t=1764000000,v1=%.62szz", "not t="},
        {"t=1764000000,v1= %s", "not t="},
        {"v1=%s", "not t="},
        {"t=,v1=%s", "not t="},
        {"t=-1764000000,v1=%s", "not t="},
        {"t=1764000000x,v1=%s", "not t="},
        {"t=1764000000,t=1764000000,v1=%s", "not t="},
        {"t=17640000000000,v1=%s", "not t="},
        {"t=1764000000;v1=%s", "not t="},
        {"t=1764000001,v1=%s", "wrong signature"},
        {"t=01764000000,v1=%s", "wrong signature"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char header[256];
        struct err err = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(header, sizeof(header), rows[i].format, HEX);
#pragma GCC diagnostic pop
        bool good = check(SECRET, header, BODY, strlen(BODY), NOW_MS, &err);
        assert_int_equal(good, rows[i].why == NULL);
        if (!good)
            assert_non_null(strstr(err.text, rows[i].why));
    }
    char two[256];
    struct err err;
    (void)snprintf(two, sizeof(two), "t=1764000000,v1=%s,v1=%s", other, HEX);
    assert_true(check(SECRET, two, BODY, strlen(BODY), NOW_MS, &err));
    (void)snprintf(two, sizeof(two), "t=1764000000,v1=%s", other);
    assert_false(check(SECRET, two, BODY, strlen(BODY), NOW_MS, &err));
}

static void hex_may_be_upper_case(void **state)
{
    (void)state;
    struct err err;
    char header[128] = "t=1764000000,v1=" HEX;
    for (char *at = header + strlen("t=1764000000,v1="); *at != '\0'; at++) {
        if (*at >= 'a')
            *at = (char)(*at - 'a' + 'A');
    }
    assert_true(check(SECRET, header, BODY, strlen(BODY), NOW_MS, &err));
}

static void nothing_else_is_a_signature_header(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", ",", ",,,,", "t", "t=", "=", "v1=", " ", HEX, "t=1764000000"};
    struct err err;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_false(check(SECRET, rows[i], BODY, strlen(BODY), NOW_MS, &err));
    assert_false(check(SECRET, NULL, BODY, strlen(BODY), NOW_MS, &err));
    assert_string_equal(err.text, "no signature header");

    char long_header[RECEIVER_AUTH_MOST_HEADER_BYTES + 2];
    memset(long_header, 'x', sizeof(long_header));
    memcpy(long_header, "t=1764000000,v1=" HEX ",", 16 + 64 + 1);
    long_header[sizeof(long_header) - 1] = '\0';
    assert_false(check(SECRET, long_header, BODY, strlen(BODY), NOW_MS, &err));
    long_header[sizeof(long_header) - 2] = '\0';
    assert_true(check(SECRET, long_header, BODY, strlen(BODY), NOW_MS, &err));
}

static void a_signature_holds_for_five_minutes_both_ways(void **state)
{
    (void)state;
    static const struct {
        int64_t off_ms;
        const char *why;
    } rows[] = {
        {300999, NULL},
        {301000, "301 s old"},
        {-300000, NULL},
        {-301000, "301 s in the future"},
        {86400000, "86400 s old"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = {0};
        bool good = check(SECRET, "t=1764000000,v1=" HEX, BODY, strlen(BODY),
                          NOW_MS + rows[i].off_ms, &err);
        assert_int_equal(good, rows[i].why == NULL);
        if (!good)
            assert_non_null(strstr(err.text, rows[i].why));
    }
}

static void the_authorization_value_has_to_be_the_very_same(void **state)
{
    (void)state;
    static const struct {
        const char *expected;
        const char *given;
        bool is_right;
    } rows[] = {
        {"Bearer s3cret", "Bearer s3cret", true},
        {"Bearer s3cret", "Bearer s3cre", false},
        {"Bearer s3cret", "Bearer s3crett", false},
        {"Bearer s3cret", "bearer s3cret", false},
        {"Bearer s3cret", "", false},
        {"Bearer s3cret", NULL, false},
        {" any thing ", "any thing", true},
        {"any thing", "\tany thing ", true},
        {"any thing", "any  thing", false},
        {"h\xc3\xa9", "h\xc3\xa9", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = {0};
        struct receiver_auth *auth = receiver_auth_new(rows[i].expected, NULL);
        assert_int_equal(receiver_auth_check_value(auth, rows[i].given, &err),
                         rows[i].is_right);
        assert_null(strstr(err.text, "s3c"));
        assert_false(receiver_auth_needs_body(auth));
        receiver_auth_free(auth);
    }
}

static void what_is_not_configured_is_not_demanded(void **state)
{
    (void)state;
    struct err err;
    struct receiver_auth *none = receiver_auth_new(NULL, NULL);
    assert_true(receiver_auth_check_value(none, NULL, &err));
    assert_true(receiver_auth_check_value(none, "x", &err));
    assert_true(receiver_auth_check_signature(none, NULL, "", 0, 0, &err));
    receiver_auth_free(none);

    struct receiver_auth *both = receiver_auth_new("a", SECRET);
    assert_true(receiver_auth_needs_body(both));
    assert_false(receiver_auth_check_value(both, NULL, &err));
    assert_false(
        receiver_auth_check_signature(both, NULL, "", 0, NOW_MS, &err));
    receiver_auth_free(both);
    receiver_auth_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_made_by_openssl_are_right),
        cmocka_unit_test(the_header_is_read_as_parts_with_commas),
        cmocka_unit_test(hex_may_be_upper_case),
        cmocka_unit_test(nothing_else_is_a_signature_header),
        cmocka_unit_test(a_signature_holds_for_five_minutes_both_ways),
        cmocka_unit_test(the_authorization_value_has_to_be_the_very_same),
        cmocka_unit_test(what_is_not_configured_is_not_demanded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
