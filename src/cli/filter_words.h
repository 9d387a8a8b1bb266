/* filter_words.h - the filter on a command line. */
#ifndef CLI_FILTER_WORDS_H
#define CLI_FILTER_WORDS_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"
#include "outbox/filter.h"

/* The words of the call as one text, a blank between them. out is to be freed
 * by the caller. */
void filter_words_join(const struct command_call *call, struct buf *out);

/* Read the call's words as a filter. Fails with ERR_USAGE; the text names the
 * word that is wrong. */
MUST_CHECK bool filter_words_read(const struct command_call *call,
                                  struct filter *filter, struct err *err);

#endif
