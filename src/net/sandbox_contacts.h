/* sandbox_contacts.h - the sandbox's contacts: who exists, in which state, with
 * which custom attributes. Pure state. A contact is named by its row, which
 * never changes; pointers into rows end with the next contact. One thread. */
#ifndef NET_SANDBOX_CONTACTS_H
#define NET_SANDBOX_CONTACTS_H

#include "base/err.h"
#include "base/json.h"
#include "net/sandbox_table.h"

#include <stdint.h>

enum { SANDBOX_ID_LENGTH = 24 };

enum sandbox_contact_state {
    SANDBOX_ACTIVE,
    SANDBOX_ARCHIVED, /* not found, but comes back by unarchive */
    SANDBOX_DELETED,  /* not found, and never comes back */
    SANDBOX_MERGED,   /* its place is taken by merged_into */
};

struct sandbox_contact {
    char id[SANDBOX_ID_LENGTH + 1]; /* 24 hexadecimal digits */
    enum sandbox_contact_state state;
    uint32_t merged_into; /* a row; only when SANDBOX_MERGED */
    uint32_t updates;     /* how often it was written after its creation */
    char *external_id;    /* owned; NULL: none */
    char *attributes;     /* owned; a JSON object; NULL: {} */
    int64_t created_s;
    int64_t updated_s;
    const void *calling; /* the event call being answered; NULL: none */
};

struct sandbox_contacts {
    struct sandbox_contact *rows; /* owned */
    uint32_t count;
    uint32_t capacity;
    uint64_t seed; /* ids come from it and the external ids */
    struct sandbox_table by_id;
    struct sandbox_table by_external_id;
};

/* Add an active contact without attributes; external_id (copied, NULL: none)
 * must not be there yet. Returns its row. */
uint32_t sandbox_contacts_add(struct sandbox_contacts *contacts,
                              const char *external_id, int64_t now_s);

/* The row with this id, whatever its state, or SANDBOX_NO_ROW. */
uint32_t sandbox_contacts_find(const struct sandbox_contacts *contacts,
                               const char *id);
uint32_t sandbox_contacts_find_external(const struct sandbox_contacts *contacts,
                                        const char *external_id);

/* Follow merges to the contact that is left; row itself if it is not merged. */
uint32_t sandbox_contacts_resolve(const struct sandbox_contacts *contacts,
                                  uint32_t row);

/* Merge row into target. Fails with ERR_INVALID if row is merged already, or
 * target has become row. */
MUST_CHECK bool sandbox_contacts_merge(struct sandbox_contacts *contacts,
                                       uint32_t row, uint32_t target,
                                       struct err *err);

/* Take over each key of the object changes (borrowed, NULL: none); a null
 * clears its key. The values were checked. */
void sandbox_contacts_write(struct sandbox_contacts *contacts, uint32_t row,
                            const struct cJSON *changes, int64_t now_s);

/* Write one whole as Intercom's API shows it. */
void sandbox_contacts_show(const struct sandbox_contact *contact,
                           struct json *json);

/* Free everything; the seed stays. */
void sandbox_contacts_free(struct sandbox_contacts *contacts);

#endif
