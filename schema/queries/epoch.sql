-- epoch.sql - a relay begins and ends.

-- name: epoch_read
-- The epoch before, how long its requests could take, and how long sending has
-- been possible so far.
SELECT epoch, timeout_ms,
    (SELECT open_ms FROM outbox_destination WHERE id = 1)
    FROM outbox_relay WHERE id = 1;

-- name: epoch_begin
-- Who we are.
UPDATE outbox_relay SET epoch = :epoch, pid = :pid, host = :host,
    started_ms = :now_ms, timeout_ms = :timeout_ms, stopped_ms = NULL
    WHERE id = 1;

-- name: epoch_set_api_url
-- Where it goes.
UPDATE outbox_destination SET api_url = :api_url WHERE id = 1;

-- name: epoch_left_sending
-- What the one before left: for the counters.
-- scans: the index holds what is in flight, nothing else
SELECT kind, arrived_ms FROM outbox_delivery
    INDEXED BY outbox_delivery_first WHERE state = 'sending';

-- name: epoch_end_attempts
-- Their attempts ended without our knowing how.
-- scans: the index holds what is in flight, nothing else
UPDATE outbox_attempt SET ended_ms = :now_ms, outcome = 'unknown',
    reason = 'relay_ended', result = 'the relay ended before the answer came'
    WHERE id IN (SELECT id << 20 | attempts FROM outbox_delivery
        INDEXED BY outbox_delivery_first WHERE state = 'sending');

-- name: epoch_keep_newest
-- What they were sending are their users' newest attributes.
-- scans: the index holds what is in flight, nothing else
INSERT INTO outbox_user (lane, sent_timestamp_ms, sent_id, sent_attributes,
    confirmed_timestamp_ms, confirmed_id)
    SELECT lane, newest_ms, delivery.id,
        (SELECT nullif(attributes, '') FROM outbox_attempt AS attempt
            WHERE attempt.id BETWEEN (delivery.id << 20)
                    AND (delivery.id << 20 | 1048575)
                AND attributes IS NOT NULL
            ORDER BY attempt.id DESC LIMIT 1),
        CASE WHEN newest_confirmed THEN newest_ms END,
        CASE WHEN newest_confirmed THEN delivery.id END
    FROM outbox_delivery AS delivery INDEXED BY outbox_delivery_first
    JOIN outbox_attempt AS last
        ON last.id = (delivery.id << 20 | delivery.attempts)
    WHERE state = 'sending' AND newest_ms IS NOT NULL
    ON CONFLICT (lane) DO UPDATE SET
        sent_timestamp_ms = excluded.sent_timestamp_ms,
        sent_id = excluded.sent_id,
        sent_attributes =
            coalesce(excluded.sent_attributes, sent_attributes),
        confirmed_timestamp_ms = coalesce(excluded.confirmed_timestamp_ms,
            confirmed_timestamp_ms),
        confirmed_id = coalesce(excluded.confirmed_id, confirmed_id);

-- name: epoch_recover
-- They go again, first of their lanes, when a request that may still be on
-- its way is over: a chain has twelve calls at most.
-- scans: the index holds what is in flight, nothing else
UPDATE outbox_delivery INDEXED BY outbox_delivery_first
    SET state = 'pending', unknown = 1, bound = 1, reason = 'relay_ended',
    result = 'the relay ended before the answer came',
    wait_ms = :timeout_ms, (due_ms, not_before_ms) =
        (SELECT until_ms, until_ms FROM (SELECT :timeout_ms + min(:now_ms,
            coalesce(max(started_ms) + 12 * :timeout_ms, :now_ms)) AS until_ms
            FROM outbox_attempt AS attempt WHERE attempt.id =
                (outbox_delivery.id << 20 | outbox_delivery.attempts)))
    WHERE state = 'sending';

-- name: epoch_be_quiet
-- Nor does anything else of their lanes before that.
-- scans: the index holds what is in flight, nothing else
INSERT INTO outbox_user (lane, quiet_until_ms)
    SELECT lane, not_before_ms FROM outbox_delivery
        INDEXED BY outbox_delivery_first
        WHERE (state = 'sending' OR (unknown = 1 AND settled_ms IS NULL))
            AND state = 'pending' AND reason = 'relay_ended'
    ON CONFLICT (lane) DO UPDATE SET quiet_until_ms = excluded.quiet_until_ms;

-- name: epoch_end
-- The relay ended in good order.
UPDATE outbox_relay SET stopped_ms = :now_ms
    WHERE id = 1 AND epoch = :epoch;
