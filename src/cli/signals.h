/* signals.h - TERM, INT and HUP as something to read.
 *
 * They are blocked in the calling thread, and in every thread that it starts
 * afterwards, and read from a descriptor: nothing ever runs inside a handler.
 * Call signals_open() before there are threads. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "base/err.h"

#include <stdbool.h>

/* Block the signals; *descriptor becomes readable when one came (close()). */
MUST_CHECK bool signals_open(int *descriptor, struct err *err);

/* The signal that came: SIGTERM, SIGINT or SIGHUP; 0: none is waiting. */
int signals_take(int descriptor);

#endif
