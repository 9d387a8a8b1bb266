/* dirt.h - what no row uses in a database's pages, for tests. */
#ifndef SUPPORT_DIRT_H
#define SUPPORT_DIRT_H

#include "support/outbox_fixture.h"

/* Put 1,500 events and let their deliveries grow, so that copies of rows are
 * left between the rows; with PRAGMA secure_delete ON or OFF. */
void dirt_fill(const struct fixture *fixture, const char *secure_delete);

/* How many pages of the objects (GLOB) have something in what no row uses.
 * Empties the WAL. */
int dirt_pages(struct fixture *fixture, const char *objects);

#endif
