/* test_buf.c - bytes with a maximum at the door. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_contents(const struct buf *buf, const char *text)
{
    assert_string_equal(buf_text(buf), text);
    assert_int_equal(buf->length, strlen(text));
}

static void empty_buffer_is_an_empty_text_without_memory(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_contents(&buf, "");
    assert_null(buf.bytes);
    buf_add(&buf, NULL, 0);
    buf_add_text(&buf, "");
    buf_drop_front(&buf, 0);
    buf_clear(&buf);
    assert_null(buf.bytes);
    assert_false(buf.overflow);
    buf_free(&buf);
}

static void pieces_follow_each_other(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_add_text(&buf, "a");
    buf_add_byte(&buf, ',');
    buf_add(&buf, "bcd", 2);
    buf_add_int64(&buf, INT64_MIN);
    buf_add_int64(&buf, INT64_MAX);
    buf_add_int64(&buf, 0);
    buf_add_format(&buf, " %s %03d", "x", 7);
    assert_contents(&buf, "a,bc-9223372036854775808"
                          "92233720368547758070 x 007");
    assert_false(buf.overflow);
    buf_free(&buf);
}

static void room_is_given_whole_and_counts_as_added(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    buf_add_text(&buf, "ab");
    char *room = buf_extend(&buf, 8);
    assert_non_null(room);
    memcpy(room, "cdefghij", 8);
    assert_contents(&buf, "abcdefghij");
    assert_false(buf.overflow);
    assert_null(buf_extend(&buf, 1));
    assert_true(buf.overflow);
    assert_contents(&buf, "abcdefghij");
    buf_free(&buf);
}

static void nul_bytes_are_kept(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    buf_add(&buf, "a\0b", 3);
    buf_add_byte(&buf, '\0');
    assert_int_equal(buf.length, 4);
    assert_memory_equal(buf.bytes, "a\0b\0", 5);
    buf_free(&buf);
}

static void maximum_itself_fits_and_one_more_does_not(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_add_text(&buf, "abcd");
    assert_false(buf.overflow);
    assert_contents(&buf, "abcd");
    buf_add_byte(&buf, 'e');
    assert_true(buf.overflow);
    assert_contents(&buf, "abcd");
    buf_free(&buf);
}

static void what_does_not_fit_is_dropped_whole(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_add_text(&buf, "ab");
    buf_add_text(&buf, "cde");
    assert_contents(&buf, "ab");
    buf_add_format(&buf, "%s", "cde");
    assert_contents(&buf, "ab");
    buf_add_int64(&buf, 123);
    assert_contents(&buf, "ab");
    assert_true(buf.overflow);
    buf_add_text(&buf, "cd");
    assert_contents(&buf, "abcd");
    assert_true(buf.overflow);
    buf_free(&buf);
}

static void maximum_of_nothing_takes_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 0);
    buf_add_text(&buf, "");
    assert_false(buf.overflow);
    buf_add_byte(&buf, 'a');
    assert_true(buf.overflow);
    assert_contents(&buf, "");
    buf_free(&buf);
}

static void format_of_any_length_is_written_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 511, 512, 513, 5000};
    static char text[5001];
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        memset(text, 'x', sizeof(text));
        text[lengths[i]] = '\0';
        struct buf buf;
        buf_init(&buf, lengths[i] + 2);
        buf_add_byte(&buf, '<');
        buf_add_format(&buf, "%s%c", text, '>');
        assert_false(buf.overflow);
        assert_int_equal(buf.length, lengths[i] + 2);
        assert_int_equal(strlen(buf_text(&buf)), buf.length);
        assert_int_equal(buf.bytes[lengths[i] + 1], '>');
        buf_free(&buf);

        buf_init(&buf, lengths[i]);
        buf_add_format(&buf, "%s%c", text, '>');
        assert_true(buf.overflow);
        assert_contents(&buf, "");
        buf_free(&buf);
    }
}

static void growing_keeps_every_byte(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct buf buf;
    buf_init(&buf, MANY);
    for (int i = 0; i < MANY; i++)
        buf_add_byte(&buf, (char)('a' + i % 23));
    assert_false(buf.overflow);
    assert_int_equal(buf.length, MANY);
    assert_int_equal(buf.bytes[MANY], '\0');
    for (int i = 0; i < MANY; i++)
        assert_int_equal(buf.bytes[i], 'a' + i % 23);
    buf_free(&buf);
}

static void clearing_forgets_contents_and_overflow_only(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_add_text(&buf, "abcd");
    buf_add_text(&buf, "e");
    const char *bytes = buf.bytes;
    buf_clear(&buf);
    assert_contents(&buf, "");
    assert_false(buf.overflow);
    assert_ptr_equal(buf.bytes, bytes);
    buf_add_text(&buf, "wxyz");
    assert_contents(&buf, "wxyz");
    assert_false(buf.overflow);
    buf_free(&buf);
}

static void freed_buffer_can_be_used_again(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 2);
    buf_add_text(&buf, "abc");
    buf_free(&buf);
    assert_false(buf.overflow);
    assert_null(buf.bytes);
    buf_add_text(&buf, "ab");
    assert_contents(&buf, "ab");
    buf_add_text(&buf, "c");
    assert_true(buf.overflow);
    buf_free(&buf);
}

static void taking_hands_the_contents_over(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 3);
    char *nothing = buf_take(&buf);
    assert_string_equal(nothing, "");
    free(nothing);

    buf_add_text(&buf, "abc");
    char *taken = buf_take(&buf);
    assert_contents(&buf, "");
    assert_null(buf.bytes);
    buf_add_text(&buf, "xyz");
    assert_string_equal(taken, "abc");
    assert_contents(&buf, "xyz");
    free(taken);
    buf_free(&buf);
}

static void dropping_the_front_keeps_the_rest(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 6);
    buf_add_text(&buf, "abcdef");
    buf_drop_front(&buf, 0);
    assert_contents(&buf, "abcdef");
    buf_drop_front(&buf, 2);
    assert_contents(&buf, "cdef");
    buf_add_text(&buf, "gh");
    assert_contents(&buf, "cdefgh");
    buf_drop_front(&buf, 6);
    assert_contents(&buf, "");
    assert_false(buf.overflow);
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_buffer_is_an_empty_text_without_memory),
        cmocka_unit_test(pieces_follow_each_other),
        cmocka_unit_test(room_is_given_whole_and_counts_as_added),
        cmocka_unit_test(nul_bytes_are_kept),
        cmocka_unit_test(maximum_itself_fits_and_one_more_does_not),
        cmocka_unit_test(what_does_not_fit_is_dropped_whole),
        cmocka_unit_test(maximum_of_nothing_takes_nothing),
        cmocka_unit_test(format_of_any_length_is_written_whole),
        cmocka_unit_test(growing_keeps_every_byte),
        cmocka_unit_test(clearing_forgets_contents_and_overflow_only),
        cmocka_unit_test(freed_buffer_can_be_used_again),
        cmocka_unit_test(taking_hands_the_contents_over),
        cmocka_unit_test(dropping_the_front_keeps_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
