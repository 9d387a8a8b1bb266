/* dirt.h - what no row uses in a database's pages, for tests. */
#ifndef SUPPORT_DIRT_H
#define SUPPORT_DIRT_H

#include "support/outbox_fixture.h"

#include <sqlite3.h>

/* Put 1,500 events and let their deliveries grow, so that copies of rows are
 * left between the rows; with PRAGMA secure_delete ON or OFF. */
void dirt_fill(const struct fixture *fixture, const char *secure_delete);

/* How many pages of the objects (GLOB) have something in what no row uses.
 * Empties the WAL. */
int dirt_pages(struct fixture *fixture, const char *objects);

/* Another connection, without secure_delete, that has all pages of the
 * deliveries in memory; for dirt_write_from_memory(). */
sqlite3 *dirt_keep_in_memory(const struct fixture *fixture);

/* It writes each of these pages, and no row changes its size: so that what is
 * between the rows in its memory comes into the file. Closes it. */
void dirt_write_from_memory(sqlite3 *other);

#endif
