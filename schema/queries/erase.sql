-- erase.sql - a delivery leaves the outbox, with its event and all that hangs
-- on it (src/outbox/erase.h).

-- name: erase_delivery
-- If it is still as it was found.
DELETE FROM outbox_delivery WHERE id = :id AND state = :state
    AND (:before_ms IS NULL OR settled_ms < :before_ms);

-- name: erase_calls
-- Its calls.
DELETE FROM outbox_call WHERE delivery_id = :id;

-- name: erase_attempts
-- Its attempts.
DELETE FROM outbox_attempt
    WHERE id BETWEEN (:id << 20) AND (:id << 20 | 1048575);

-- name: erase_bury
-- A late repeat of its event stays a repeat.
INSERT OR REPLACE INTO outbox_tombstone (event_id, pruned_ms)
    SELECT event_id, :now_ms FROM outbox
    WHERE id = :id AND event_id IS NOT NULL;

-- name: erase_event
-- The trigger outbox_hold_on lets it go now.
DELETE FROM outbox WHERE id = :id;
