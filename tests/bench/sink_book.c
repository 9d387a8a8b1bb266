#include "bench/sink_book.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t read_clock_us(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sink_now_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

/* FNV-1a, its bits spread once more. Never 0. */
static uint64_t hash_bytes(const char *bytes, size_t length, uint64_t seed)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ seed;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return hash == 0 ? 1 : hash;
}

/* The slot of the key, or the empty one where it belongs. */
static struct sink_slot *find_slot(const struct sink_table *table, uint64_t key)
{
    size_t at = (size_t)key & (table->capacity - 1);
    while (table->slots[at].key != 0 && table->slots[at].key != key)
        at = (at + 1) & (table->capacity - 1);
    return &table->slots[at];
}

static void grow(struct sink_table *table)
{
    struct sink_table grown = {
        .capacity = table->capacity == 0 ? 1024 : table->capacity * 2,
        .count = table->count,
    };
    grown.slots = mem_new_array(grown.capacity, sizeof(*grown.slots));
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].key != 0)
            *find_slot(&grown, table->slots[i].key) = table->slots[i];
    }
    free(table->slots);
    *table = grown;
}

/* The slot of the key, made if it is new. */
static struct sink_slot *take_slot(struct sink_table *table, uint64_t key,
                                   bool *is_new)
{
    if (table->count * 2 >= table->capacity)
        grow(table);
    struct sink_slot *slot = find_slot(table, key);
    *is_new = slot->key == 0;
    if (*is_new) {
        slot->key = key;
        table->count++;
    }
    return slot;
}

static void note_event(struct sink_book *book, const struct sink_call *call)
{
    bool is_new;
    book->events++;
    if (call->user == NULL)
        return;
    uint64_t user = hash_bytes(call->user, call->user_length, 0);
    uint64_t event = hash_bytes((const char *)&call->created_at,
                                sizeof(call->created_at), user);
    (void)take_slot(&book->seen, event, &is_new);
    book->doubles += !is_new;
    struct sink_slot *newest = take_slot(&book->newest, user, &is_new);
    book->disorder += !is_new && call->created_at < newest->value;
    if (is_new || call->created_at > newest->value)
        newest->value = call->created_at;
}

static void note_arrival(struct sink_book *book, const struct sink_call *call)
{
    if (call->user == NULL || book->arrival_count == SINK_MOST_ARRIVALS)
        return;
    if (book->arrivals == NULL)
        book->arrivals =
            mem_new_array(SINK_MOST_ARRIVALS, sizeof(*book->arrivals));
    struct sink_arrival *arrival = &book->arrivals[book->arrival_count++];
    size_t length = call->user_length < sizeof(arrival->user)
                        ? call->user_length
                        : sizeof(arrival->user) - 1;
    memcpy(arrival->user, call->user, length);
    arrival->user[length] = '\0';
    arrival->at_us = read_clock_us(CLOCK_REALTIME);
}

void sink_book_note(struct sink_book *book, const struct sink_call *call)
{
    note_arrival(book, call);
    book->last_us = sink_now_us();
    if (book->first_us == 0)
        book->first_us = book->last_us;
    book->calls++;
    book->body_bytes += (int64_t)call->body_bytes;
    if (call->is_event)
        note_event(book, call);
}

void sink_book_clear(struct sink_book *book)
{
    free(book->seen.slots);
    free(book->newest.slots);
    free(book->arrivals);
    *book = (struct sink_book){0};
}
