/* sink_book.h - what arrived at the sink: how many calls and events, which of
 * them twice, and whether each user's came in their order.
 *
 * An event is a user and a created_at: two of the same are a double. A user's
 * events have to come with growing created_at; the bench makes them so. */
#ifndef BENCH_SINK_BOOK_H
#define BENCH_SINK_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows as needed; a key is never 0. */
struct sink_table {
    struct sink_slot {
        uint64_t key;
        int64_t value;
    } * slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

struct sink_arrival {
    char user[48];
    int64_t at_us; /* wall clock */
};

struct sink_book {
    int64_t calls;   /* POST and PUT of contacts, POST of events */
    int64_t events;  /* of these */
    int64_t doubles; /* events that had been there */
    int64_t disorder;
    int64_t refused; /* answered 429 */
    int64_t body_bytes;
    int64_t first_us; /* monotonic: the first of the calls; 0: none yet */
    int64_t last_us;  /* … and the last */
    struct sink_table seen;
    struct sink_table newest; /* created_at by user */
    /* The first calls, each with its user. */
    struct sink_arrival *arrivals;
    size_t arrival_count;
};

enum { SINK_MOST_ARRIVALS = 20000 };

struct sink_call {
    const char *user; /* not terminated; NULL: the call names none */
    size_t user_length;
    int64_t created_at; /* of an event */
    bool is_event;
    size_t body_bytes;
};

void sink_book_note(struct sink_book *book, const struct sink_call *call);

/* Forget all that came. */
void sink_book_clear(struct sink_book *book);

int64_t sink_now_us(void); /* monotonic */

#endif
