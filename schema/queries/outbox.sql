-- outbox.sql - events in, claims out, outcomes recorded.

-- name: outbox_put
-- One event; the triggers do the rest.
INSERT INTO outbox (payload) VALUES (:payload);

-- name: outbox_names
-- The names that operators set.
-- scans: eleven rows at most
SELECT kind, name, off FROM outbox_name;

-- name: outbox_epoch
-- Whose turn it is.
SELECT epoch FROM outbox_relay WHERE id = 1;

-- name: outbox_due_fresh
-- Heads that never waited for a time, oldest first.
SELECT delivery.id, delivery.lane, kind, arrived_ms, attempts, tries,
    first_try_open_ms, missing_open_ms, unknown, bound, payload, contact_id,
    sent_timestamp_ms, sent_id, sent_attributes, confirmed_timestamp_ms,
    confirmed_id, confirmed_ms, confirmed_epoch, sent_events,
    quiet_until_ms, CASE WHEN not_before_ms = 1 THEN operation_id END, user.id,
    user_row, (SELECT max(id) FROM outbox_user)
    FROM outbox_delivery AS delivery INDEXED BY outbox_delivery_due
    LEFT JOIN outbox ON outbox.id = delivery.id
    LEFT JOIN outbox_user AS user ON user.id = coalesce(
        (SELECT id FROM outbox_user
            WHERE id = user_row AND lane = delivery.lane),
        (SELECT id FROM outbox_user WHERE lane = delivery.lane))
    WHERE due_ms = 0 ORDER BY delivery.id LIMIT :limit;

-- name: outbox_due_operation
-- Heads that an operator's retry put back (due at 1), oldest first.
SELECT delivery.id, delivery.lane, kind, arrived_ms, attempts, tries,
    first_try_open_ms, missing_open_ms, unknown, bound, payload, contact_id,
    sent_timestamp_ms, sent_id, sent_attributes, confirmed_timestamp_ms,
    confirmed_id, confirmed_ms, confirmed_epoch, sent_events,
    quiet_until_ms, operation_id, user.id,
    user_row, (SELECT max(id) FROM outbox_user)
    FROM outbox_delivery AS delivery INDEXED BY outbox_delivery_due
    LEFT JOIN outbox ON outbox.id = delivery.id
    LEFT JOIN outbox_user AS user ON user.id = coalesce(
        (SELECT id FROM outbox_user
            WHERE id = user_row AND lane = delivery.lane),
        (SELECT id FROM outbox_user WHERE lane = delivery.lane))
    WHERE due_ms = 1 ORDER BY delivery.id LIMIT :limit;

-- name: outbox_due_retry
-- Heads whose time has come, the longest overdue first.
SELECT delivery.id, delivery.lane, kind, arrived_ms, attempts, tries,
    first_try_open_ms, missing_open_ms, unknown, bound, payload, contact_id,
    sent_timestamp_ms, sent_id, sent_attributes, confirmed_timestamp_ms,
    confirmed_id, confirmed_ms, confirmed_epoch, sent_events,
    quiet_until_ms, CASE WHEN not_before_ms = 1 THEN operation_id END, user.id,
    user_row, (SELECT max(id) FROM outbox_user)
    FROM outbox_delivery AS delivery INDEXED BY outbox_delivery_due
    LEFT JOIN outbox ON outbox.id = delivery.id
    LEFT JOIN outbox_user AS user ON user.id = coalesce(
        (SELECT id FROM outbox_user
            WHERE id = user_row AND lane = delivery.lane),
        (SELECT id FROM outbox_user WHERE lane = delivery.lane))
    WHERE due_ms > 1 AND due_ms <= :now_ms
    ORDER BY due_ms, delivery.id LIMIT :limit;

-- name: outbox_pull_back
-- The clock was set back: nothing waits longer than it was to. It looks at all
-- that waits for a time.
UPDATE outbox_delivery INDEXED BY outbox_delivery_due
    SET due_ms = :now_ms + wait_ms,
        not_before_ms = min(not_before_ms, :now_ms + wait_ms)
    WHERE due_ms > :now_ms AND due_ms > :now_ms + wait_ms;

-- name: outbox_put_off
-- A due head waits: a request of its user may still be on its way.
UPDATE outbox_delivery SET due_ms = :until_ms, wait_ms = :until_ms - :now_ms
    WHERE id = :id AND due_ms IS NOT NULL;

-- name: outbox_be_quiet
-- No call of this user before.
INSERT INTO outbox_user (lane, quiet_until_ms) VALUES (:lane, :until_ms)
    ON CONFLICT (lane) DO UPDATE SET quiet_until_ms = :until_ms;

