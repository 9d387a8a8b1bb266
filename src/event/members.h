/* members.h - the members of a webhook body that we use, as they stand there.
 *
 * Reads JSON, judges nothing: whether a value is what event.h wants is said
 * there. A body of the ordinary kind is scanned once, without a tree; whatever
 * is out of the ordinary (an escape in what we use, deep nesting, a number of
 * many digits, anything that is no JSON) is left to cJSON, which costs five
 * times as much. Both read the same. Pure. */
#ifndef EVENT_MEMBERS_H
#define EVENT_MEMBERS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* All of them are members of "event", the shortest key first. */
#define MEMBERS(MEMBER)                                                        \
    MEMBER(ID, "id")                                                           \
    MEMBER(TYPE, "type")                                                       \
    MEMBER(STORE, "store")                                                     \
    MEMBER(APP_ID, "app_id")                                                   \
    MEMBER(PRODUCT_ID, "product_id")                                           \
    MEMBER(APP_USER_ID, "app_user_id")                                         \
    MEMBER(PERIOD_TYPE, "period_type")                                         \
    MEMBER(ENVIRONMENT, "environment")                                         \
    MEMBER(CANCEL_REASON, "cancel_reason")                                     \
    MEMBER(ENTITLEMENT_IDS, "entitlement_ids")                                 \
    MEMBER(PURCHASED_AT_MS, "purchased_at_ms")                                 \
    MEMBER(EXPIRATION_AT_MS, "expiration_at_ms")                               \
    MEMBER(EXPIRATION_REASON, "expiration_reason")                             \
    MEMBER(EVENT_TIMESTAMP_MS, "event_timestamp_ms")                           \
    MEMBER(IS_TRIAL_CONVERSION, "is_trial_conversion")                         \
    MEMBER(GRACE_PERIOD_EXPIRATION_AT_MS, "grace_period_expiration_at_ms")

#define MEMBER_CONSTANT(name, key) MEMBER_##name,
enum member { MEMBERS(MEMBER_CONSTANT) MEMBER_COUNT };
#undef MEMBER_CONSTANT

struct member_key {
    const char *key; /* in the JSON */
    size_t length;
};
extern const struct member_key member_keys[MEMBER_COUNT];

enum member_type {
    MEMBER_ABSENT,
    MEMBER_NULL,
    MEMBER_TEXT,
    MEMBER_NUMBER,
    MEMBER_TRUE,
    MEMBER_FALSE,
    MEMBER_LIST,
    MEMBER_OBJECT,
};

struct member_value {
    enum member_type type;
    const char *text; /* of MEMBER_TEXT; borrowed from struct members */
    double number;    /* of MEMBER_NUMBER */
};

struct cJSON;

/* Of a key that stands there twice the first counts. */
struct members {
    struct member_value values[MEMBER_COUNT];
    struct member_value entitlement; /* the first of ENTITLEMENT_IDS */
    char *texts;                     /* owned: all texts; or NULL, and … */
    struct cJSON *tree;              /* owned: … they are in here */
};

/* What stands in a text where the body has a \u0000, or half a surrogate pair:
 * bytes that no UTF-8 has. */
extern const char MEMBER_NUL_MASK[];
extern const char MEMBER_SURROGATE_MASK[];

/* Read them. Fails with ERR_INVALID and a text that says why: not JSON, nested
 * deeper than 1000 levels, not an object, event missing or not an object.
 * True: free with members_free(). */
MUST_CHECK bool members_read(const char *body, size_t length,
                             struct members *members, struct err *err);

void members_free(struct members *members);

#endif
