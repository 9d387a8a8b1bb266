/* sandbox_world.h - the workspace that the sandbox pretends to be, and one
 * request to it. Plain data; sandbox_api acts on it. One thread at a time. */
#ifndef NET_SANDBOX_WORLD_H
#define NET_SANDBOX_WORLD_H

#include "net/sandbox_attributes.h"
#include "net/sandbox_contacts.h"
#include "net/sandbox_events.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bodies above this are refused with 413. */
enum { SANDBOX_BODY_LIMIT = 256 * 1024 };

struct sandbox_world {
    struct sandbox_contacts contacts;
    struct sandbox_attributes attributes;
    struct sandbox_events events;
    char **archived_names; /* owned, folded: events of these are refused */
    size_t archived_name_count;
    int64_t future_s; /* how far ahead an event's created_at may be */
    int64_t metadata_keys_dropped;
    int64_t parallel_same_user;
    /* True if whoever sent the call still waits for its answer. */
    bool (*is_awaited)(const void *call);
};

/* One request. All text is borrowed; NULL where the header or the query
 * argument is absent. */
struct sandbox_request {
    const char *method;
    const char *path;       /* as sent, still percent-encoded */
    const char *query_user; /* likewise */
    const char *query_model;
    const char *authorization;
    const char *version;
    const char *content_type;
    const char *body; /* NUL-terminated */
    size_t body_length;
    bool body_too_large; /* over SANDBOX_BODY_LIMIT, and cut */
    int64_t now_ms;      /* UTC */
    int64_t monotonic_ms;
    const void *call; /* names this call to is_awaited */
};

/* Mark that the answer to this call is leaving: calls of row that come later
 * are not parallel to it. */
void sandbox_world_end_call(struct sandbox_world *world, uint32_t row,
                            const void *call);

/* Refuse events of this name from now on, or (NULL) none any more. */
void sandbox_world_archive_name(struct sandbox_world *world, const char *name);

/* True if events of this name, however spelt, are refused. */
bool sandbox_world_is_archived(const struct sandbox_world *world,
                               const char *name);

void sandbox_world_free(struct sandbox_world *world);

#endif
