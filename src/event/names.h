/* names.h - what each kind is called at Intercom, and which are switched off.
 *
 * Plain data, copied freely. Source: design, "Mapping"; facts on Intercom:
 * names are case insensitive, '.' and '$' become hyphens. */
#ifndef EVENT_NAMES_H
#define EVENT_NAMES_H

#include "base/err.h"
#include "event/catalog.h"

#include <stdbool.h>

/* A name's longest form in bytes. Intercom publishes no limit; ours keeps
 * screens and rows sane. */
enum { NAME_MOST_BYTES = 120 };

struct names {
    char name[KIND_COUNT][NAME_MOST_BYTES + 1]; /* never empty */
    bool off[KIND_COUNT]; /* no data event: the contact's attributes only */
};

/* Set every kind to its default name, and on. */
void names_init(struct names *names);

/* Rename a kind; a blank name (empty, or only spaces) means the default.
 * Surrounding spaces are dropped. Fails with ERR_INVALID and changes nothing
 * if the name is too long, is not UTF-8, has a control character, or is the
 * same as another kind's name. */
MUST_CHECK bool names_set(struct names *names, enum event_kind kind,
                          const char *name, struct err *err);

/* True if Intercom takes both for one name: after case folding and '.', '$'
 * -> '-'. */
bool names_are_same(const char *a, const char *b);

#endif
