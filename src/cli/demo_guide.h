/* demo_guide.h - the line that leads through the demo, a step at a time: what
 * is to be seen, and which key to press. It goes on as the person does it. Pure
 * but for what a step sets going. The main thread. */
#ifndef CLI_DEMO_GUIDE_H
#define CLI_DEMO_GUIDE_H

#include <stdbool.h>

struct model;

enum demo_step {
    DEMO_STEP_LOOK,
    DEMO_STEP_FILTER,
    DEMO_STEP_OPEN,
    DEMO_STEP_EDIT,
    DEMO_STEP_RENAME,
    DEMO_STEP_RETRY,
    DEMO_STEP_START,
    DEMO_STEP_WATCH,
    DEMO_STEP_UNDO,
    DEMO_STEP_OUTAGE,
    DEMO_STEP_END,
    DEMO_STEP_COUNT
};

struct demo_guide {
    enum demo_step step;
    bool saw_outage; /* nothing got through for a while */
    /* Let the outage begin; called once. NULL: nothing to call. */
    void (*begin_outage)(void *context);
    void *context; /* borrowed */
};

/* See how far the person is and return the line to show; constant. */
const char *demo_guide_look(struct demo_guide *guide,
                            const struct model *model);

#endif
