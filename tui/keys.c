#include "tui/keys.h"

#include "base/text.h"

#include <stdio.h>

struct action_keys {
    uint32_t first, second;
    const char *shown;
};

#define ACTION_ROW(name, first, second, shown)                                 \
    [ACTION_##name] = {first, second, shown},
static const struct action_keys actions[ACTION_COUNT] = {
    KEYS_ACTIONS(ACTION_ROW)};
#undef ACTION_ROW

enum {
    LISTS = PLACE_SCREENS | PLACE_DELIVERY | PLACE_ITEMS,
    SCROLLED = PLACE_BODY | PLACE_HELP,
};

/* clang-format off */
static const struct keys_row rows[] = {
    {ACTION_DOWN,  PLACE_OVERVIEW,   "j/k cause",     "next cause"},
    {ACTION_DOWN,  PLACE_DELIVERIES, "j/k move",      "next delivery"},
    {ACTION_DOWN,  PLACE_NAMES,      "j/k move",      "next event"},
    {ACTION_DOWN,  PLACE_OPERATIONS, "j/k move",      "next operation"},
    {ACTION_DOWN,  PLACE_ITEMS,      "j/k move",      "next delivery"},
    {ACTION_DOWN,  PLACE_DELIVERY,   "j/k attempt",   "next attempt; in the lower pane, next line"},
    {ACTION_DOWN,  SCROLLED,         "j/k scroll",    "one line down"},
    {ACTION_UP,    PLACE_EVERYWHERE, NULL,            "the one before"},
    {ACTION_OPEN,  PLACE_OVERVIEW,   "Enter show them", "show the deliveries that failed so"},
    {ACTION_OPEN,  PLACE_DELIVERIES, "Enter open",    "open the delivery"},
    {ACTION_OPEN,  PLACE_DELIVERY,   NULL,            "the body in full"},
    {ACTION_OPEN,  PLACE_NAMES,      NULL,            "edit the name"},
    {ACTION_OPEN,  PLACE_OPERATIONS, "Enter items",   "its deliveries and what became of them"},
    {ACTION_OPEN,  PLACE_ITEMS,      "Enter open",    "open the delivery"},
    {ACTION_FIRST, PLACE_EVERYWHERE, NULL,            "to the first"},
    {ACTION_LAST,  PLACE_EVERYWHERE, NULL,            "to the last"},
    {ACTION_PAGE_DOWN, PLACE_EVERYWHERE, NULL,        "a page down"},
    {ACTION_PAGE_UP,   PLACE_EVERYWHERE, NULL,        "a page up"},
    {ACTION_HALF_DOWN, PLACE_EVERYWHERE, NULL,        "half a page down"},
    {ACTION_HALF_UP,   PLACE_EVERYWHERE, NULL,        "half a page up"},
    {ACTION_WHEEL_DOWN, PLACE_EVERYWHERE, NULL,       NULL},
    {ACTION_WHEEL_UP,   PLACE_EVERYWHERE, NULL,       NULL},
    {ACTION_CLICK, PLACE_EVERYWHERE, NULL,            "choose a row, again to open it, or a screen; the wheel moves"},
    {ACTION_FILTER, PLACE_DELIVERIES, "/ filter",     "choose deliveries by a filter"},
    {ACTION_FILTER, PLACE_OPERATIONS, "/ filter",     "choose operations by a word"},
    {ACTION_FILTER, PLACE_BODY,      "/ search",      "search in the body"},
    {ACTION_NEXT,   PLACE_BODY,      "n next",        "the next match"},
    {ACTION_PREVIOUS, PLACE_BODY,    NULL,            "the match before"},
    {ACTION_MARK,   PLACE_DELIVERIES, "Space mark",   "mark or unmark the delivery"},
    {ACTION_MARK_ALL, PLACE_DELIVERIES, "a mark all", "mark all that match, seen or not"},
    {ACTION_UNMARK, PLACE_DELIVERIES, NULL,           "mark none"},
    {ACTION_TAB,    PLACE_DELIVERY,  "Tab pane",      "between attempts and bodies"},
    {ACTION_BACK_TAB, PLACE_DELIVERY, NULL,           NULL},
    {ACTION_VIEW,   PLACE_DELIVERY,  "v full body",   "the body in full"},
    {ACTION_VIEW,   PLACE_BODY,      "v next body",   "the next body of this delivery"},
    {ACTION_INDENT, PLACE_BODY,      "i indent",      "a member a line, or the bytes as they are"},
    {ACTION_EDIT,   PLACE_NAMES,     "E edit",        "edit the name"},
    {ACTION_EDIT,   PLACE_DELIVERIES, NULL,           "edit the name of this event"},
    {ACTION_EDIT,   PLACE_DELIVERY,  "E edit name",   "edit the name of this event"},
    {ACTION_OFF,    PLACE_NAMES,     "O on/off",      "send the event, or the contact's attributes only"},
    {ACTION_RETRY,  PLACE_OVERVIEW,  "R retry cause", "send all that failed so again"},
    {ACTION_RETRY,  PLACE_DELIVERIES, "R retry",      "send the marked ones again, or this one"},
    {ACTION_RETRY,  PLACE_DELIVERY,  "R retry",       "send it again"},
    {ACTION_DISCARD, PLACE_OVERVIEW, NULL,            "give up all that failed so"},
    {ACTION_DISCARD, PLACE_DELIVERIES, NULL,          "give up the marked ones, or this one"},
    {ACTION_DISCARD, PLACE_DELIVERY, "D discard",     "give it up"},
    {ACTION_CANCEL, PLACE_OPERATIONS, "C cancel",     "stop one that is running"},
    {ACTION_UNDO,   PLACE_NAMES,     "U undo",        "back to the version before"},
    {ACTION_UNDO,   PLACE_OPERATIONS, "U undo",       "take the operation back"},
    {ACTION_UNDO,   PLACE_EVERYWHERE & ~(PLACE_NAMES | PLACE_OPERATIONS), NULL,
                                                      "take the last operation back, what was not sent since"},
    {ACTION_PAUSE,  PLACE_OVERVIEW,  "P pause",       "pause or resume sending"},
    {ACTION_PAUSE,  PLACE_EVERYWHERE & ~PLACE_OVERVIEW, NULL,
                                                      "pause or resume sending"},
    {ACTION_SORT,   PLACE_DELIVERIES, "s sort",       "sort: newest, oldest; among failed also user or reason"},
    {ACTION_WRITE,  PLACE_DELIVERIES, NULL,           "write the list to a file"},
    {ACTION_WRITE,  PLACE_DELIVERY | PLACE_BODY, "w write", "write the body to a file"},
    {ACTION_FREEZE, PLACE_EVERYWHERE, NULL,           "freeze what is shown, or go on"},
    {ACTION_SCREEN_1, PLACE_EVERYWHERE, NULL,         "Overview"},
    {ACTION_SCREEN_2, PLACE_EVERYWHERE, NULL,         "Deliveries"},
    {ACTION_SCREEN_3, PLACE_EVERYWHERE, NULL,         "Names"},
    {ACTION_SCREEN_4, PLACE_EVERYWHERE, NULL,         "Operations"},
    {ACTION_TAB,    PLACE_EVERYWHERE & ~PLACE_DELIVERY, NULL, "next screen"},
    {ACTION_BACK_TAB, PLACE_EVERYWHERE & ~PLACE_DELIVERY, NULL, "the screen before"},
    {ACTION_BACK,   PLACE_DELIVERIES, NULL,           "clear the filter"},
    {ACTION_BACK,   PLACE_EVERYWHERE & ~PLACE_DELIVERIES, NULL, "back; cancels any question"},
    {ACTION_QUIT,   PLACE_SCREENS,   NULL,            "quit"},
    {ACTION_QUIT,   PLACE_EVERYWHERE & ~PLACE_SCREENS, "q back", "back"},
    {ACTION_HELP,   PLACE_EVERYWHERE, "? help",       "this help"},
    {ACTION_REDRAW, PLACE_EVERYWHERE, NULL,           "redraw the screen"},
    {ACTION_SUSPEND, PLACE_EVERYWHERE, NULL,          "suspend; fg comes back"},
};
/* clang-format on */

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

const struct keys_row *keys_table(size_t *count)
{
    *count = ROW_COUNT;
    return rows;
}

enum action keys_find(uint32_t code)
{
    if (code == '\n')
        code = KEYS_ENTER;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
        if (code != 0 &&
            (actions[i].first == code || actions[i].second == code))
            return (enum action)i;
    }
    return ACTION_NONE;
}

