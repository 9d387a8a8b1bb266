#include "cli/bodies.h"

#include "base/buf.h"
#include "event/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* One line a result: "2 {body}" or "3: reason". */
static void read_all(int descriptor, struct buf *results)
{
    struct bodies *bodies = bodies_new(descriptor);
    for (;;) {
        struct body body;
        struct err err = {0};
        enum bodies_result result = bodies_next(bodies, &body, &err);
        if (result == BODIES_END)
            break;
        assert_int_not_equal(result, BODIES_UNREADABLE);
        if (result == BODIES_ONE) {
            buf_add_format(results, "%" PRId64 " ", body.line);
            buf_add(results, body.bytes, body.length);
            buf_add_byte(results, '\n');
        } else {
            assert_int_equal(err.code, ERR_INVALID);
            buf_add_format(results, "%" PRId64 ": %s\n", body.line, err.text);
        }
    }
    bodies_free(bodies);
}

/* The results when a file holds the bytes. */
static void read_file(const char *bytes, size_t length, struct buf *results)
{
    int file = memfd_create("input", MFD_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, length), length);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    read_all(file, results);
    (void)close(file);
}

/* The results when each read() gives so many bytes: a packet a read. */
static void read_packets(const char *bytes, size_t length, size_t packet,
                         struct buf *results)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    for (size_t at = 0; at < length; at += packet) {
        size_t size = length - at < packet ? length - at : packet;
        assert_int_equal(send(ends[1], bytes + at, size, MSG_DONTWAIT), size);
    }
    (void)close(ends[1]);
    read_all(ends[0], results);
    (void)close(ends[0]);
}

static void check(const char *input, size_t packet, const char *expected)
{
    struct buf results;
    size_t length = strlen(input);
    buf_init(&results, 1000000);
    if (packet == 0)
        read_file(input, length, &results);
    else
        read_packets(input, length, packet, &results);
    if (strcmp(buf_text(&results), expected) != 0)
        fail_msg("packets of %zu: %s\nexpected:\n%sgot:\n%s", packet, input,
                 expected, buf_text(&results));
    buf_free(&results);
}

struct row {
    const char *input;
    const char *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
    static const size_t packets[] = {0, 1, 2, 3, 7, 64};
    for (size_t i = 0; i < count; i++) {
        for (size_t p = 0; p < sizeof(packets) / sizeof(packets[0]); p++)
            check(rows[i].input, packets[p], rows[i].expected);
    }
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void bodies_are_found_in_every_form(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {" \r\n\n\t", ""},
        {"\xEF\xBB\xBF", ""},
        {"[]", ""},
        {"[ ]\n", ""},
        {"{}", "1 {}\n"},
        {"\xEF\xBB\xBF{}", "1 {}\n"},
        {"{\"a\":1}\n{\"b\":2}\n", "1 {\"a\":1}\n2 {\"b\":2}\n"},
        {"{\"a\":1}\r\n\r\n{\"b\":2}\r\n", "1 {\"a\":1}\n3 {\"b\":2}\n"},
        {"{\"a\":1}{\"b\":2} {\"c\":3}",
         "1 {\"a\":1}\n1 {\"b\":2}\n1 {\"c\":3}\n"},
        {"{\"a\":1},\n{\"b\":2},\n", "1 {\"a\":1}\n2 {\"b\":2}\n"},
        {"\n{\n  \"a\": [1, {}]\n}\n{\n  \"b\": 2\n}\n",
         "2 {\n  \"a\": [1, {}]\n}\n5 {\n  \"b\": 2\n}\n"},
        {"{\n\"a\":\n{\n\"b\":[\n{\n}\n]\n}\n}\n{}",
         "1 {\n\"a\":\n{\n\"b\":[\n{\n}\n]\n}\n}\n10 {}\n"},
        {"[{\"a\":1},{\"b\":2}]", "1 {\"a\":1}\n1 {\"b\":2}\n"},
        {"[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": 2\n  }\n]\n",
         "2 {\n    \"a\": 1\n  }\n5 {\n    \"b\": 2\n  }\n"},
        {"[{\"a\":1}]\n[{\"b\":2}]{\"c\":3}",
         "1 {\"a\":1}\n2 {\"b\":2}\n2 {\"c\":3}\n"},
        {"{\"a\":\"}{]\\\"[\"}\n{}", "1 {\"a\":\"}{]\\\"[\"}\n2 {}\n"},
    };
    CHECK(rows);
}

