/* names_view.h - screen 3: the names sent to Intercom, and changing one with a
 * preview on a real event. */
#ifndef TUI_NAMES_VIEW_H
#define TUI_NAMES_VIEW_H

#include "event/names.h"
#include "outbox/name_figures.h"
#include "tui/list.h"
#include "tui/names_edit.h"
#include "tui/view.h"

#include <stdbool.h>
#include <stdint.h>

struct names_view {
    struct list list; /* row i is kind i + 1 */
    struct names names;
    struct name_figures figures;
    bool is_read;                  /* names and figures are valid */
    struct name_failures failures; /* counted last */
    struct name_failures counting; /* if is_counting */
    bool is_counting;
    int64_t counted_of; /* failed ones there were when it was counted; -1 */
    struct names_edit edit;
    enum event_kind ordered; /* the row that O or U was pressed on */
};

extern const struct view names_view;

/* Go to the names and edit this kind's (its word), previewed on this delivery
 * (0: on any that waits or failed). */
void names_view_edit(struct model *model, const char *kind, int64_t sample_id);

#endif
