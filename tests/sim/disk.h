/* disk.h - the disk of a simulated machine: a SQLite VFS in memory that keeps
 * what was written and what was synced apart.
 *
 * Files are named by their path and live until the disk is freed. Processes
 * open them; one of them can die at a chosen write or sync of its own, killed
 * alone (what it wrote stays) or with the machine's power (what was not synced
 * is lost in part, whole or torn). Everything is drawn from the seed. The disk
 * is SQLite's default VFS while it is there; its time is the clock's. One disk
 * at a time, one thread. */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "support/fake_clock.h"

#include <stdbool.h>
#include <stdint.h>

struct disk; /* owned by who made it */

/* Make an empty one. The clock is borrowed. */
struct disk *disk_new(const struct fake_clock *clock, uint64_t seed);
/* No connection may be open any more. */
void disk_free(struct disk *disk);

/* Make an empty file, on the disk for good. */
void disk_make_file(struct disk *disk, const char *path);

/* What is opened from now on belongs to this process, any number above 0. */
void disk_run_as(struct disk *disk, int process);

enum disk_death { DISK_KILL, DISK_POWER_CUT };

/* Let the process die at its n-th write, sync, truncation or deletion from now
 * on; the first is 1. With n 0 it lives on. */
void disk_plan_death(struct disk *disk, int process, int64_t n,
                     enum disk_death death);

/* Let it die now. Everything that it, or with DISK_POWER_CUT any, does from
 * here on fails; its connections have to be closed before others go on. */
void disk_kill(struct disk *disk, int process, enum disk_death death);

/* The number is that of a new, living process. */
void disk_revive(struct disk *disk, int process);

bool disk_is_dead(const struct disk *disk, int process);
/* … and the power went with it: all processes are dead. */
bool disk_lost_power(const struct disk *disk);

/* All connections of dead processes are closed: the power is back. */
void disk_bury(struct disk *disk);

/* No room from now on: nothing grows. */
void disk_set_full(struct disk *disk, bool is_full);

/* Let the n-th write or sync of a process from now on fail with an I/O error,
 * once; 0: none. */
void disk_plan_error(struct disk *disk, int process, int64_t n);

/* Writes, syncs and the like that the process has made. */
int64_t disk_operations(const struct disk *disk, int process);

/* A number that says what all files hold. */
uint64_t disk_hash(const struct disk *disk);

#endif
