/* backup.h - a consistent copy of the database file while it is in use.
 *
 * One read transaction spans the copy: all of it is of one moment, whatever is
 * committed meanwhile (stepping without one begins anew at each commit, and
 * never ends under load). With a write-ahead log nobody waits for it; with a
 * rollback journal writers wait until the pages are copied. The store's
 * thread. */
#ifndef OUTBOX_BACKUP_H
#define OUTBOX_BACKUP_H

#include "base/err.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

enum backup_phase {
    BACKUP_COPIES, /* done of all pages */
    BACKUP_CHECKS, /* integrity_check of the copy; no figures */
};

struct backup_request {
    const char *path; /* of the copy; made with mode 0600 */
    bool replace;     /* a file of that name */
    /* Called now and then; false: give it up, nothing is left. */
    bool (*go_on)(void *context, enum backup_phase phase, int64_t done,
                  int64_t all);
    void *context;
};

struct backup_report {
    int64_t bytes;
};

/* Make the copy under another name, verify it, bring it to the disk, give it
 * its name. Fails with ERR_INVALID if path is the database or one of its files,
 * exists and is not to be replaced, or has a log of its own beside it (it is
 * in use as a database); ERR_CORRUPT if the copy is damaged, and so the
 * database is; ERR_STOPPED if go_on() said so; as the system does. */
MUST_CHECK bool backup_make(struct store *store,
                            const struct backup_request *request,
                            struct backup_report *report, struct err *err);

#endif
