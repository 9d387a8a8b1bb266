/* test_list.c - the list over many rows: a source of numbers stands for the
 * database. */
#include "tui/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Rows are the numbers from first to last, smallest first, without the missing
 * one. A slice looks at slice numbers. */
struct source {
    int first, last, missing, slice;
    int at; /* next to be looked at */
    int reads;
    int held; /* rows given and not freed */
};

static struct source source;

struct row {
    int number;
};

static bool read_rows(void *context, struct store *store,
                      struct list_read *read, struct err *err)
{
    const struct row *from = read->from;
    struct row *rows = read->rows;
    int step = read->backwards ? -1 : 1;
    (void)context;
    (void)store;
    (void)err;
    source.reads++;
    if (read->is_start && from != NULL)
        source.at = from->number + (read->inclusive ? 0 : step);
    else if (read->is_start)
        source.at = read->backwards ? source.last : source.first;
    read->count = 0;
    for (int i = 0; i < source.slice && read->count < read->limit; i++) {
        if (source.at < source.first || source.at > source.last)
            break;
        if (source.at != source.missing) {
            rows[read->count++] = (struct row){source.at};
            source.held++;
        }
        source.at += step;
    }
    read->is_done = source.at < source.first || source.at > source.last;
    return true;
}

static bool is_same(const void *a, const void *b)
{
    return ((const struct row *)a)->number == ((const struct row *)b)->number;
}

static void free_row(void *row)
{
    (void)row;
    source.held--;
}

static const struct list_kind kind = {sizeof(struct row), read_rows, is_same,
                                      free_row};

static void work(struct list *list)
{
    struct err err;
    bool more = true;
    for (int i = 0; more; i++) {
        assert_true(i < 10000);
        assert_true(list_work(list, NULL, NULL, &more, &err));
    }
    assert_false(list_is_loading(list));
}

static int number_at(const struct list *list, int index)
{
    const struct row *row = list_row(list, index);
    assert_non_null(row);
    return row->number;
}

/* What the window shows: its first row, and the cursor's. */
static void expect(const struct list *list, int top, int cursor)
{
    assert_int_equal(number_at(list, list->top), top);
    assert_int_equal(number_at(list, list->cursor), cursor);
    assert_true(list->cursor >= list->top);
    assert_true(list->cursor < list->top + list->height);
}

static void begin(struct list *list, int first, int last, int slice)
{
    source = (struct source){
        .first = first, .last = last, .slice = slice, .missing = -1};
    list_init(list, &kind);
    list_set_height(list, 10);
    work(list);
}

static void end(struct list *list)
{
    list_free(list);
    assert_int_equal(source.held, 0);
}

struct move_row {
    enum action action;
    int top, cursor;
};

static void moves_go_through_all_rows_both_ways(void **state)
{
    static const struct move_row rows[] = {
        {ACTION_DOWN, 1, 2},
        {ACTION_UP, 1, 1},
        {ACTION_UP, 1, 1},
        {ACTION_PAGE_DOWN, 11, 11},
        {ACTION_PAGE_DOWN, 21, 21},
        {ACTION_HALF_DOWN, 26, 26},
        {ACTION_PAGE_UP, 16, 16},
        {ACTION_LAST, 99991, 100000},
        {ACTION_DOWN, 99991, 100000},
        {ACTION_PAGE_UP, 99981, 99990},
        {ACTION_UP, 99981, 99989},
        {ACTION_HALF_UP, 99976, 99984},
        {ACTION_FIRST, 1, 1},
        {ACTION_WHEEL_DOWN, 1, 4},
        {ACTION_WHEEL_UP, 1, 1},
    };
    static const int slices[] = {1, 3, 1000};
    struct list list;
    (void)state;
    for (size_t s = 0; s < COUNT_OF(slices); s++) {
        begin(&list, 1, 100000, slices[s]);
        expect(&list, 1, 1);
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            assert_true(list_move(&list, rows[i].action));
            work(&list);
            expect(&list, rows[i].top, rows[i].cursor);
        }
        assert_false(list_move(&list, ACTION_RETRY));
        end(&list);
    }
}