-- name: outbox_bytes
-- The bytes in force: those of the last attempt that wrote its own.
SELECT
    (SELECT attributes FROM outbox_attempt
        WHERE id BETWEEN (:id << 20) AND (:id << 20 | 1048575)
            AND attributes IS NOT NULL
        ORDER BY id DESC LIMIT 1),
    (SELECT event_body FROM outbox_attempt
        WHERE id BETWEEN (:id << 20) AND (:id << 20 | 1048575)
            AND event_body IS NOT NULL
        ORDER BY id DESC LIMIT 1);

-- name: outbox_start
-- Due heads are about to be sent; ids is a JSON array. One statement for all:
-- what it costs to begin one is a third of a row.
-- scans: the ids
UPDATE outbox_delivery SET state = 'sending', due_ms = NULL,
    attempts = attempts + 1, epoch = :epoch
    WHERE id IN (SELECT value FROM json_each(:ids)) AND due_ms IS NOT NULL;

-- name: outbox_start_attempt
-- Its bytes are on the disk before the first of them leaves.
INSERT INTO outbox_attempt (id, epoch, cause, started_ms, newest_ms,
    newest_confirmed, attributes, event_body)
    VALUES (:id << 20 | :number, :epoch, :cause, :now_ms, :newest_ms,
        :newest_confirmed, :attributes, :event_body);

-- name: outbox_settle
-- A due head leaves for good without an attempt.
UPDATE outbox_delivery SET state = :state, aside = :state,
    reason = :reason, result = :result, due_ms = NULL, unknown = 0,
    settled_ms = :now_ms
    WHERE id = :id AND due_ms IS NOT NULL;

-- name: outbox_end_delivered
-- A delivery that this epoch was sending is delivered. That is what becomes of
-- most, so it names what changes and no more.
UPDATE outbox_delivery SET state = 'delivered', reason = :reason,
    result = :result, status = :status, not_before_ms = 0, wait_ms = 0,
    settled_ms = :now_ms, bound = bound | :bound, unknown = 0,
    call_number = :call_number, call_started_ms = :call_started_ms,
    call_took_ms = :call_took_ms, call_request_id = :call_request_id
    WHERE id = :id AND state = 'sending' AND epoch = :epoch
        AND attempts = :number;

-- name: outbox_end_delivered_plainly
-- The same of a first attempt, with no reason to tell, and none that stands
-- there: SQLite opens the indexes of reasons where a statement sets it.
UPDATE outbox_delivery SET state = 'delivered', result = :result,
    status = :status, not_before_ms = 0, wait_ms = 0, settled_ms = :now_ms,
    bound = bound | :bound, unknown = 0, call_number = :call_number,
    call_started_ms = :call_started_ms, call_took_ms = :call_took_ms,
    call_request_id = :call_request_id
    WHERE id = :id AND state = 'sending' AND epoch = :epoch AND attempts = 1
        AND reason IS NULL;

-- name: outbox_end
-- What else became of one. An unknown outcome stays one until the delivery is
-- settled: a repeat that gets a 503 has not told what became of the first.
UPDATE outbox_delivery SET reason = :reason, result = :result,
    status = :status, state = :state,
    aside = CASE WHEN :settled_ms IS NOT NULL THEN :state END,
    settled_ms = :settled_ms, not_before_ms = :not_before_ms,
    wait_ms = max(0, :not_before_ms - :now_ms),
    bound = bound | :bound,
    unknown = CASE WHEN :settled_ms IS NULL THEN unknown | :unknown ELSE 0 END,
    tries = tries + :costs_try,
    first_try_open_ms = CASE WHEN :costs_try
        THEN coalesce(first_try_open_ms, :open_ms)
        ELSE first_try_open_ms END,
    missing_open_ms = CASE WHEN :reason = 'contact_missing'
        THEN coalesce(missing_open_ms, :open_ms)
        WHEN :costs_try THEN NULL ELSE missing_open_ms END
    WHERE id = :id AND state = 'sending' AND epoch = :epoch
        AND attempts = :number;

-- name: outbox_end_attempt
-- How the attempt ended, unless it delivered (outbox_attempt_outcome).
UPDATE outbox_attempt SET ended_ms = :now_ms, outcome = :outcome,
    reason = :reason, result = :result
    WHERE id = (:id << 20 | :number);

-- name: outbox_end_call
-- One of its calls (outbox_call_made).
INSERT INTO outbox_call (delivery_id, attempt, number, request, started_ms,
    took_ms, status, request_id, result, answer)
    VALUES (:id, :attempt, :number, :request, :started_ms, :took_ms, :status,
        :request_id, :result, :answer);