static void bad_lines_are_named_and_take_no_good_ones(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"a\":1}\n{\"b\":tru}\n{\"c\":3}\n",
         "1 {\"a\":1}\n2: not JSON (at byte 6)\n3 {\"c\":3}\n"},
        {"{\"a\":\"x\n{\"b\":2}\n",
         "1: a string does not end on its line (at byte 8)\n2 {\"b\":2}\n"},
        {"{\"a\":{\"b\":1}\n{\"c\":2}\n{}",
         "1: not JSON (on line 2)\n2 {\"c\":2}\n3 {}\n"},
        {"{\"a\":\n{\"b\":1}\n{\"c\":2}\n",
         "1: not JSON (on line 3)\n2 {\"b\":1}\n3 {\"c\":2}\n"},
        {"{\"a\":[\n{\"b\":1}\n{\"c\":2}\n",
         "1: not JSON (on line 3)\n2 {\"b\":1}\n3 {\"c\":2}\n"},
        {"{\"a\":1}}\n{}\n", "1 {\"a\":1}\n1: not a JSON object\n2 {}\n"},
        {"{\"a\" 1} {\"b\":2}\n{}", "1: not JSON (at byte 6)\n2 {}\n"},
        {"{'a':1}\n  {\"b\":2}\n", "1: not JSON (at byte 2)\n2 {\"b\":2}\n"},
        {"hello\n{}\n\nyou\n5\n\"s\"\nnull\n{}",
         "1: not a JSON object\n2 {}\n4: not a JSON object\n"
         "5: not a JSON object\n6: not a JSON object\n"
         "7: not a JSON object\n8 {}\n"},
        {"hello {\"a\":1}\n{}", "1: not a JSON object\n2 {}\n"},
        {"{\"a\":\nhello\nyou\n{}",
         "1: not JSON (on line 2)\n2: not a JSON object\n"
         "3: not a JSON object\n4 {}\n"},
        {"{} hello\n{}", "1 {}\n1: not a JSON object\n2 {}\n"},
        {"]\n{}", "1: not a JSON object\n2 {}\n"},
        {"\x01{}\n{}", "1: not a JSON object\n2 {}\n"},
    };
    CHECK(rows);
}

static void a_bad_object_on_many_lines_is_one_fault(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\n  \"a\": tru,\n  \"b\": {\n    \"c\": 1\n  }\n}\n{\n}\n",
         "1: not JSON (on line 2)\n7 {\n}\n"},
        {"{\n  \"a\": [\n    {\n      \"b\": 1,\n    }\n  ]\n}\n{}\n",
         "1: not JSON (on line 5)\n8 {}\n"},
        {"{ \"a\": tru,\n  \"b\": {}\n}\n{}\n",
         "1: not JSON (at byte 8)\n4 {}\n"},
        {"{\n\"a\": tru,\n\"b\": [\n]\n}\n{}\n",
         "1: not JSON (on line 2)\n6 {}\n"},
        {"{\n  \"a\": \"x\n}\n{}\n",
         "1: a string does not end on its line (on line 2)\n4 {}\n"},
        {"    \n{\n  \"a\": tru,\n  \"b\": [\n  {\n  }\n  ]\n}\n{}\n",
         "2: not JSON (on line 3)\n9 {}\n"},
        {"  {\n    \"a\": tru\n  }\n  {}\n", "1: not JSON (on line 2)\n4 {}\n"},
        {"{\n  \"a\": {\n{}\n{}\n", "1: not JSON (on line 3)\n3 {}\n4 {}\n"},
        /* a bad line before it does not make it one of a single line */
        {"hello\n{\n  \"a\": tru,\n  \"b\": 1\n}\n{}\n",
         "1: not a JSON object\n2: not JSON (on line 3)\n6 {}\n"},
    };
    CHECK(rows);
}

