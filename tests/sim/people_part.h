/* people_part.h - the inside of people, for tests/sim/people*.c. */
#ifndef SIM_PEOPLE_PART_H
#define SIM_PEOPLE_PART_H

#include "outbox/store.h"
#include "sim/people.h"

#include <sqlite3.h>

struct people {
    struct store *producer; /* NULL: to be opened */
    struct store *operator;
    sqlite3 *writer;        /* NULL: holds no lock */
    int64_t next_created_s; /* every event has a second of its own, mostly */
    int64_t last_created_s[LEDGER_MOST_USERS + 1];
    const char *last_type[LEDGER_MOST_USERS + 1];
};

/* The store of one of them, open; NULL: it cannot be had now. */
struct store *people_open(struct sim *sim, struct store **store, int process);
/* Close it if its process has died; true then. */
bool people_bury(struct sim *sim, struct store **store, int process);

#endif
