/* intercom_answer.h - what Intercom's answers say, read tolerantly.
 *
 * A body may be HTML, cut, empty, or JSON of any shape: every function here
 * takes all of them, and finds nothing where nothing is. Pure. Source: facts
 * on Intercom, "Basics" and "Contacts". */
#ifndef DELIVERY_INTERCOM_ANSWER_H
#define DELIVERY_INTERCOM_ANSWER_H

#include "delivery/http.h"

#include <stdbool.h>

/* Room for a contact's id and its NUL; longer ones are taken for none. */
enum { INTERCOM_ID_BYTES = 80 };

/* Whose token it is: from the answer to GET /me. "" where it does not say. */
struct intercom_me {
    char workspace[80];
    char region[16]; /* "US" */
};

void intercom_read_me(const struct http_answer *answer, struct intercom_me *me);

/* The first error of an error.list; "" where there is none. Texts are cut to
 * their room. */
struct intercom_error {
    char code[64];
    char field[64];
    char message[256]; /* not JSON and not HTML: the body's first bytes */
};

void intercom_read_error(const struct http_answer *answer,
                         struct intercom_error *error);

/* Copy the "id" of the outermost object to id (INTERCOM_ID_BYTES), also from a
 * body that was cut behind it. False: a web page, no id, or not fit for one. */
bool intercom_read_contact_id(const struct http_answer *answer, char *id);

/* Copy the 24 hex digits behind "id=" in a 409's message to id. False: there
 * are none. */
bool intercom_read_conflict_id(const char *message, char *id);

/* Copy the contact's id from a Link header: the canonical link if one says so,
 * else the first to a contact. False: there is none. */
bool intercom_read_link_id(const char *link, char *id);

#endif