static void a_bad_element_takes_no_other_element(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"[{\"a\":1},{\"b\":tru},{\"c\":3}]",
         "1 {\"a\":1}\n1: not JSON (at byte 6)\n1 {\"c\":3}\n"},
        {"[{\"a\":{\"b\":1},{\"c\":3},{\"d\":4}]{}",
         "1: not JSON (at byte 14)\n1 {\"c\":3}\n1 {\"d\":4}\n1 {}\n"},
        {"[{\"a\":[1,2},{\"c\":3}]{}",
         "1: not JSON (at byte 10)\n1 {\"c\":3}\n1 {}\n"},
        {"[{\"a\":1}},{\"c\":3}]\n{}",
         "1 {\"a\":1}\n1: not JSON (at byte 1)\n1 {\"c\":3}\n2 {}\n"},
        {"[{\"a\":1 ]\n{}", "1: not JSON (at byte 8)\n2 {}\n"},
        {"[5,\"x,]\",null,[{}],{}]",
         "1: not a JSON object\n1: not a JSON object\n1: not a JSON object\n"
         "1: not a JSON object\n1 {}\n"},
        {"[{\"a\":\"\\\"}\",\"b\":tru},{\"c\":3}]",
         "1: not JSON (at byte 16)\n1 {\"c\":3}\n"},
        {"[x,{\"a\":1}]", "1: not JSON (at byte 1)\n1 {\"a\":1}\n"},
        {"[x {\"a\":1}]", "1: not JSON (at byte 1)\n1 {\"a\":1}\n"},
        {"[{\"a\":1}{\"b\":2},]", "1 {\"a\":1}\n1 {\"b\":2}\n"},
        {"[\n{\"a\":\"x},\n{\"b\":2}\n]\n{}",
         "2: a string does not end on its line (at byte 10)\n3 {\"b\":2}\n"
         "5 {}\n"},
        {"[\n{\"a\":\n{\"b\":2},\n{\"c\":3}\n]",
         "2: not JSON (on line 4)\n3 {\"b\":2}\n4 {\"c\":3}\n"},
        {"[\n  {\n    \"a\": [\n      {\n        \"b\": tru\n      }\n    ]\n"
         "  },\n  {\n    \"c\": 3\n  }\n]\n",
         "2: not JSON (on line 5)\n9 {\n    \"c\": 3\n  }\n"},
        {"[{\n  \"a\": {\n    \"b\": 1\n},\n{\n  \"c\": 3\n}]\n",
         "1: not JSON (on line 5)\n5 {\n  \"c\": 3\n}\n"},
        {"[{\n  \"a\": \"x,\n},\n{\n  \"c\": 3\n}]\n",
         "1: a string does not end on its line (on line 2)\n"
         "4 {\n  \"c\": 3\n}\n"},
    };
    CHECK(rows);
}

static void what_does_not_end_is_named(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{", "1: it does not end (at byte 2)\n"},
        {"{}\n{\"a\":", "1 {}\n2: it does not end (at byte 6)\n"},
        {"{\"a\":\"x", "1: it does not end (at byte 8)\n"},
        {"{\"a\":\n{\"b\":1}", "1: it does not end (on line 2)\n2 {\"b\":1}\n"},
        {"\n[{\"a\":1},", "2 {\"a\":1}\n2: the list that begins here does not "
                          "end\n"},
        {"[", "1: the list that begins here does not end\n"},
        {"[{\"a\":1", "1: it does not end (at byte 7)\n"
                      "1: the list that begins here does not end\n"},
    };
    CHECK(rows);
}

/* prefix, fill bytes of filler, suffix */
static void add_padded(struct buf *out, const char *prefix, size_t fill,
                       char filler, const char *suffix)
{
    buf_add_text(out, prefix);
    for (size_t i = 0; i < fill; i++)
        buf_add_byte(out, filler);
    buf_add_text(out, suffix);
}

static void a_body_of_the_maximum_is_taken(void **state)
{
    (void)state;
    struct buf input;
    struct buf results;
    buf_init(&input, SIZE_MAX / 2);
    buf_init(&results, SIZE_MAX / 2);
    add_padded(&input, "{\"a\":\"", EVENT_MOST_BYTES - 8, 'x', "\"}");
    assert_int_equal(input.length, EVENT_MOST_BYTES);
    read_file(input.bytes, input.length, &results);
    assert_int_equal(results.length, 2 + EVENT_MOST_BYTES + 1);
    assert_memory_equal(results.bytes + 2, input.bytes, input.length);
    buf_free(&input);
    buf_free(&results);
}

