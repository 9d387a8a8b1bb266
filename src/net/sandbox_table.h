/* sandbox_table.h - finds the row of an array by the hash of its key. It owns
 * only the row numbers (8 bytes a row); keys stay with the rows, and the caller
 * says which row matches. Rows are never removed. One thread. */
#ifndef NET_SANDBOX_TABLE_H
#define NET_SANDBOX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_NO_ROW UINT32_MAX

struct sandbox_table {
    struct sandbox_slot *slots; /* owned */
    size_t capacity;            /* a power of two, or 0 */
    size_t count;
};

/* True if this row has the key that is looked for. */
typedef bool sandbox_table_match(const void *key, uint32_t row);

/* Mix bytes into a 64-bit hash. seed separates uses, and chains calls. Not
 * against an attacker. */
uint64_t sandbox_hash(uint64_t seed, const void *bytes, size_t length);

/* The row with this hash that match accepts, or SANDBOX_NO_ROW. */
uint32_t sandbox_table_find(const struct sandbox_table *table, uint64_t hash,
                            sandbox_table_match *match, const void *key);

/* Add a row; a row of equal key must not be there yet. */
void sandbox_table_add(struct sandbox_table *table, uint64_t hash,
                       uint32_t row);

/* Forget all rows and free the memory; the table can be used again. */
void sandbox_table_free(struct sandbox_table *table);

#endif