static void paging_meets_every_row_once(void **state)
{
    struct list list;
    (void)state;
    begin(&list, 1, 5000, 7);
    for (int wanted = 1; wanted <= 5000; wanted++) {
        assert_int_equal(number_at(&list, list.cursor), wanted);
        (void)list_move(&list, ACTION_DOWN);
        work(&list);
    }
    for (int wanted = 5000; wanted >= 1; wanted--) {
        assert_int_equal(number_at(&list, list.cursor), wanted);
        (void)list_move(&list, ACTION_UP);
        work(&list);
    }
    end(&list);
}

/* Only what is near is held. */
static void a_long_way_costs_no_memory(void **state)
{
    struct list list;
    (void)state;
    begin(&list, 1, 1000000, 500);
    for (int i = 0; i < 300; i++) {
        (void)list_move(&list, ACTION_PAGE_DOWN);
        work(&list);
        assert_true(list.count <= 2 * LIST_MOST_READ);
    }
    expect(&list, 3001, 3001);
    end(&list);
}

static void reading_again_keeps_the_readers_line(void **state)
{
    struct list list;
    (void)state;
    begin(&list, 100, 200, 1000);
    (void)list_move(&list, ACTION_PAGE_DOWN);
    (void)list_move(&list, ACTION_DOWN);
    work(&list);
    expect(&list, 110, 111);
    source.first = 1; /* a hundred new ones above */
    list_refresh(&list);
    work(&list);
    expect(&list, 110, 111);
    source.missing = 105; /* above the window */
    list_refresh(&list);
    work(&list);
    expect(&list, 110, 111);
    source.missing = 111; /* the cursor's own: the one that takes its place */
    list_refresh(&list);
    work(&list);
    expect(&list, 110, 112);
    source.missing = 110; /* the top row */
    list_refresh(&list);
    work(&list);
    expect(&list, 111, 112);
    end(&list);
}

static void new_rows_at_the_beginning_do_not_move_the_cursor(void **state)
{
    struct list list;
    (void)state;
    begin(&list, 100, 200, 1000);
    assert_true(list.is_first_held);
    source.first = 98;
    list_refresh(&list);
    work(&list);
    expect(&list, 100, 100);
    assert_true(list.top > 0 || !list.is_first_held);
    end(&list);
}

/* A window that has room shows what is before its rows. */
static void a_short_list_is_shown_whole(void **state)
{
    struct list list;
    (void)state;
    begin(&list, 5, 7, 1000);
    expect(&list, 5, 5);
    source.first = 2;
    list_refresh(&list);
    work(&list);
    expect(&list, 2, 5);
    assert_int_equal(list.count, 6);
    source.last = 4;
    list_refresh(&list);
    work(&list);
    assert_int_equal(list.count, 3);
    expect(&list, 2, 4);
    source.first = 9;
    list_refresh(&list);
    work(&list);
    assert_int_equal(list.count, 0);
    assert_null(list_cursor_row(&list));
    assert_true(list_move(&list, ACTION_DOWN));
    source.last = 9;
    list_refresh(&list);
    work(&list);
    expect(&list, 9, 9);
    end(&list);
}

static void what_was_found_stays_when_it_is_stopped(void **state)
{
    struct list list;
    struct err err;
    bool more;
    (void)state;
    source = (struct source){.first = 1, .last = 1000, .slice = 3};
    list_init(&list, &kind);
    list_set_height(&list, 10);
    assert_true(list_work(&list, NULL, NULL, &more, &err));
    assert_true(more);
    list_stop(&list);
    assert_false(list_is_loading(&list));
    assert_int_equal(list.count, 3);
    (void)list_move(&list, ACTION_PAGE_DOWN);
    work(&list);
    expect(&list, 11, 11);
    end(&list);
}

