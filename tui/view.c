#include "tui/view.h"

#include "tui/body.h"
#include "tui/deliveries.h"
#include "tui/delivery.h"
#include "tui/help.h"
#include "tui/items.h"
#include "tui/names_view.h"
#include "tui/operations.h"
#include "tui/overview.h"

static const struct view *const views[SCREEN_COUNT] = {
    [SCREEN_OVERVIEW] = &overview_view, [SCREEN_DELIVERIES] = &deliveries_view,
    [SCREEN_NAMES] = &names_view,       [SCREEN_OPERATIONS] = &operations_view,
    [SCREEN_DELIVERY] = &delivery_view, [SCREEN_BODY] = &body_view,
    [SCREEN_ITEMS] = &items_view,       [SCREEN_HELP] = &help_view,
};

const struct view *view_of(enum screen screen)
{
    return views[screen];
}
