/* test_unused.c - what nothing uses in a page of a database. */
#include "outbox/unused.h"

#include "base/mem.h"
#include "base/random.h"
#include "support/outbox_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 512 };

static struct unused unused;

/* A leaf of a table with rows at 400 and 440, and free blocks of 20 bytes at
 * 410 and of 4 at 450. Rows may be from 400 on. */
static const unsigned char leaf[] = {13,   0x01, 0x9a, 0,    2,    0x01,
                                     0x90, 0,    0x01, 0xb8, 0x01, 0x90};

static void make_leaf(unsigned char *page)
{
    memset(page, 0xee, SIZE);
    memcpy(page, leaf, sizeof(leaf));
    memcpy(page + 410, "\x01\xc2\x00\x14", 4);
    memcpy(page + 450, "\x00\x00\x00\x04", 4);
}

static void the_gap_and_the_inside_of_free_blocks_are_unused(void **state)
{
    (void)state;
    unsigned char page[SIZE];
    make_leaf(page);
    assert_true(unused_find(page, SIZE, 0, &unused));
    assert_int_equal(unused.count, 2);
    assert_int_equal(unused.ranges[0].from, 414);
    assert_int_equal(unused.ranges[0].until, 430);
    assert_int_equal(unused.ranges[1].from, 12);
    assert_int_equal(unused.ranges[1].until, 400);
}

static void a_header_may_stand_behind_that_of_the_file(void **state)
{
    (void)state;
    unsigned char page[SIZE];
    make_leaf(page);
    memmove(page + UNUSED_FILE_HEADER_BYTES, page, sizeof(leaf));
    memset(page, 0xff, UNUSED_FILE_HEADER_BYTES);
    assert_true(unused_find(page, SIZE, UNUSED_FILE_HEADER_BYTES, &unused));
    assert_int_equal(unused.count, 2);
    assert_int_equal(unused.ranges[1].from, UNUSED_FILE_HEADER_BYTES + 12);
}

static void an_inner_page_has_a_longer_header(void **state)
{
    (void)state;
    unsigned char page[SIZE] = {5, 0, 0, 0, 0, 0x02, 0x00};
    assert_true(unused_find(page, SIZE, 0, &unused));
    assert_int_equal(unused.count, 1);
    assert_int_equal(unused.ranges[0].from, 12);
    assert_int_equal(unused.ranges[0].until, SIZE);
}

static void
a_content_offset_of_zero_is_the_end_of_the_largest_page(void **state)
{
    (void)state;
    unsigned char *page = mem_new_array(UNUSED_MOST_PAGE_BYTES, 1);
    page[0] = 10;
    assert_true(unused_find(page, UNUSED_MOST_PAGE_BYTES, 0, &unused));
    assert_int_equal(unused.ranges[0].until, UNUSED_MOST_PAGE_BYTES);
    assert_false(unused_find(page, SIZE, 0, &unused));
    free(page);
}

/* Each row is one byte of the good leaf put wrong. */
static void a_page_that_contradicts_itself_is_left_alone(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t at;
        unsigned char byte;
    } rows[] = {
        {"no type of a page", 0, 0},
        {"a page of a list or of a long row", 0, 1},
        {"a pointer map's type", 0, 3},
        {"rows may begin before the last pointer", 4, 200},
        {"rows may begin behind the page", 5, 0x03},
        {"a row before them", 9, 0x10},
        {"a row behind the page", 8, 0x02},
        {"a row in a free block", 9, 0x9e},
        {"a row in the header of one", 9, 0x9b},
        {"a row that runs into one", 9, 0x97},
        {"the first free block before the rows", 1, 0x00},
        {"behind the page", 1, 0x02},
        {"the next one before it", 410, 0x00},
        {"the next one inside of it", 411, 0xa0},
        {"a free block of three bytes", 413, 3},
        {"one that ends behind the page", 452, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char page[SIZE];
        make_leaf(page);
        assert_int_not_equal(page[rows[i].at], rows[i].byte);
        page[rows[i].at] = rows[i].byte;
        if (unused_find(page, SIZE, 0, &unused))
            fail_msg("%s", rows[i].what);
        assert_int_equal(unused.count, 0);
    }
}

/* Whatever a page holds, what is told of it lies in it, in none of its headers
 * and pointers, and no two ranges overlap. */
static void whatever_a_page_holds_ranges_lie_in_it(void **state)
{
    (void)state;
    static const unsigned char types[] = {2, 5, 10, 13};
    struct random random;
    int good = 0;
    random = (struct random){.state = 20};
    unsigned char *page = mem_new_array(SIZE, 1); /* of that size to the byte */
    for (int round = 0; round < 300000; round++) {
        make_leaf(page);
        if (round % 3 == 0)
            for (size_t i = 0; i < SIZE; i++)
                page[i] = (unsigned char)random_next(&random);
        page[0] = types[random_next(&random) % 4];
        for (int i = round % 4; i > 0; i--)
            page[random_next(&random) % (i > 1 ? 12 : SIZE)] =
                (unsigned char)random_next(&random);
        size_t header = round % 5 == 0 ? UNUSED_FILE_HEADER_BYTES : 0;
        size_t usable = SIZE - random_next(&random) % 32;
        if (!unused_find(page, usable, header, &unused))
            continue;
        good++;
        unsigned char seen[SIZE] = {0};
        for (size_t i = 0; i < unused.count; i++) {
            assert_true(unused.ranges[i].from < unused.ranges[i].until);
            assert_true(unused.ranges[i].from >= header + 8);
            assert_true(unused.ranges[i].until <= usable);
            for (size_t at = unused.ranges[i].from; at < unused.ranges[i].until;
                 at++)
                assert_int_equal(seen[at]++, 0);
        }
    }
    free(page);
    assert_true(good > 1000);
}

static void a_range_is_dirty_where_a_byte_is_not_zero(void **state)
{
    (void)state;
    const unsigned char page[] = {1, 0, 0, 2};
    assert_false(unused_is_dirty(page, (struct unused_range){1, 3}));
    assert_true(unused_is_dirty(page, (struct unused_range){0, 3}));
    assert_true(unused_is_dirty(page, (struct unused_range){1, 4}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gap_and_the_inside_of_free_blocks_are_unused),
        cmocka_unit_test(a_header_may_stand_behind_that_of_the_file),
        cmocka_unit_test(an_inner_page_has_a_longer_header),
        cmocka_unit_test(
            a_content_offset_of_zero_is_the_end_of_the_largest_page),
        cmocka_unit_test(a_page_that_contradicts_itself_is_left_alone),
        cmocka_unit_test(whatever_a_page_holds_ranges_lie_in_it),
        cmocka_unit_test(a_range_is_dirty_where_a_byte_is_not_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
