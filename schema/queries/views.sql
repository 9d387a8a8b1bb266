-- views.sql - what a screen or a command shows.

-- name: views_begin
-- Several looks at the same moment. Never held longer than a call.
BEGIN;

-- name: views_end
-- The look is over.
COMMIT;

-- name: views_counts
-- The counters by name.
-- scans: eight rows
SELECT name, count FROM outbox_count;

-- name: views_backlog
-- What waits, by kind and minute of arrival.
-- scans: as many rows as there are minutes that something still waits from
SELECT kind, minute, count FROM outbox_backlog ORDER BY kind;

-- name: views_oldest_pending
-- The first arrival among few; among many the backlog's minute will do.
SELECT min(arrived_ms)
    FROM outbox_delivery INDEXED BY outbox_delivery_waiting
    WHERE settled_ms IS NULL AND state = 'pending';

-- name: views_causes
-- The failed ones by cause, most first.
-- scans: orders the groups
SELECT reason, result, count(*), min(settled_ms), max(settled_ms),
    count(DISTINCT lane)
    FROM outbox_delivery INDEXED BY outbox_delivery_aside
    WHERE aside = 'failed'
    GROUP BY reason, result ORDER BY 3 DESC, 5 DESC LIMIT :limit;

-- name: views_destination
-- The destination, as the relay saw it last.
SELECT api_url, hold_reason, hold_text, held_since_ms, probe_ms,
    pause_reason, paused_by, paused_since_ms, wait_until_ms, quota_limit,
    quota_left, quota_reset_ms, breaker_since_ms, breaker_probe_ms,
    breaker_text
    FROM outbox_destination WHERE id = 1;

-- name: views_relay
-- Who is or was the relay.
SELECT pid, started_ms, host FROM outbox_relay WHERE id = 1;

-- name: views_delivery
-- One line of a list.
SELECT delivery.id, event_id, fact_type, lane, kind, state,
    reason, result, status, due_ms,
    CASE WHEN state = 'pending' AND due_ms IS NULL THEN coalesce(
        (SELECT id FROM outbox_delivery AS head
            INDEXED BY outbox_delivery_first
            WHERE head.lane = delivery.lane AND (head.state = 'sending'
                OR (head.unknown = 1 AND head.settled_ms IS NULL))),
        (SELECT id FROM outbox_delivery AS head
            INDEXED BY outbox_delivery_head
            WHERE head.lane = delivery.lane
                AND head.due_ms IS NOT NULL)) END,
    arrived_ms, settled_ms,
    CASE WHEN json_valid(payload) AND
        json_type(payload, '$.event.event_timestamp_ms') = 'integer'
        THEN json_extract(payload, '$.event.event_timestamp_ms') END,
    attempts, tries, operation_id
    FROM outbox_delivery AS delivery
    LEFT JOIN outbox ON outbox.id = delivery.id
    WHERE delivery.id = :id;

-- name: views_payload
-- The event as its producer wrote it.
SELECT payload FROM outbox WHERE id = :id;

-- name: views_attempts
-- All attempts of a delivery, oldest first.
SELECT number, cause, outcome, reason, result, started_ms, ended_ms,
    attributes, event_body
    FROM outbox_attempt_outcome
    WHERE id BETWEEN (:id << 20) AND (:id << 20 | 1048575) ORDER BY id;

-- name: views_calls
-- All calls of a delivery, oldest first.
-- scans: orders the calls of one delivery
SELECT attempt, number, request, started_ms, took_ms, status, request_id,
    result, answer
    FROM outbox_call_made WHERE delivery_id = :id ORDER BY attempt, number;

-- name: views_minutes
-- What happened after a minute, minute by minute.
-- scans: groups an hour of minutes
SELECT minute, outcome, sum(count) FROM outbox_minute WHERE minute > :after
    GROUP BY minute, outcome;

-- name: views_delivered_since
-- How many were delivered from a minute on.
SELECT total(count) FROM outbox_minute
    WHERE minute >= :from AND outcome = 'delivered';
