/* operation_words.h - operations in a person's words: what the CLI and the
 * console have in common. */
#ifndef OUTBOX_OPERATION_WORDS_H
#define OUTBOX_OPERATION_WORDS_H

#include "base/buf.h"
#include "outbox/operation.h"

/* Add what a plan will do: how many, how many not and why, what may happen
 * twice, how many calls and how long. A line each, with its final newline. */
void operation_words_plan(const struct operation_plan *plan, struct buf *out);

#endif
