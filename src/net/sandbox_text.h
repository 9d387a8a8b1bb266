/* sandbox_text.h - how Intercom reads paths and event names. Pure. */
#ifndef NET_SANDBOX_TEXT_H
#define NET_SANDBOX_TEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Decode %XX. *decoded is owned by the caller (free()). False: a % without two
 * hexadecimal digits behind it, or %00. */
MUST_CHECK bool sandbox_text_decode(const char *text, size_t length,
                                    char **decoded);

/* The name under which Intercom keeps an event: ASCII letters in lower case,
 * '.' and '$' as '-'. Owned by the caller (free()). */
char *sandbox_text_fold_name(const char *name);

#endif