static void too_large_bodies_are_dropped_and_the_rest_goes_on(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *prefix;
        size_t fill;
        char filler;
        const char *suffix;
        const char *expected;
    } rows[] = {
        {"{}\n", "{\"a\":\"", EVENT_MOST_BYTES - 7, 'x', "\"}\n{\"b\":2}",
         "1 {}\n2: larger than 1048576 bytes\n3 {\"b\":2}\n"},
        {"{}\n", "{\"a\":\"", 5000000, 'x', "\"}\n{\"b\":2}",
         "1 {}\n2: larger than 1048576 bytes\n3 {\"b\":2}\n"},
        {"[{},", "{\"a\":\"", 5000000, 'x', "\"},{\"b\":2}]{\"c\":3}",
         "1 {}\n1: larger than 1048576 bytes\n1 {\"b\":2}\n1 {\"c\":3}\n"},
        {"", "{\"a\":", 3000000, '\n', "{}}\n{\"b\":2}",
         "1: larger than 1048576 bytes\n3000002 {\"b\":2}\n"},
        {"", "{\"a\":\"", 3000000, 'x', "\n{\"b\":2}",
         "1: a string does not end on its line (on line 1)\n2 {\"b\":2}\n"},
        {"[", "{\"a\":{\"b\":\"", 3000000, 'x', "\"},{\"b\":2}]",
         "1: not JSON (on line 1)\n1 {\"b\":2}\n"},
        {"[", "{\"a\":[\"", 3000000, 'x', "\",tru,{}]},{\"b\":2}]",
         "1: not JSON (on line 1)\n1 {\"b\":2}\n"},
        {"", "{\"a\":\"", 3000000, 'x', "", "1: it does not end (on line 1)\n"},
        {"", "", 3000000, 'x', "\n{\"b\":2}",
         "1: not a JSON object\n2 {\"b\":2}\n"},
        {"", "", 3000000, ' ', "{\"b\":2}", "1 {\"b\":2}\n"},
        {"[", "", 3000000, '1', ",{\"b\":2}]",
         "1: a number is too long (at byte 1)\n1 {\"b\":2}\n"},
        {"", "{\"a\":", 3000000, '[', "\n{\"b\":2}",
         "1: nested deeper than 1000 levels (at byte 1005)\n2 {\"b\":2}\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf input;
        struct buf results;
        buf_init(&input, SIZE_MAX / 2);
        buf_init(&results, SIZE_MAX / 2);
        buf_add_text(&input, rows[i].before);
        add_padded(&input, rows[i].prefix, rows[i].fill, rows[i].filler,
                   rows[i].suffix);
        read_file(input.bytes, input.length, &results);
        if (strcmp(buf_text(&results), rows[i].expected) != 0)
            fail_msg("row %zu: %s", i, buf_text(&results));
        buf_free(&input);
        buf_free(&results);
    }
}

static void what_is_too_large_is_not_kept(void **state)
{
    (void)state;
    enum { MIB = 64 };
    static char text[1024 * 1024];
    struct rusage before;
    struct rusage after;
    struct buf results;
    int file = memfd_create("input", MFD_CLOEXEC);
    assert_true(file >= 0);
    memset(text, 'x', sizeof(text));
    assert_int_equal(write(file, "{\"a\":\"", 6), 6);
    for (int i = 0; i < MIB; i++)
        assert_int_equal(write(file, text, sizeof(text)), sizeof(text));
    assert_int_equal(write(file, "\"}", 2), 2);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    buf_init(&results, 1000);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    read_all(file, &results);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_string_equal(buf_text(&results), "1: larger than 1048576 bytes\n");
    assert_true(after.ru_maxrss - before.ru_maxrss < 16L * 1024);
    buf_free(&results);
    (void)close(file);
}

