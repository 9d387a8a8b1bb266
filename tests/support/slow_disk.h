/* slow_disk.h - the machine's own disk, on which every sync takes longer: a
 * SQLite VFS over the usual one.
 *
 * It is SQLite's default from begin to end, for the whole process. One at a
 * time; what it tells may be asked by any thread. */
#ifndef SUPPORT_SLOW_DISK_H
#define SUPPORT_SLOW_DISK_H

#include <stdint.h>

/* What is opened from now on has it: each sync takes so much longer. */
void slow_disk_begin(int sync_ms);
/* From now on each sync takes so much longer instead. Any thread. */
void slow_disk_change(int sync_ms);
/* What was opened has to be closed before. */
void slow_disk_end(void);

/* Syncs so far. */
int64_t slow_disk_syncs(void);

/* How long no connection has looked at its database (taken a lock); since
 * slow_disk_begin() if none has. */
int64_t slow_disk_calm_ms(void);

#endif
