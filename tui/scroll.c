#include "tui/scroll.h"

#include <stddef.h>

enum { WHEEL_LINES = 3 };

bool scroll_move(enum action action, int total, int height, int *top)
{
    int page = height > 1 ? height - 1 : 1;
    int half = height > 1 ? height / 2 : 1;
    const struct {
        enum action action;
        int step;
    } steps[] = {
        {ACTION_DOWN, 1},
        {ACTION_UP, -1},
        {ACTION_WHEEL_DOWN, WHEEL_LINES},
        {ACTION_WHEEL_UP, -WHEEL_LINES},
        {ACTION_PAGE_DOWN, page},
        {ACTION_PAGE_UP, -page},
        {ACTION_HALF_DOWN, half},
        {ACTION_HALF_UP, -half},
        {ACTION_FIRST, -total},
        {ACTION_LAST, total},
    };
    int last = total > height ? total - height : 0;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].action != action)
            continue;
        *top += steps[i].step;
        *top = *top > last ? last : *top;
        *top = *top < 0 ? 0 : *top;
        return true;
    }
    return false;
}
