/* peer_meddle.c - what people do in the simulated Intercom, and what a look
 * into it shows. */
#include "sim/peer_part.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const attributes[] = {"latest_store", "latest_entitlement",
                                         "expires_at", "subscription_status"};

void peer_name_user(int user, char *out, size_t size)
{
    (void)snprintf(out, size, "u%d", user);
}

static struct sandbox_world *world_of(const struct peer *peer)
{
    return (struct sandbox_world *)(uintptr_t)&peer->sites[peer->workspace]
        .world;
}

static uint32_t find_row(const struct peer *peer, int user)
{
    char name[16];
    peer_name_user(user, name, sizeof(name));
    return sandbox_contacts_find_external(&world_of(peer)->contacts, name);
}

static void change_contact(struct peer *peer, enum sandbox_contact_state state)
{
    int user = 1 + (int)sim_draw(peer->sim, LEDGER_MOST_USERS);
    uint32_t row = find_row(peer, user);
    struct sandbox_contacts *contacts = &world_of(peer)->contacts;
    if (row == SANDBOX_NO_ROW || contacts->rows[row].state != SANDBOX_ACTIVE)
        return;
    if (state == SANDBOX_DELETED)
        peer->sim->ledger.users[user].is_tangled = true;
    sim_trace(peer->sim, "the contact of u%d is %s", user,
              state == SANDBOX_DELETED ? "deleted" : "archived");
    contacts->rows[row].state = state;
}

static void merge_contacts(struct peer *peer)
{
    int from = 1 + (int)sim_draw(peer->sim, LEDGER_MOST_USERS);
    int into = 1 + (int)sim_draw(peer->sim, LEDGER_MOST_USERS);
    uint32_t row = find_row(peer, from);
    uint32_t target = find_row(peer, into);
    struct err err;
    if (row == SANDBOX_NO_ROW || target == SANDBOX_NO_ROW || row == target)
        return;
    if (!sandbox_contacts_merge(&world_of(peer)->contacts, row, target, &err))
        return;
    peer->sim->ledger.users[from].is_tangled = true;
    peer->sim->ledger.users[into].is_tangled = true;
    sim_trace(peer->sim, "u%d is merged into u%d", from, into);
}

static void archive_name(struct peer *peer)
{
    static const char *const names[] = {"rc_renewal_event", "Renewed",
                                        "rc_cancellation_event"};
    const char *name = names[sim_draw(peer->sim, 3)];
    sim_trace(peer->sim, "the name %s is archived", name);
    sandbox_world_archive_name(world_of(peer), name);
}

static void remove_attribute(struct peer *peer)
{
    const char *name = attributes[sim_draw(peer->sim, 4)];
    sim_trace(peer->sim, "the attribute %s is gone", name);
    sandbox_attributes_remove(&world_of(peer)->attributes, name);
}

void peer_meddle(struct peer *peer)
{
    switch (sim_draw(peer->sim, 8)) {
    case 0:
    case 1:
        change_contact(peer, SANDBOX_ARCHIVED);
        break;
    case 2:
        change_contact(peer, SANDBOX_DELETED);
        break;
    case 3:
        merge_contacts(peer);
        break;
    case 4:
        archive_name(peer);
        break;
    default:
        remove_attribute(peer);
        break;
    }
}

void peer_mend(struct peer *peer)
{
    for (int i = 0; i < PEER_WORKSPACES; i++) {
        struct sandbox_world *world = &peer->sites[i].world;
        sandbox_world_archive_name(world, NULL);
        for (uint32_t row = 0; row < world->contacts.count; row++) {
            struct sandbox_contact *contact = &world->contacts.rows[row];
            if (contact->state != SANDBOX_MERGED)
                contact->state = SANDBOX_ACTIVE;
        }
    }
}

int peer_entitlement(const struct peer *peer, int user)
{
    const struct sandbox_contacts *contacts = &world_of(peer)->contacts;
    uint32_t row = find_row(peer, user);
    if (row == SANDBOX_NO_ROW || contacts->rows[row].state != SANDBOX_ACTIVE)
        return -1;
    cJSON *tree = cJSON_Parse(contacts->rows[row].attributes);
    const char *text = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(tree, "latest_entitlement"));
    int number = text == NULL ? 0 : (int)strtol(text + 1, NULL, 10);
    cJSON_Delete(tree);
    return number;
}