-- name: outbox_end_user
-- What was learned of a user whose row the claim has found: a contact id ('':
-- there is none any more), the data events sent, that these are the newest
-- attributes sent, and that Intercom has the newest attributes. One write a
-- delivery, without looking for the name: users lie all over the file.
UPDATE outbox_user SET
    sent_events = coalesce(:sent_events, sent_events),
    contact_id = CASE WHEN :contact IS NULL THEN contact_id
        ELSE nullif(:contact, '') END,
    sent_timestamp_ms = coalesce(:newest_ms, sent_timestamp_ms),
    sent_id = coalesce(:newest_id, sent_id),
    sent_attributes = coalesce(:attributes, sent_attributes),
    confirmed_timestamp_ms = coalesce(:confirmed_newest_ms,
        CASE WHEN :confirmed_ms IS NOT NULL THEN sent_timestamp_ms
            ELSE confirmed_timestamp_ms END),
    confirmed_id = coalesce(:confirmed_newest_id,
        CASE WHEN :confirmed_ms IS NOT NULL THEN sent_id
            ELSE confirmed_id END),
    confirmed_ms = coalesce(:confirmed_ms, confirmed_ms),
    confirmed_epoch = coalesce(:epoch, confirmed_epoch),
    quiet_until_ms = coalesce(:quiet_until_ms, quiet_until_ms)
    WHERE id = :user AND lane = :lane;

-- name: outbox_move_user
-- To the end of its table, beside others who have had events lately. Where it
-- is now.
UPDATE outbox_user SET id = (SELECT max(id) + 1 FROM outbox_user)
    WHERE id = :user AND lane = :lane RETURNING id;

-- name: outbox_end_new_user
-- The same of one who had no row then, or has it no more: nothing stands there
-- that could stay, unless it came meanwhile.
INSERT INTO outbox_user (sent_events, contact_id, sent_timestamp_ms, sent_id,
    sent_attributes, confirmed_timestamp_ms, confirmed_ms, confirmed_id,
    confirmed_epoch, quiet_until_ms, lane)
    VALUES (:sent_events, nullif(:contact, ''), :newest_ms, :newest_id,
        :attributes, :confirmed_newest_ms, :confirmed_ms,
        :confirmed_newest_id, :epoch, :quiet_until_ms, :lane)
    ON CONFLICT (lane) DO UPDATE SET
        sent_events = coalesce(excluded.sent_events, sent_events),
        contact_id = CASE WHEN :contact IS NULL THEN contact_id
            ELSE excluded.contact_id END,
        sent_timestamp_ms =
            coalesce(excluded.sent_timestamp_ms, sent_timestamp_ms),
        sent_id = coalesce(excluded.sent_id, sent_id),
        sent_attributes =
            coalesce(excluded.sent_attributes, sent_attributes),
        confirmed_timestamp_ms = coalesce(excluded.confirmed_timestamp_ms,
            CASE WHEN :confirmed_ms IS NOT NULL THEN sent_timestamp_ms
                ELSE confirmed_timestamp_ms END),
        confirmed_id = coalesce(excluded.confirmed_id,
            CASE WHEN :confirmed_ms IS NOT NULL THEN sent_id
                ELSE confirmed_id END),
        confirmed_ms = coalesce(excluded.confirmed_ms, confirmed_ms),
        confirmed_epoch = coalesce(excluded.confirmed_epoch, confirmed_epoch),
        quiet_until_ms = coalesce(excluded.quiet_until_ms, quiet_until_ms);

-- name: outbox_set_hold
-- The destination is held, or no longer.
UPDATE outbox_destination SET hold_reason = :reason, hold_text = :text,
    held_since_ms = :since_ms, probe_ms = :probe_ms WHERE id = 1;

-- name: outbox_set_breaker
-- Nothing gets through since, or (NULL) the breaker is closed.
UPDATE outbox_destination SET breaker_since_ms = :since_ms,
    breaker_probe_ms = :probe_ms, breaker_text = :text WHERE id = 1;

-- name: outbox_set_open
-- How long sending has been possible.
UPDATE outbox_destination SET open_ms = :open_ms WHERE id = 1;

-- name: outbox_set_quota
-- What the last answers said of the quota.
UPDATE outbox_destination SET quota_limit = :limit, quota_left = :left,
    quota_reset_ms = :reset_ms, wait_until_ms = :wait_until_ms WHERE id = 1;

-- name: outbox_look_ahead
-- What is next.
SELECT
    (SELECT min(due_ms) FROM outbox_delivery WHERE due_ms IS NOT NULL),
    (SELECT count FROM outbox_count WHERE name = 'pending'),
    (SELECT count FROM outbox_count WHERE name = 'sending'),
    (SELECT count FROM outbox_count WHERE name = 'failed'),
    (SELECT pause_reason IS NOT NULL FROM outbox_destination WHERE id = 1),
    (SELECT epoch FROM outbox_relay WHERE id = 1),
    (SELECT resumes FROM outbox_destination WHERE id = 1),
    (SELECT max(stepped_ms) FROM outbox_operation
        INDEXED BY outbox_operation_running WHERE state = 'running'),
    (SELECT max(due_ms) FROM outbox_delivery WHERE due_ms IS NOT NULL);