static void many_bodies_keep_their_lines(void **state)
{
    (void)state;
    struct buf input;
    struct buf expected;
    struct buf results;
    buf_init(&input, SIZE_MAX / 2);
    buf_init(&expected, SIZE_MAX / 2);
    buf_init(&results, SIZE_MAX / 2);
    for (int i = 1; i <= 40000; i++) {
        buf_add_format(&input, "{\"number\":%d}\n", i);
        buf_add_format(&expected, "%d {\"number\":%d}\n", i, i);
    }
    read_file(input.bytes, input.length, &results);
    assert_int_equal(results.length, expected.length);
    assert_memory_equal(results.bytes, expected.bytes, expected.length);
    buf_free(&input);
    buf_free(&expected);
    buf_free(&results);
}

static void a_body_comes_before_the_stream_goes_on(void **state)
{
    (void)state;
    int ends[2];
    struct body body;
    struct err err;
    assert_int_equal(pipe(ends), 0);
    struct bodies *bodies = bodies_new(ends[0]);
    assert_int_equal(write(ends[1], "{}", 2), 2);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_ONE);
    assert_int_equal(body.length, 2);
    assert_int_equal(write(ends[1], "{1}", 3), 3);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_REFUSED);
    (void)close(ends[1]);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_END);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_END);
    bodies_free(bodies);
    (void)close(ends[0]);
}

static void what_cannot_be_read_is_unreadable(void **state)
{
    (void)state;
    struct body body;
    struct err err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct bodies *bodies = bodies_new(ends[1]);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_UNREADABLE);
    assert_string_equal(err.text, "cannot read: Bad file descriptor");
    bodies_free(bodies);
    bodies_free(NULL);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void count_wait(void *context)
{
    (*(int *)context)++;
}

static void a_read_that_would_wait_is_told_before(void **state)
{
    (void)state;
    int ends[2];
    int waits = 0;
    struct body body;
    struct err err;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "{\"a\":1}{\"b\"", 11), 11);
    struct bodies *bodies = bodies_new(ends[0]);
    bodies_on_wait(bodies, count_wait, &waits);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_ONE);
    assert_int_equal(waits, 0);
    /* More is there, and the stream ends: nothing to wait for. */
    assert_int_equal(write(ends[1], ":2}", 3), 3);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_ONE);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_END);
    assert_int_equal(waits, 0);
    bodies_free(bodies);
    assert_int_equal(close(ends[0]), 0);
}

struct late {
    int descriptor; /* written to and closed once someone waits */
    int waits;
};

static void write_late(void *context)
{
    struct late *late = context;
    late->waits++;
    assert_int_equal(write(late->descriptor, "{}", 2), 2);
    assert_int_equal(close(late->descriptor), 0);
}

static void what_comes_late_is_read_after_the_wait(void **state)
{
    (void)state;
    int ends[2];
    struct body body;
    struct err err;
    assert_int_equal(pipe(ends), 0);
    struct late late = {.descriptor = ends[1]};
    struct bodies *bodies = bodies_new(ends[0]);
    bodies_on_wait(bodies, write_late, &late);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_ONE);
    assert_int_equal(late.waits, 1);
    assert_int_equal(bodies_next(bodies, &body, &err), BODIES_END);
    assert_int_equal(late.waits, 1);
    bodies_free(bodies);
    assert_int_equal(close(ends[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: the process has not been larger yet */
        cmocka_unit_test(what_is_too_large_is_not_kept),
        cmocka_unit_test(bodies_are_found_in_every_form),
        cmocka_unit_test(bad_lines_are_named_and_take_no_good_ones),
        cmocka_unit_test(a_bad_object_on_many_lines_is_one_fault),
        cmocka_unit_test(a_bad_element_takes_no_other_element),
        cmocka_unit_test(what_does_not_end_is_named),
        cmocka_unit_test(a_body_of_the_maximum_is_taken),
        cmocka_unit_test(too_large_bodies_are_dropped_and_the_rest_goes_on),
        cmocka_unit_test(many_bodies_keep_their_lines),
        cmocka_unit_test(a_body_comes_before_the_stream_goes_on),
        cmocka_unit_test(what_cannot_be_read_is_unreadable),
        cmocka_unit_test(a_read_that_would_wait_is_told_before),
        cmocka_unit_test(what_comes_late_is_read_after_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
