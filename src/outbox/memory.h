/* memory.h - where SQLite's memory comes from, for src/outbox alone.
 *
 * SQLite takes some sixty small pieces for each event, and gives each back
 * within its statement: cursors, keys, rows. It could keep them itself (its
 * lookaside), but Debian builds it without (SQLITE_OMIT_LOOKASIDE). malloc()
 * has room for seven of a size and then takes 160 instructions to give a piece
 * and to take it back. So each thread keeps the small pieces that it gave back,
 * up to 32 of a size, and takes the last of those first.
 *
 * The address sanitizer sees whoever uses a piece that was given back, but for
 * its first eight bytes. Any thread; a piece may be given back by another
 * thread than took it. */
#ifndef OUTBOX_MEMORY_H
#define OUTBOX_MEMORY_H

/* Make it so: once, before anything else of SQLite's is called. Where the
 * system has no room for it, SQLite takes its memory from malloc() as usual. */
void memory_configure(void);

#endif
