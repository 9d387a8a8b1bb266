#include "outbox/tree.h"

#include "base/mem.h"
#include "outbox/page_bytes.h"

#include <stddef.h>
#include <stdlib.h>

/* An inner page: what it is of, how many children, the last of them, and where
 * the others are, each before the key that divides it from the next. */
enum {
    INNER_OF_INDEX = 2,
    INNER_OF_TABLE = 5,
    AT_COUNT = 3,
    AT_LAST_CHILD = 8,
    AT_POINTERS = 12,
    POINTER_BYTES = 2,
    NUMBER_BYTES = 4,
};

struct walk {
    const struct pages *pages;
    uint32_t *numbers; /* owned: still to be seen */
    size_t count, capacity;
    uint32_t left; /* in a damaged file a page may be its own child */
};

/* The first page is the root of the schema: no child of anything. */
static void add(struct walk *walk, uint32_t number)
{
    if (walk->left == 0 || number < 2 ||
        !pages_may_hold_rows(walk->pages, number))
        return;
    if (walk->count == walk->capacity) {
        walk->capacity = walk->capacity * 2 + 256;
        walk->numbers =
            mem_resize(walk->numbers, walk->capacity * sizeof(*walk->numbers));
    }
    walk->numbers[walk->count++] = number;
    walk->left--;
}

static void add_children(struct walk *walk, const unsigned char *page)
{
    size_t usable = walk->pages->usable_bytes;
    if (page[0] != INNER_OF_INDEX && page[0] != INNER_OF_TABLE)
        return;
    size_t count = page_read_two(page + AT_COUNT);
    if (AT_POINTERS + POINTER_BYTES * count > usable)
        return;
    add(walk, page_read_four(page + AT_LAST_CHILD));
    for (size_t i = count; i-- > 0;) {
        size_t at = page_read_two(page + AT_POINTERS + POINTER_BYTES * i);
        if (at + NUMBER_BYTES <= usable)
            add(walk, page_read_four(page + at));
    }
}

bool tree_walk(const struct pages *pages, uint32_t root, unsigned char *page,
               tree_see_fn *see, void *context, struct err *err)
{
    struct walk walk = {.pages = pages, .left = pages->count};
    bool good = true;
    add(&walk, root);
    while (good && walk.count > 0) {
        bool exists;
        uint32_t number = walk.numbers[--walk.count];
        good = pages_read(pages, number, page, &exists, err);
        if (!good || !exists)
            continue;
        add_children(&walk, page);
        see(context, number, page);
    }
    free(walk.numbers);
    return good;
}
