/* tree.h - the pages of a table or an index, beneath SQLite (pages.h), for
 * src/outbox alone.
 *
 * Without a lock and without a read transaction, which would keep the WAL from
 * being used anew for as long as it takes. So it tells what is likely: what
 * others move meanwhile may be missed, or be told of another table. */
#ifndef OUTBOX_TREE_H
#define OUTBOX_TREE_H

#include "base/err.h"
#include "outbox/pages.h"

#include <stdbool.h>
#include <stdint.h>

/* Called with each page: its number and its bytes, which are borrowed. */
typedef void tree_see_fn(void *context, uint32_t number,
                         const unsigned char *page);

/* Go through all pages from the root on, those apart that a row too long for
 * its page goes on in. page is room for one. Ends on any file: no more pages
 * are read than it has. Fails with ERR_IO. */
MUST_CHECK bool tree_walk(const struct pages *pages, uint32_t root,
                          unsigned char *page, tree_see_fn *see, void *context,
                          struct err *err);

#endif
