/* demo_live.h - the demo for a terminal: the console over a temporary outbox,
 * with a relay, a stand-in Intercom and users who go on buying behind it. The
 * main thread. */
#ifndef CLI_DEMO_LIVE_H
#define CLI_DEMO_LIVE_H

#include "base/err.h"

#include <stdbool.h>

/* Run it until somebody quits or a signal comes, and leave nothing behind.
 * Signals are blocked from here on. */
MUST_CHECK bool demo_live_run(struct err *err);

#endif
