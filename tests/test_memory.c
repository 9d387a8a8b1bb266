/* test_memory.c - the pieces that SQLite gets are its own, and kept for it. */
#include "outbox/memory.h"

#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

enum { MANY = 100, MOST_BYTES = 3000 };

static void a_piece_that_was_given_back_is_taken_again(void **state)
{
    (void)state;
    void *first = sqlite3_malloc(40);
    void *second = sqlite3_malloc(40);
    assert_ptr_not_equal(first, second);
    sqlite3_free(first);
    sqlite3_free(second);
    void *third = sqlite3_malloc(50);
    void *fourth = sqlite3_malloc(30);
    void *large = sqlite3_malloc(200);
    assert_ptr_equal(third, second); /* the last one first: it is warm */
    assert_ptr_equal(fourth, first);
    assert_ptr_not_equal(large, first);
    sqlite3_free(third);
    sqlite3_free(fourth);
    sqlite3_free(large);
}

static void all_bytes_of_a_piece_can_be_used(void **state)
{
    (void)state;
    for (int bytes = 1; bytes < MOST_BYTES; bytes++) {
        char *piece = sqlite3_malloc(bytes);
        assert_non_null(piece);
        assert_true(sqlite3_msize(piece) >= (sqlite3_uint64)bytes);
        assert_int_equal((uintptr_t)piece % 8, 0);
        memset(piece, 0xA5, sqlite3_msize(piece));
        sqlite3_free(piece);
    }
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    unsigned char *pieces[MANY];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            pieces[i] = sqlite3_malloc(1 + i * 7);
            assert_non_null(pieces[i]);
            memset(pieces[i], i, sqlite3_msize(pieces[i]));
        }
        for (int i = 0; i < MANY; i++) {
            for (sqlite3_uint64 at = 0; at < sqlite3_msize(pieces[i]); at++)
                assert_int_equal(pieces[i][at], i);
        }
        for (int i = 0; i < MANY; i++)
            sqlite3_free(pieces[i]);
    }
}

static void resizing_keeps_what_is_in_it(void **state)
{
    (void)state;
    static const int sizes[] = {1, 56, 57, 600, 640, 5000, 100000, 700, 60, 3};
    char *piece = sqlite3_malloc(3);
    assert_non_null(piece);
    memcpy(piece, "ab", 3);
    for (size_t i = 1; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        piece = sqlite3_realloc(piece, sizes[i]);
        assert_non_null(piece);
        assert_true(sqlite3_msize(piece) >= (sqlite3_uint64)sizes[i]);
        assert_string_equal(piece, "ab");
    }
    sqlite3_free(piece);
}

static void *use_and_give_back(void *other)
{
    void *pieces[MANY];
    for (int i = 0; i < MANY; i++)
        pieces[i] = sqlite3_malloc(20);
    for (int i = 0; i < MANY; i++)
        sqlite3_free(pieces[i]);
    sqlite3_free(other); /* it was taken by another thread */
    return NULL;
}

/* The leak sanitizer tells if they do not. */
static void what_a_thread_kept_goes_with_it(void **state)
{
    (void)state;
    pthread_t thread;
    void *other = sqlite3_malloc(300);
    assert_int_equal(pthread_create(&thread, NULL, use_and_give_back, other),
                     0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void the_sanitizer_sees_who_uses_what_was_given_back(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    char *piece = sqlite3_malloc(100);
    sqlite3_uint64 bytes = sqlite3_msize(piece);
    sqlite3_free(piece);
    for (sqlite3_uint64 at = 8; at < bytes; at++)
        assert_true(__asan_address_is_poisoned(piece + at));
#else
    skip();
#endif
}

static int configure(void **state)
{
    (void)state;
    memory_configure();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_that_was_given_back_is_taken_again),
        cmocka_unit_test(all_bytes_of_a_piece_can_be_used),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(resizing_keeps_what_is_in_it),
        cmocka_unit_test(what_a_thread_kept_goes_with_it),
        cmocka_unit_test(the_sanitizer_sees_who_uses_what_was_given_back),
    };
    return cmocka_run_group_tests(tests, configure, NULL);
}
