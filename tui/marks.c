#include "tui/marks.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void marks_free(struct marks *marks)
{
    marks_clear(marks);
}

/* Where the id is, or would be. */
static size_t find(const struct marks *marks, int64_t id)
{
    size_t from = 0, to = marks->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (marks->ids[middle] < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool is_at(const struct marks *marks, size_t at, int64_t id)
{
    return at < marks->count && marks->ids[at] == id;
}

bool marks_has(const struct marks *marks, int64_t id)
{
    return is_at(marks, find(marks, id), id) != marks->all;
}

void marks_toggle(struct marks *marks, int64_t id)
{
    size_t at = find(marks, id);
    size_t behind = (marks->count - at) * sizeof(id);
    if (is_at(marks, at, id)) {
        memmove(marks->ids + at, marks->ids + at + 1, behind - sizeof(id));
        marks->count--;
        return;
    }
    marks->ids = mem_resize(marks->ids, (marks->count + 1) * sizeof(id));
    memmove(marks->ids + at + 1, marks->ids + at, behind);
    marks->ids[at] = id;
    marks->count++;
}

void marks_set_all(struct marks *marks)
{
    marks_clear(marks);
    marks->all = true;
}

void marks_clear(struct marks *marks)
{
    free(marks->ids);
    *marks = (struct marks){.all = false};
}

bool marks_is_empty(const struct marks *marks)
{
    return !marks->all && marks->count == 0;
}
