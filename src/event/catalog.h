/* catalog.h - the ten Intercom events and the webhook types behind them.
 *
 * The types come from schema/catalog.sql, the same lines that the database
 * computes a delivery's kind from. Constant data; any thread. Source: facts on
 * RevenueCat, "Webhook -> Intercom event". */
#ifndef EVENT_CATALOG_H
#define EVENT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

enum event_kind {
    KIND_NONE, /* no data event */
    KIND_INITIAL_PURCHASE,
    KIND_TRIAL_STARTED,
    KIND_TRIAL_CONVERTED,
    KIND_TRIAL_CANCELLED,
    KIND_RENEWAL,
    KIND_CANCELLATION,
    KIND_NON_SUBSCRIPTION_PURCHASE,
    KIND_EXPIRATION,
    KIND_BILLING_ISSUE,
    KIND_PRODUCT_CHANGE,
    KIND_COUNT,
};

/* Which field of the webhook a data event's created_at comes from. */
enum kind_time {
    TIME_OF_PURCHASE,   /* purchased_at_ms */
    TIME_OF_EXPIRATION, /* expiration_at_ms */
    TIME_OF_EVENT,      /* event_timestamp_ms */
};

/* The columns of the table "which event is tracked for which store". */
enum store_group {
    STORE_GROUP_APP_STORE = 1 << 0,
    STORE_GROUP_PLAY_STORE = 1 << 1,
    STORE_GROUP_AMAZON = 1 << 2,
    STORE_GROUP_WEB = 1 << 3,
    STORE_GROUP_PROMO = 1 << 4,
    STORE_GROUP_OTHER = 1 << 5, /* outside the table: always tracked */
};

struct catalog_kind {
    const char *word;         /* "trial_started", as in SQL and filters */
    const char *title;        /* "Trial started", for people */
    const char *default_name; /* "rc_trial_started_event" */
    const char *meaning;      /* one sentence for help texts */
    enum kind_time created_at;
    unsigned tracked; /* enum store_group, or-ed */
};

/* The row of a kind; not KIND_NONE, not KIND_COUNT. */
const struct catalog_kind *catalog_kind(enum event_kind kind);

/* The kind whose word or default name this is; KIND_NONE: neither. */
enum event_kind catalog_find_kind(const char *word);

/* The kind's word; NULL for KIND_NONE. */
const char *catalog_word(enum event_kind kind);

/* Find what a webhook type means. False: the type has no row, so the event is
 * recorded and skipped. True: *kind is set; KIND_NONE means attributes only. */
bool catalog_find_type(const char *type, bool is_trial,
                       bool is_trial_conversion, enum event_kind *kind);

/* The column that a store stands in; NULL (no store): STORE_GROUP_OTHER. */
enum store_group catalog_store_group(const char *store);

#endif
