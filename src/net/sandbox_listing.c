#include "net/sandbox_listing.h"

#include "base/json.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Larger than any row: bodies are limited to 256 KiB, and escapes make
     * six bytes of one at most. */
    MOST_PENDING_BYTES = 4 << 20,
    GOOD_PENDING_BYTES = 32 << 10,
};

struct sandbox_listing {
    const struct sandbox_world *world;
    enum sandbox_listing_kind kind;
    bool of_one_user;
    uint32_t user; /* a contact's row, or SANDBOX_NO_ROW: no such user */
    uint32_t next;
    uint32_t end;
    bool follows; /* a row was written: the next one needs a comma */
    bool ended;
    struct buf pending;
};

static const char *const state_names[] = {
    [SANDBOX_ACTIVE] = "active",
    [SANDBOX_ARCHIVED] = "archived",
    [SANDBOX_DELETED] = "deleted",
    [SANDBOX_MERGED] = "merged",
};

static void write_event(const struct sandbox_world *world, uint32_t row,
                        struct json *json)
{
    const struct sandbox_event *event = &world->events.rows[row];
    const struct sandbox_contact *contacts = world->contacts.rows;
    json_open_object(json);
    json_key_text(json, "event_name",
                  world->events.spellings[event->name].text);
    json_key_text(json, "user", contacts[event->user].external_id);
    json_key_text(json, "contact_id", contacts[event->contact].id);
    json_key_int64(json, "created_at", event->created_s);
    json_key(json, "metadata");
    json_raw(json, event->metadata, strlen(event->metadata));
    json_key_int64(json, "received_ms", event->received_ms);
    json_key_int64(json, "duplicates", event->duplicates);
    json_close(json);
}

static void write_contact(const struct sandbox_world *world, uint32_t row,
                          struct json *json)
{
    const struct sandbox_contact *contact = &world->contacts.rows[row];
    const char *attributes =
        contact->attributes == NULL ? "{}" : contact->attributes;
    json_open_object(json);
    json_key_text(json, "id", contact->id);
    json_key_text(json, "external_id", contact->external_id);
    json_key_text(json, "state", state_names[contact->state]);
    json_key(json, "custom_attributes");
    json_raw(json, attributes, strlen(attributes));
    json_key_int64(json, "created_at", contact->created_s);
    json_key_int64(json, "updated_at", contact->updated_s);
    json_key_int64(json, "updates", contact->updates);
    json_close(json);
}

static bool is_wanted(const struct sandbox_listing *listing, uint32_t row)
{
    if (!listing->of_one_user)
        return true;
    return listing->user == (listing->kind == SANDBOX_LIST_CONTACTS
                                 ? row
                                 : listing->world->events.rows[row].user);
}

static void write_row(struct sandbox_listing *listing, uint32_t row)
{
    struct json json;
    if (listing->follows)
        buf_add_text(&listing->pending, ",\n");
    listing->follows = true;
    json_begin(&json, &listing->pending);
    if (listing->kind == SANDBOX_LIST_EVENTS)
        write_event(listing->world, row, &json);
    else
        write_contact(listing->world, row, &json);
}

static void fill(struct sandbox_listing *listing)
{
    while (listing->next < listing->end &&
           listing->pending.length < GOOD_PENDING_BYTES) {
        if (is_wanted(listing, listing->next))
            write_row(listing, listing->next);
        listing->next++;
    }
    if (listing->next == listing->end && !listing->ended) {
        buf_add_text(&listing->pending, "]\n");
        listing->ended = true;
    }
}

struct sandbox_listing *sandbox_listing_new(const struct sandbox_world *world,
                                            enum sandbox_listing_kind kind,
                                            const char *external_id)
{
    struct sandbox_listing *listing = mem_new(sizeof(*listing));
    listing->world = world;
    listing->kind = kind;
    listing->of_one_user = external_id != NULL;
    if (external_id != NULL)
        listing->user =
            sandbox_contacts_find_external(&world->contacts, external_id);
    listing->end = kind == SANDBOX_LIST_EVENTS ? world->events.count
                                               : world->contacts.count;
    buf_init(&listing->pending, MOST_PENDING_BYTES);
    buf_add_byte(&listing->pending, '[');
    return listing;
}

size_t sandbox_listing_read(struct sandbox_listing *listing, char *bytes,
                            size_t size)
{
    if (listing->pending.length < size)
        fill(listing);
    size_t take =
        listing->pending.length < size ? listing->pending.length : size;
    if (take > 0) {
        memcpy(bytes, listing->pending.bytes, take);
        buf_drop_front(&listing->pending, take);
    }
    return take;
}

void sandbox_listing_free(struct sandbox_listing *listing)
{
    if (listing == NULL)
        return;
    buf_free(&listing->pending);
    free(listing);
}
