#include "net/sandbox_events.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/sandbox_text.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20 };

/* Metadata is never freed one by one: it is laid one behind the other. */
struct sandbox_chunk {
    struct sandbox_chunk *next;
    size_t used;
    size_t size;
    char bytes[];
};

/* What makes two events one. */
struct event_key {
    const struct sandbox_events *events;
    int64_t created_s;
    uint32_t name; /* folded */
    uint32_t contact;
};

static bool has_key(const void *context, uint32_t row)
{
    const struct event_key *key = context;
    const struct sandbox_event *event = &key->events->rows[row];
    return event->created_s == key->created_s &&
           event->contact == key->contact &&
           key->events->spellings[event->name].folded == key->name;
}

static uint64_t hash_key(const struct event_key *key)
{
    uint64_t hash = sandbox_hash(key->name, &key->contact, 4);
    return sandbox_hash(hash, &key->created_s, sizeof(key->created_s));
}

static uint32_t find_name(const struct sandbox_events *events,
                          const char *folded)
{
    for (uint32_t row = 0; row < events->name_count; row++) {
        if (text_equals(events->names[row].text, folded))
            return row;
    }
    return SANDBOX_NO_ROW;
}

static uint32_t find_spelling(const struct sandbox_events *events,
                              const char *text)
{
    for (uint32_t row = 0; row < events->spelling_count; row++) {
        if (text_equals(events->spellings[row].text, text))
            return row;
    }
    return SANDBOX_NO_ROW;
}

/* Takes over folded. */
static uint32_t add_name(struct sandbox_events *events, char *folded)
{
    uint32_t row = events->name_count++;
    events->names =
        mem_resize(events->names, events->name_count * sizeof(*events->names));
    events->names[row] = (struct sandbox_name){.text = folded};
    return row;
}

static uint32_t add_spelling(struct sandbox_events *events, const char *text,
                             uint32_t folded)
{
    uint32_t row = events->spelling_count++;
    events->spellings = mem_resize(
        events->spellings, events->spelling_count * sizeof(*events->spellings));
    events->spellings[row] =
        (struct sandbox_spelling){mem_copy_text(text), folded};
    return row;
}

/* The spelling's row, new or known; SANDBOX_NO_ROW: one name too many. */
static uint32_t take_spelling(struct sandbox_events *events, const char *text)
{
    uint32_t row = find_spelling(events, text);
    if (row != SANDBOX_NO_ROW)
        return row;
    char *folded = sandbox_text_fold_name(text);
    uint32_t name = find_name(events, folded);
    if (name == SANDBOX_NO_ROW && events->name_count < SANDBOX_NAME_LIMIT)
        name = add_name(events, folded);
    else
        free(folded);
    return name == SANDBOX_NO_ROW ? SANDBOX_NO_ROW
                                  : add_spelling(events, text, name);
}

static const char *keep_text(struct sandbox_events *events, const char *text)
{
    size_t size = strlen(text) + 1;
    struct sandbox_chunk *chunk = events->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = mem_new(sizeof(*chunk) + room);
        chunk->size = room;
        chunk->next = events->chunks;
        events->chunks = chunk;
    }
    char *kept = memcpy(chunk->bytes + chunk->used, text, size);
    chunk->used += size;
    return kept;
}

static struct sandbox_event *add_row(struct sandbox_events *events)
{
    if (events->count == events->capacity) {
        events->capacity = events->capacity == 0 ? 64 : events->capacity * 2;
        events->rows =
            mem_resize(events->rows, events->capacity * sizeof(*events->rows));
    }
    return &events->rows[events->count++];
}

enum sandbox_stored sandbox_events_add(struct sandbox_events *events,
                                       const struct sandbox_arrival *arrival)
{
    uint32_t spelling = take_spelling(events, arrival->name);
    if (spelling == SANDBOX_NO_ROW)
        return SANDBOX_TOO_MANY_NAMES;
    struct event_key key = {
        .events = events,
        .created_s = arrival->created_s,
        .name = events->spellings[spelling].folded,
        .contact = arrival->contact,
    };
    uint64_t hash = hash_key(&key);
    uint32_t known = sandbox_table_find(&events->by_key, hash, has_key, &key);
    if (known != SANDBOX_NO_ROW) {
        events->rows[known].duplicates++;
        events->duplicates++;
        return SANDBOX_DUPLICATE;
    }
    *add_row(events) = (struct sandbox_event){
        .metadata = keep_text(events, arrival->metadata),
        .created_s = arrival->created_s,
        .received_ms = arrival->received_ms,
        .name = spelling,
        .contact = arrival->contact,
        .user = arrival->user,
    };
    events->names[key.name].events++;
    sandbox_table_add(&events->by_key, hash, events->count - 1);
    return SANDBOX_STORED;
}

void sandbox_events_free(struct sandbox_events *events)
{
    while (events->chunks != NULL) {
        struct sandbox_chunk *next = events->chunks->next;
        free(events->chunks);
        events->chunks = next;
    }
    for (uint32_t row = 0; row < events->spelling_count; row++)
        free(events->spellings[row].text);
    for (uint32_t row = 0; row < events->name_count; row++)
        free(events->names[row].text);
    free(events->spellings);
    free(events->names);
    free(events->rows);
    sandbox_table_free(&events->by_key);
    *events = (struct sandbox_events){0};
}
