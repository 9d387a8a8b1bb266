#include "net/sandbox_table.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

struct sandbox_slot {
    uint32_t mark; /* the folded hash: where the search starts */
    uint32_t next; /* row + 1; 0: free */
};

/* The finalizer of splitmix64: every input bit reaches every output bit. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

static uint32_t fold(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

static void place(struct sandbox_table *table, struct sandbox_slot slot)
{
    size_t at = slot.mark & (table->capacity - 1);
    while (table->slots[at].next != 0)
        at = (at + 1) & (table->capacity - 1);
    table->slots[at] = slot;
}

static void grow(struct sandbox_table *table)
{
    struct sandbox_table bigger = {
        .capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2,
        .count = table->count,
    };
    bigger.slots = mem_new_array(bigger.capacity, sizeof(*bigger.slots));
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].next != 0)
            place(&bigger, table->slots[i]);
    }
    free(table->slots);
    *table = bigger;
}

uint64_t sandbox_hash(uint64_t seed, const void *bytes, size_t length)
{
    const char *rest = bytes;
    uint64_t hash = mix(seed + UINT64_C(0x9E3779B97F4A7C15) * (length + 1));
    while (length > 0) {
        uint64_t word = 0;
        size_t take = length < sizeof(word) ? length : sizeof(word);
        memcpy(&word, rest, take);
        hash = mix(hash ^ word);
        rest += take;
        length -= take;
    }
    return hash;
}

uint32_t sandbox_table_find(const struct sandbox_table *table, uint64_t hash,
                            sandbox_table_match *match, const void *key)
{
    if (table->capacity == 0)
        return SANDBOX_NO_ROW;
    uint32_t mark = fold(hash);
    size_t at = mark & (table->capacity - 1);
    while (table->slots[at].next != 0) {
        const struct sandbox_slot *slot = &table->slots[at];
        if (slot->mark == mark && match(key, slot->next - 1))
            return slot->next - 1;
        at = (at + 1) & (table->capacity - 1);
    }
    return SANDBOX_NO_ROW;
}

void sandbox_table_add(struct sandbox_table *table, uint64_t hash, uint32_t row)
{
    assert(row != SANDBOX_NO_ROW);
    /* At most three quarters full, so that searches stay short. */
    if (table->count * 4 >= table->capacity * 3)
        grow(table);
    place(table, (struct sandbox_slot){fold(hash), row + 1});
    table->count++;
}

void sandbox_table_free(struct sandbox_table *table)
{
    free(table->slots);
    *table = (struct sandbox_table){0};
}
