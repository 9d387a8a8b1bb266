-- catalog.sql - which webhook types mean something to Intercom.
--
-- One row a rule, most particular condition first: 'trial' (period_type is
-- TRIAL), 'conversion' (is_trial_conversion is true), '' (otherwise). The kind
-- is the Intercom event; NULL: none, the contact's attributes only. A type
-- without a row is recorded and skipped. The trigger of outbox reads this
-- table; the C catalog is generated from these very lines
-- (cmake/embed.cmake), which therefore keep their form: one row a line.
-- Source: facts on RevenueCat's Intercom integration, "Webhook -> Intercom
-- event". Replayed whole at each upgrade.

INSERT OR REPLACE INTO outbox_type (type, condition, kind) VALUES
    ('INITIAL_PURCHASE', 'trial', 'trial_started'),
    ('INITIAL_PURCHASE', '', 'initial_purchase'),
    ('RENEWAL', 'conversion', 'trial_converted'),
    ('RENEWAL', '', 'renewal'),
    ('CANCELLATION', 'trial', 'trial_cancelled'),
    ('CANCELLATION', '', 'cancellation'),
    ('NON_RENEWING_PURCHASE', '', 'non_subscription_purchase'),
    ('EXPIRATION', '', 'expiration'),
    ('BILLING_ISSUE', '', 'billing_issue'),
    ('PRODUCT_CHANGE', '', 'product_change'),
    ('UNCANCELLATION', '', NULL),
    ('SUBSCRIPTION_PAUSED', '', NULL),
    ('SUBSCRIPTION_EXTENDED', '', NULL);
