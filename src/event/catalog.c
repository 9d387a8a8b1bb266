#include "event/catalog.h"

#include "base/text.h"

#include <assert.h>

enum {
    EVERY_STORE = STORE_GROUP_APP_STORE | STORE_GROUP_PLAY_STORE |
                  STORE_GROUP_AMAZON | STORE_GROUP_WEB | STORE_GROUP_PROMO |
                  STORE_GROUP_OTHER,
    NOT_PROMO = EVERY_STORE & ~STORE_GROUP_PROMO,
    NOT_PROMO_NOT_AMAZON = NOT_PROMO & ~STORE_GROUP_AMAZON,
};

/* clang-format off */
static const struct catalog_kind kinds[KIND_COUNT] = {
    [KIND_INITIAL_PURCHASE] = {
        "initial_purchase", "Initial purchase", "rc_initial_purchase_event",
        "A new subscription, or a lapsed subscriber came back.",
        TIME_OF_PURCHASE, NOT_PROMO},
    [KIND_TRIAL_STARTED] = {
        "trial_started", "Trial started", "rc_trial_started_event",
        "A free trial began.",
        TIME_OF_PURCHASE, EVERY_STORE},
    [KIND_TRIAL_CONVERTED] = {
        "trial_converted", "Trial converted", "rc_trial_converted_event",
        "A free trial became a paid period.",
        TIME_OF_PURCHASE, EVERY_STORE},
    [KIND_TRIAL_CANCELLED] = {
        "trial_cancelled", "Trial cancelled", "rc_trial_cancelled_event",
        "A free trial had its renewal turned off.",
        TIME_OF_EVENT, EVERY_STORE},
    [KIND_RENEWAL] = {
        "renewal", "Renewal", "rc_renewal_event",
        "An existing subscription renewed.",
        TIME_OF_PURCHASE, NOT_PROMO},
    [KIND_CANCELLATION] = {
        "cancellation", "Cancellation", "rc_cancellation_event",
        "A subscription or a purchase was cancelled; refunds, too.",
        TIME_OF_EVENT, EVERY_STORE},
    [KIND_NON_SUBSCRIPTION_PURCHASE] = {
        "non_subscription_purchase", "Non subscription purchase",
        "rc_non_subscription_purchase_event",
        "Something was bought that does not renew.",
        TIME_OF_PURCHASE, EVERY_STORE},
    [KIND_EXPIRATION] = {
        "expiration", "Expiration", "rc_expiration_event",
        "The subscription ended; access should go.",
        TIME_OF_EXPIRATION, EVERY_STORE},
    [KIND_BILLING_ISSUE] = {
        "billing_issue", "Billing issue", "rc_billing_issue_event",
        "Charging failed; the subscription has not expired yet.",
        TIME_OF_EVENT, NOT_PROMO},
    [KIND_PRODUCT_CHANGE] = {
        "product_change", "Product change", "rc_product_change_event",
        "The subscriber changed product, maybe not in effect yet.",
        TIME_OF_EVENT, NOT_PROMO_NOT_AMAZON},
};

static const struct {
    const char *store;
    enum store_group group;
} stores[] = {
    {"APP_STORE", STORE_GROUP_APP_STORE},
    {"MAC_APP_STORE", STORE_GROUP_APP_STORE},
    {"PLAY_STORE", STORE_GROUP_PLAY_STORE},
    {"AMAZON", STORE_GROUP_AMAZON},
    {"STRIPE", STORE_GROUP_WEB},
    {"RC_BILLING", STORE_GROUP_WEB},
    {"PADDLE", STORE_GROUP_WEB},
    {"PROMOTIONAL", STORE_GROUP_PROMO},
};
/* clang-format on */

/* The rows of schema/catalog.sql, the most particular condition first. */
static const struct {
    const char *type;
    const char *condition;
    const char *kind;
} types[] = {
#define OUTBOX_TYPE(type, condition, kind) {type, condition, kind},
#include "catalog.inc"
#undef OUTBOX_TYPE
};

static bool condition_holds(const char *condition, bool is_trial,
                            bool is_trial_conversion)
{
    if (text_equals(condition, "trial"))
        return is_trial;
    if (text_equals(condition, "conversion"))
        return is_trial_conversion;
    return true;
}

const struct catalog_kind *catalog_kind(enum event_kind kind)
{
    assert(kind > KIND_NONE && kind < KIND_COUNT);
    return &kinds[kind];
}

enum event_kind catalog_find_kind(const char *word)
{
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
        if (text_equals(word, kinds[kind].word) ||
            text_equals(word, kinds[kind].default_name))
            return (enum event_kind)kind;
    }
    return KIND_NONE;
}

const char *catalog_word(enum event_kind kind)
{
    return kinds[kind].word;
}

bool catalog_find_type(const char *type, bool is_trial,
                       bool is_trial_conversion, enum event_kind *kind)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!text_equals(type, types[i].type) ||
            !condition_holds(types[i].condition, is_trial, is_trial_conversion))
            continue;
        *kind = catalog_find_kind(types[i].kind);
        return true;
    }
    return false;
}

enum store_group catalog_store_group(const char *store)
{
    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        if (text_equals(store, stores[i].store))
            return stores[i].group;
    }
    return STORE_GROUP_OTHER;
}
