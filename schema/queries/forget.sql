-- forget.sql - all of one user goes (src/outbox/forget.h).

-- name: forget_count
-- The user's deliveries by state.
-- scans: orders the states of one user's deliveries
SELECT state, count(*), sum(attempts)
    FROM outbox_delivery INDEXED BY outbox_delivery_lane
    WHERE lane = :user GROUP BY state;

-- name: forget_waiting
-- Those that wait, the newest first: the head goes last, so that nothing
-- behind it is sent meanwhile.
SELECT id, state, kind, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_lane
    WHERE lane = :user AND settled_ms IS NULL AND state = 'pending'
    ORDER BY id DESC LIMIT :limit;

-- name: forget_settled
-- Those that are over.
SELECT id, state, kind, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_lane
    WHERE lane = :user AND settled_ms IS NOT NULL LIMIT :limit;

-- name: forget_sending
-- The one that is being sent.
SELECT id, state, kind, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_first
    WHERE lane = :user AND state = 'sending';

-- name: forget_one
-- One that names the user without being in the lane.
SELECT id, state, kind, arrived_ms FROM outbox_delivery WHERE id = :id;

-- name: forget_mentions
-- A stretch of the events of others: those that name the user anywhere, as a
-- whole JSON value. instr() comes first because it is quick; a backslash may
-- hide the id from it.
-- scans: the values of those payloads
SELECT outbox.id, lane, lane = '/' || outbox.id
    FROM outbox JOIN outbox_delivery AS delivery ON delivery.id = outbox.id
    WHERE outbox.id > :after AND outbox.id <= :until AND lane <> :user
        AND (instr(payload, :user) OR instr(payload, '\'))
        AND CASE WHEN json_valid(payload)
            THEN EXISTS (SELECT 1 FROM json_tree(payload) WHERE atom = :user)
            ELSE instr(payload, :user) END
    ORDER BY outbox.id;

-- name: forget_newest_id
-- Where the stretches end.
SELECT coalesce(max(id), 0) FROM outbox;

-- name: forget_items
-- What operations noted of a delivery.
DELETE FROM outbox_operation_item WHERE delivery_id = :id;

-- name: forget_known
-- What is known of the user at Intercom.
DELETE FROM outbox_user WHERE lane = :user;

-- name: forget_is_known
-- Whether something is.
SELECT EXISTS (SELECT 1 FROM outbox_user WHERE lane = :user);

-- name: forget_texts
-- What operators typed, and what was said last of the destination, where it
-- may name the user: the first that it has not been asked for yet.
SELECT id, filter FROM outbox_operation
    WHERE id > :after AND instr(filter, :user) ORDER BY id LIMIT 1;

-- name: forget_text
-- An operation's text without the name.
UPDATE outbox_operation SET filter = :text WHERE id = :id;

-- name: forget_destination
-- The texts about the destination, one after the other.
SELECT hold_text, breaker_text, pause_reason FROM outbox_destination
    WHERE id = 1;

-- name: forget_destination_texts
-- And what is left of them.
UPDATE outbox_destination SET hold_text = :hold, breaker_text = :breaker,
    pause_reason = :pause WHERE id = 1;

-- name: forget_record
-- The operation's row tells how many, page by page, and not whose. It ends when
-- what is erased is overwritten as well.
UPDATE outbox_operation SET matched = matched + :erased,
    planned = planned + :erased, applied = applied + :erased, ended_ms = NULL
    WHERE id = :id;

-- name: forget_unfinished
-- The last one that was interrupted before that, or is under way.
SELECT coalesce(max(id), 0) FROM outbox_operation
    WHERE action = 'forget' AND ended_ms IS NULL;

-- name: forget_end
-- All that was erased is overwritten.
-- scans: what operators did, once
UPDATE outbox_operation SET ended_ms = :now_ms
    WHERE action = 'forget' AND ended_ms IS NULL;
