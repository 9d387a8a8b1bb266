#include "tui/outcomes.h"

#include <inttypes.h>
#include <stdio.h>

void outcomes_begin(struct outcomes *outcomes, int64_t id)
{
    if (outcomes->id != id)
        *outcomes = (struct outcomes){.id = id};
    if (outcomes->is_counting || id == 0)
        return;
    outcomes->counting = (struct operation_outcomes){.after_id = 0};
    outcomes->is_counting = true;
}

bool outcomes_work(struct outcomes *outcomes, struct store *store, bool *more,
                   struct err *err)
{
    *more = false;
    if (!outcomes->is_counting)
        return true;
    if (!operation_count_outcomes(store, outcomes->id, &outcomes->counting,
                                  more, err))
        return false;
    if (!*more) {
        outcomes->counted = outcomes->counting;
        outcomes->is_known = true;
        outcomes->is_counting = false;
    }
    return true;
}

void outcomes_write(const struct outcomes *outcomes, char *out, size_t size)
{
    const struct {
        const char *word;
        int64_t count;
    } parts[] = {
        {"delivered", outcomes->counted.delivered},
        {"failed", outcomes->counted.failed},
        {"wait", outcomes->counted.waiting},
        {"skipped or discarded", outcomes->counted.settled},
        {"taken back", outcomes->counted.restored},
        {"pruned", outcomes->counted.pruned},
    };
    size_t used = 0;
    out[0] = '\0';
    if (!outcomes->is_known)
        return;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].count == 0 || used >= size)
            continue;
        int length =
            snprintf(out + used, size - used, "%s%" PRId64 " %s",
                     used > 0 ? ", " : "", parts[i].count, parts[i].word);
        used += length > 0 ? (size_t)length : 0;
    }
}

/* How many have come to an end, of how many that were changed and not taken
 * back. */
static void read_progress(const struct outcomes *outcomes, int64_t *ended,
                          int64_t *all)
{
    const struct operation_outcomes *counted = &outcomes->counted;
    *ended = counted->delivered + counted->failed + counted->settled +
             counted->pruned;
    *all = *ended + counted->waiting;
}

void outcomes_draw_bar(const struct outcomes *outcomes, struct canvas *canvas,
                       int line)
{
    int64_t ended, all;
    int width = canvas->columns - 4;
    read_progress(outcomes, &ended, &all);
    if (!outcomes->is_known || all == 0)
        return;
    int64_t filled = ended * width / all;
    (void)canvas_put(canvas, line, 1, 1, ROLE_DIM, "[");
    for (int i = 0; i < width; i++)
        (void)canvas_put(canvas, line, 2 + i, 1,
                         i < filled ? ROLE_GOOD : ROLE_DIM,
                         i < filled ? "#" : ".");
    (void)canvas_put(canvas, line, 2 + width, 1, ROLE_DIM, "]");
}