static void a_larger_window_is_filled(void **state)
{
    struct list list;
    (void)state;
    begin(&list, 1, 100, 1000);
    (void)list_move(&list, ACTION_LAST);
    work(&list);
    expect(&list, 91, 100);
    list_set_height(&list, 50);
    work(&list);
    expect(&list, 51, 100);
    list_set_height(&list, 3);
    work(&list);
    expect(&list, 98, 100);
    list_set_height(&list, 0);
    assert_int_equal(list.height, 1);
    end(&list);
}

static void a_click_chooses_a_row_and_another_opens_it(void **state)
{
    struct list list;
    bool again;
    (void)state;
    begin(&list, 1, 5, 1000);
    assert_true(list_click(&list, 3, &again));
    assert_false(again);
    expect(&list, 1, 4);
    assert_true(list_click(&list, 3, &again));
    assert_true(again);
    assert_false(list_click(&list, 5, &again));
    assert_false(list_click(&list, -1, &again));
    assert_false(list_click(&list, 10, &again));
    end(&list);
}

static void a_view_acts_on_what_is_not_about_its_list(void **state)
{
    static const struct {
        enum action action;
        int line;
        bool is_taken;
        enum action left; /* for the view */
        int cursor;
    } rows[] = {
        {ACTION_DOWN, 0, true, ACTION_DOWN, 1},
        {ACTION_RETRY, 3, false, ACTION_RETRY, 1},
        {ACTION_OPEN, 3, false, ACTION_OPEN, 1},
        {ACTION_CLICK, 3, true, ACTION_CLICK, 3},
        {ACTION_CLICK, 3, false, ACTION_OPEN, 3}, /* again */
        {ACTION_CLICK, 7, true, ACTION_CLICK, 3}, /* no row there */
        {ACTION_CLICK, -1, true, ACTION_CLICK, 3},
    };
    struct list list;
    (void)state;
    list_init(&list, NULL);
    list_set_height(&list, 5);
    list_set_count(&list, 20, -1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum action action = rows[i].action;
        assert_int_equal(list_take_action(&list, &action, rows[i].line),
                         rows[i].is_taken);
        assert_int_equal(action, rows[i].left);
        assert_int_equal(list.cursor, rows[i].cursor);
    }
    list_free(&list);
}

static void without_a_kind_it_is_only_the_cursor(void **state)
{
    struct list list;
    (void)state;
    list_init(&list, NULL);
    list_set_height(&list, 5);
    list_set_count(&list, 20, -1);
    assert_false(list_is_loading(&list));
    (void)list_move(&list, ACTION_PAGE_DOWN);
    assert_int_equal(list.cursor, 5);
    list_set_count(&list, 22, 7); /* two more before it */
    assert_int_equal(list.cursor, 7);
    assert_int_equal(list.top, 7);
    list_set_count(&list, 3, -1);
    assert_int_equal(list.cursor, 2);
    (void)list_move(&list, ACTION_LAST);
    assert_int_equal(list.cursor, 2);
    list_set_count(&list, 0, -1);
    assert_int_equal(list.cursor, 0);
    (void)list_move(&list, ACTION_DOWN);
    assert_int_equal(list.cursor, 0);
    list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_go_through_all_rows_both_ways),
        cmocka_unit_test(paging_meets_every_row_once),
        cmocka_unit_test(a_long_way_costs_no_memory),
        cmocka_unit_test(reading_again_keeps_the_readers_line),
        cmocka_unit_test(new_rows_at_the_beginning_do_not_move_the_cursor),
        cmocka_unit_test(a_short_list_is_shown_whole),
        cmocka_unit_test(what_was_found_stays_when_it_is_stopped),
        cmocka_unit_test(a_larger_window_is_filled),
        cmocka_unit_test(a_click_chooses_a_row_and_another_opens_it),
        cmocka_unit_test(a_view_acts_on_what_is_not_about_its_list),
        cmocka_unit_test(without_a_kind_it_is_only_the_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
