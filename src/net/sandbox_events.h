/* sandbox_events.h - the events that the sandbox was sent: kept in order of
 * arrival, each once. Pure state, about 100 bytes an event beside its metadata.
 * One thread. */
#ifndef NET_SANDBOX_EVENTS_H
#define NET_SANDBOX_EVENTS_H

#include "net/sandbox_table.h"

#include <stdint.h>

/* Intercom's limit of active event names. */
enum { SANDBOX_NAME_LIMIT = 120 };

struct sandbox_event {
    const char *metadata; /* a JSON object; borrowed from the events */
    int64_t created_s;
    int64_t received_ms;
    uint32_t name;    /* a row of spellings */
    uint32_t contact; /* a contact's row: whose event it is */
    uint32_t user;    /* the row that was addressed; another one if merged */
    uint32_t duplicates;
};

struct sandbox_spelling {
    char *text;      /* owned; as it was sent */
    uint32_t folded; /* a row of names */
};

struct sandbox_name {
    char *text; /* owned; as Intercom folds it */
    int64_t events;
};

struct sandbox_events {
    struct sandbox_event *rows; /* owned */
    uint32_t count;
    uint32_t capacity;
    struct sandbox_table by_key;
    struct sandbox_spelling *spellings; /* owned */
    uint32_t spelling_count;
    struct sandbox_name *names; /* owned */
    uint32_t name_count;
    int64_t duplicates;
    struct sandbox_chunk *chunks; /* owned; the metadata's bytes */
};

/* What one call brings. */
struct sandbox_arrival {
    const char *name;     /* borrowed, as is metadata */
    const char *metadata; /* a JSON object */
    int64_t created_s;
    int64_t received_ms;
    uint32_t contact;
    uint32_t user;
};

enum sandbox_stored {
    SANDBOX_STORED,
    SANDBOX_DUPLICATE,      /* merged: same contact, folded name and second */
    SANDBOX_TOO_MANY_NAMES, /* a new name beyond SANDBOX_NAME_LIMIT */
};

enum sandbox_stored sandbox_events_add(struct sandbox_events *events,
                                       const struct sandbox_arrival *arrival);

void sandbox_events_free(struct sandbox_events *events);

#endif
