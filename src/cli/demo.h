/* demo.h - the whole of subrelay at work for a few seconds: a temporary
 * outbox, the sandbox, sample events with planned failures, the relay. The
 * main thread. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "base/err.h"
#include "cli/demo_place.h"
#include "outbox/views.h"
#include "relay/relay.h"

#include <stdbool.h>
#include <stdint.h>

/* More than there are sample events. */
enum { DEMO_MOST_ROWS = 64 };

/* What came of it. demo_free(). */
struct demo {
    struct demo_samples samples;
    int64_t took_ms; /* of the relay */
    struct relay_report report;
    struct sandbox_summary arrived;
    struct view_status status;
    struct view_delivery rows[DEMO_MOST_ROWS]; /* newest first */
    int row_count;
};

enum demo_end {
    DEMO_DONE,
    DEMO_INTERRUPTED, /* by a signal */
    DEMO_BROKEN,      /* err says why */
};

/* Do it all and leave nothing behind. With DEMO_DONE *demo is filled. Signals
 * are blocked from here on. */
MUST_CHECK enum demo_end demo_run(struct demo *demo, struct err *err);
void demo_free(struct demo *demo);

#endif
