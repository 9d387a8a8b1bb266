/* marks.h - which deliveries are marked: some, or all of a filter but some.
 * Plain data; one owner. */
#ifndef TUI_MARKS_H
#define TUI_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct marks {
    bool all;     /* all that match, but those of ids */
    int64_t *ids; /* owned; ascending */
    size_t count;
};

void marks_free(struct marks *marks);

bool marks_has(const struct marks *marks, int64_t id);
/* Mark what is not, and the other way round. */
void marks_toggle(struct marks *marks, int64_t id);
void marks_set_all(struct marks *marks);
void marks_clear(struct marks *marks);
/* True if nothing is marked. */
bool marks_is_empty(const struct marks *marks);

#endif