const char *keys_shown(enum action action)
{
    return actions[action].shown;
}

bool keys_changes(enum action action)
{
    uint32_t key = actions[action].first;
    return key >= 'A' && key <= 'Z' && action != ACTION_LAST;
}

bool keys_applies(enum action action, enum keys_place place, bool read_only)
{
    if (read_only && keys_changes(action))
        return false;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].action == action && (rows[i].places & place) != 0)
            return true;
    }
    return false;
}

void keys_name(uint32_t code, char *out)
{
    static const char *const named[] = {
        "Up",     "Down",  "Left",      "Right",     "Home",
        "End",    "PgUp",  "PgDn",      "Shift-Tab", "Backspace",
        "Delete", "click", "the wheel", "the wheel",
    };
    enum { NAMED_COUNT = sizeof(named) / sizeof(named[0]), DELETE = 0x7F };
    if (code == KEYS_TAB)
        (void)snprintf(out, KEYS_NAME_BYTES, "Tab");
    else if (code == KEYS_ENTER || code == '\n')
        (void)snprintf(out, KEYS_NAME_BYTES, "Enter");
    else if (code == KEYS_ESCAPE)
        (void)snprintf(out, KEYS_NAME_BYTES, "Esc");
    else if (code == KEYS_SPACE)
        (void)snprintf(out, KEYS_NAME_BYTES, "Space");
    else if (code < KEYS_SPACE)
        (void)snprintf(out, KEYS_NAME_BYTES, "Ctrl-%c", (char)(code + '@'));
    else if (code < DELETE)
        (void)snprintf(out, KEYS_NAME_BYTES, "%c", (char)code);
    else if (code >= KEYS_FIRST_NAMED && code - KEYS_FIRST_NAMED < NAMED_COUNT)
        text_copy(out, KEYS_NAME_BYTES, named[code - KEYS_FIRST_NAMED]);
    else
        (void)snprintf(out, KEYS_NAME_BYTES, "this key");
}
