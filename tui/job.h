/* job.h - what capital keys set going: a retry or discard from its plan to its
 * end, undo, cancel, pause.
 *
 * The same operations as the command line's (outbox/operation.h). A plan is
 * made in pages, then shown with its figures, a sample and the number to type;
 * a started one is applied in pages, and line 23 of every screen shows how far
 * it is. Esc gives up a plan; a started operation is cancelled by C. The main
 * thread. */
#ifndef TUI_JOB_H
#define TUI_JOB_H

#include "base/err.h"
#include "outbox/cursor.h"
#include "outbox/operation.h"
#include "tui/canvas.h"
#include "tui/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum job_state {
    JOB_NONE,
    JOB_PLANNING, /* pages are added */
    JOB_ASKING,   /* the plan is shown */
    JOB_DROPPING, /* it is given up */
    JOB_STARTING,
    JOB_APPLYING,
};

enum { JOB_FILTER_BYTES = 1024, JOB_SAMPLE_BYTES = 400 };

struct job {
    enum job_state state;
    char action[16];
    char filter[JOB_FILTER_BYTES]; /* as typed, or the ids */
    bool is_by_filter;
    struct cursor cursor; /* over the filter */
    int64_t *ids;         /* owned; else: these; by filter: but these */
    size_t id_count, id_next;
    struct operation_plan plan; /* plan.id 0: not begun */
    char sample[JOB_SAMPLE_BYTES];
    int64_t operation_id; /* that is applied */
    int64_t target_id;    /* of undo and cancel */
    int64_t pause_ms;     /* monotonic: leave the file to others until then */
};

/* Retry or discard (action) these deliveries; ids are copied. */
void job_plan_ids(struct model *model, const char *action, const int64_t *ids,
                  size_t count);
/* … or all that the filter chooses, as it was typed, but these. */
void job_plan_filter(struct model *model, const char *action,
                     const char *filter, const int64_t *but, size_t but_count);

/* Take an operation back (0: the newest that can be), or stop it. */
void job_undo(struct model *model, int64_t id);
void job_cancel(struct model *model, int64_t id);
/* Pause with a reason that is asked for, or resume. */
void job_pause_or_resume(struct model *model);

/* A plan is being made or asked about: it has the keys. */
bool job_has_keys(const struct model *model);
/* Esc. */
void job_give_up(struct model *model);

/* How long the file is left to others before the next page; 0: go on. */
int64_t job_pause_ms(const struct model *model);

/* Do the next page. *more: call again. */
MUST_CHECK bool job_work(struct model *model, struct store *store, bool *more,
                         struct err *err);

/* The lines of the pane in which a plan is shown; 0: there is none. It covers
 * the lowest lines of the body. */
int job_pane_lines(const struct model *model);
void job_draw(const struct model *model, struct canvas *canvas, int line);

void job_make(struct model *model);
void job_free(struct model *model);

#endif
