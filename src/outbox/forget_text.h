/* forget_text.h - a user's name in texts of other things, for src/outbox. */
#ifndef OUTBOX_FORGET_TEXT_H
#define OUTBOX_FORGET_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "outbox/store.h"

/* What stands where the name was. */
#define FORGET_TEXT_INSTEAD "(forgotten)"

/* Add the text to out with the name replaced wherever it stands as a word of
 * its own: u1 is not in u12, but in user:u1. */
void forget_text_replace(const char *text, const char *user, struct buf *out);

/* Replace it in all that operators typed and in what was said last of the
 * destination, in the open transaction. */
MUST_CHECK bool forget_text_erase_all(struct store *store, const char *user,
                                      struct err *err);

#endif
