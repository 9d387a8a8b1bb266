-- operation.sql - what operators ask for (src/outbox/operation.h).

-- name: operation_add
-- A plan, or what is done at once.
INSERT INTO outbox_operation (action, state, who, filter, target_id,
    include_delivered, created_ms, started_ms, ended_ms)
    VALUES (:action, :state, :who, :filter, :target_id, :include_delivered,
        :now_ms, :started_ms, :ended_ms);

-- name: operation_last_id
-- The id of the row added last.
SELECT last_insert_rowid();

-- name: operation_look
-- A delivery as a plan has to know it.
SELECT state, reason, due_ms IS NOT NULL AND due_ms > :now_ms, bound, kind,
    coalesce((SELECT sent_id FROM outbox_user
        WHERE outbox_user.lane = outbox_delivery.lane), 0),
    due_ms IS NOT NULL
    FROM outbox_delivery WHERE id = :id;

-- name: operation_item_add
-- A delivery as it is now.
INSERT OR IGNORE INTO outbox_operation_item (operation_id, delivery_id, state,
    why, was_state, was_reason, was_result, was_settled_ms, was_not_before_ms,
    was_attempts, was_tries, was_first_try_open_ms, was_unknown, was_bound,
    was_operation_id)
    SELECT :operation, id, CASE WHEN :why IS NULL THEN 'planned' ELSE 'left'
        END, :why, state, reason, result, settled_ms, not_before_ms, attempts,
        tries, first_try_open_ms, unknown, bound, operation_id
    FROM outbox_delivery WHERE id = :id;

-- name: operation_set_counts
-- A plan's figures.
UPDATE outbox_operation SET matched = :matched, planned = :planned
    WHERE id = :id;

-- name: operation_reckon
-- Calls made and deliveries delivered so far, and the quota a window.
SELECT
    (SELECT count FROM outbox_count WHERE name = 'delivered_calls'),
    (SELECT count FROM outbox_count WHERE name = 'delivered_ever'),
    (SELECT quota_limit FROM outbox_destination WHERE id = 1);

-- name: operation_drop_items
-- A page of a plan that is given up.
DELETE FROM outbox_operation_item WHERE operation_id = :id AND delivery_id IN
    (SELECT delivery_id FROM outbox_operation_item
        WHERE operation_id = :id LIMIT :limit);

-- name: operation_drop
-- And the plan itself.
DELETE FROM outbox_operation WHERE id = :id AND state = 'planned';

-- name: operation_start
-- From here on it is done to the end.
UPDATE outbox_operation SET state = 'running', started_ms = :now_ms,
    stepped_ms = :now_ms
    WHERE id = :id AND state = 'planned';

-- name: operation_next
-- The oldest that is running.
-- scans: the index holds what is running, nothing else
SELECT id, action, cursor_id, coalesce(target_id, id)
    FROM outbox_operation INDEXED BY outbox_operation_running
    WHERE state = 'running' ORDER BY id LIMIT 1;

-- name: operation_page
-- Its next items, each with the delivery's lane, kind and arrival.
SELECT item.delivery_id, item.state, was_state, lane, kind, arrived_ms
    FROM outbox_operation_item AS item
    LEFT JOIN outbox_delivery AS delivery ON delivery.id = item.delivery_id
    WHERE item.operation_id = :id AND item.delivery_id > :after
    ORDER BY item.delivery_id LIMIT :limit;

-- name: operation_end_attempt
-- A delivered one is about to be no more: what it says of the end of its last
-- attempt is written into that attempt.
UPDATE outbox_attempt SET (ended_ms, outcome, reason, result) =
        (SELECT ended_ms, outcome, reason, result
            FROM outbox_attempt_outcome AS told
            WHERE told.id = outbox_attempt.id)
    WHERE outcome IS NULL AND id = (SELECT id << 20 | attempts
        FROM outbox_delivery WHERE id = :id AND state = 'delivered');

-- name: operation_end_call
-- And its last call is written where all others are ...
INSERT INTO outbox_call (delivery_id, attempt, number, request, started_ms,
    took_ms, status, request_id)
    SELECT id, attempts, call_number, 'POST /events', call_started_ms,
        call_took_ms, status, call_request_id
    FROM outbox_delivery WHERE id = :id AND call_number IS NOT NULL;

-- name: operation_clear_call
-- ... and stands there alone.
UPDATE outbox_delivery SET call_number = NULL, call_started_ms = NULL,
    call_took_ms = NULL, call_request_id = NULL WHERE id = :id;

-- name: operation_retry
-- Put it back in line, at its place, if it is as it was planned. Rendered
-- anew unless it waits with bytes that may be at Intercom.
UPDATE outbox_delivery SET state = 'pending', aside = NULL, due_ms = NULL,
    settled_ms = NULL, reason = NULL, not_before_ms = 1, tries = 0,
    first_try_open_ms = NULL, missing_open_ms = NULL, put_back = 1,
    bound = CASE WHEN state = 'pending' THEN bound ELSE 0 END,
    operation_id = :operation
    WHERE id = :id AND EXISTS (SELECT 1 FROM outbox_operation_item AS item
        WHERE item.operation_id = :operation AND item.delivery_id = :id
        AND was_state = outbox_delivery.state
        AND was_attempts = outbox_delivery.attempts
        AND was_operation_id IS outbox_delivery.operation_id);

-- name: operation_discard
-- Leave it for good, if it is as it was planned.
UPDATE outbox_delivery SET state = 'discarded', aside = 'discarded',
    due_ms = NULL, settled_ms = :now_ms, reason = 'by_operator', unknown = 0,
    bound = bound | unknown, operation_id = :operation
    WHERE id = :id AND EXISTS (SELECT 1 FROM outbox_operation_item AS item
        WHERE item.operation_id = :operation AND item.delivery_id = :id
        AND was_state = outbox_delivery.state
        AND was_attempts = outbox_delivery.attempts
        AND was_operation_id IS outbox_delivery.operation_id);

-- name: operation_restore
-- As it was before the operation, if nothing was sent and nobody else has
-- changed it since. Where another of the lane is being sent, an unknown
-- outcome can no more come first; its bytes stay bound.
UPDATE outbox_delivery SET state = was_state,
    aside = CASE WHEN was_settled_ms IS NOT NULL AND was_state <> 'delivered'
        THEN was_state END,
    due_ms = NULL, put_back = 1,
    reason = was_reason, result = was_result, settled_ms = was_settled_ms,
    not_before_ms = was_not_before_ms, tries = was_tries,
    first_try_open_ms = was_first_try_open_ms,
    unknown = CASE WHEN EXISTS (SELECT 1 FROM outbox_delivery AS other
        INDEXED BY outbox_delivery_first
        WHERE other.lane = outbox_delivery.lane
        AND other.id <> outbox_delivery.id
        AND (other.state = 'sending'
            OR (other.unknown = 1 AND other.settled_ms IS NULL)))
        THEN 0 ELSE was_unknown END,
    bound = was_bound | was_unknown,
    operation_id = was_operation_id
    FROM outbox_operation_item AS item
    WHERE outbox_delivery.id = :id AND item.operation_id = :operation
        AND item.delivery_id = :id AND item.state = 'applied'
        AND outbox_delivery.operation_id = :operation
        AND outbox_delivery.attempts = was_attempts
        AND outbox_delivery.state = :state;

-- name: operation_item_set
-- What became of an item.
UPDATE outbox_operation_item SET state = :state
    WHERE operation_id = :operation AND delivery_id = :id;

-- name: operation_move
-- A page is done.
UPDATE outbox_operation SET cursor_id = :cursor, applied = applied + :applied,
    changed = changed + :changed,
    stepped_ms = coalesce(:stepped_ms, stepped_ms) WHERE id = :id;

-- name: operation_end
-- All of it is done.
UPDATE outbox_operation SET state = 'done', ended_ms = :now_ms
    WHERE id = :id AND state = 'running';

-- name: operation_set_state
-- Taken back.
UPDATE outbox_operation SET state = :state,
    ended_ms = coalesce(ended_ms, :now_ms) WHERE id = :id;

-- name: operation_newest
-- The newest in this state that can be taken back.
-- scans: what operators did, newest first, up to the first that fits
SELECT id FROM outbox_operation WHERE state = :state
    AND action IN ('retry', 'discard', 'rename', 'pause')
    ORDER BY id DESC LIMIT 1;

-- name: operation_remembers
-- Whether its deliveries as they were are still there.
SELECT EXISTS (SELECT 1 FROM outbox_operation_item WHERE operation_id = :id);

-- name: operation_pause
-- An operator's hold.
UPDATE outbox_destination SET pause_reason = :reason, paused_by = :who,
    paused_since_ms = :now_ms WHERE id = 1;

-- name: operation_is_paused
-- Whether it is there.
SELECT pause_reason IS NOT NULL FROM outbox_destination WHERE id = 1;

-- name: operation_resume
-- Lift it; a held relay sees the number grow and probes.
UPDATE outbox_destination SET pause_reason = NULL, paused_by = NULL,
    paused_since_ms = NULL, resumes = resumes + 1 WHERE id = 1;

-- name: operation_name_waiting
-- A slice of those that a name touches while they wait, and whether their name
-- is bound.
SELECT id, kind = :kind, bound = 1 OR unknown = 1
    FROM outbox_delivery INDEXED BY outbox_delivery_waiting
    WHERE settled_ms IS NULL AND id > :after
    ORDER BY id LIMIT :limit;

-- name: operation_name_failed
-- A slice of those that failed.
SELECT id, kind = :kind
    FROM outbox_delivery INDEXED BY outbox_delivery_aside
    WHERE aside = 'failed' AND id > :after
    ORDER BY id LIMIT :limit;

-- name: operation_name_write
-- A kind's name.
INSERT OR REPLACE INTO outbox_name (kind, name, off)
    VALUES (:kind, :name, :off);

-- name: operation_name_record
-- What it was and is.
UPDATE outbox_operation SET kind = :kind, name_before = :name_before,
    off_before = :off_before, name_after = :name_after, off_after = :off_after
    WHERE id = :id;

-- name: operation_list
-- Started ones, newest first.
SELECT id, action, state, who, filter, target_id, created_ms, started_ms,
    ended_ms, matched, planned, applied, changed, kind, name_before, name_after,
    off_before, off_after
    FROM outbox_operation WHERE id < :before AND state <> 'planned'
    ORDER BY id DESC LIMIT :limit;

-- name: operation_list_newer
-- The same the other way round.
SELECT id, action, state, who, filter, target_id, created_ms, started_ms,
    ended_ms, matched, planned, applied, changed, kind, name_before, name_after,
    off_before, off_after
    FROM outbox_operation WHERE id > :after AND state <> 'planned'
    ORDER BY id LIMIT :limit;

-- name: operation_read
-- One.
SELECT id, action, state, who, filter, target_id, created_ms, started_ms,
    ended_ms, matched, planned, applied, changed, kind, name_before, name_after,
    off_before, off_after
    FROM outbox_operation WHERE id = :id;

-- name: operation_items
-- Its deliveries, and where they are now.
SELECT item.delivery_id, item.state, why, was_state, delivery.state
    FROM outbox_operation_item AS item
    LEFT JOIN outbox_delivery AS delivery ON delivery.id = item.delivery_id
    WHERE item.operation_id = :id AND item.delivery_id > :after
    ORDER BY item.delivery_id LIMIT :limit;

-- name: operation_items_before
-- The same the other way round.
SELECT item.delivery_id, item.state, why, was_state, delivery.state
    FROM outbox_operation_item AS item
    LEFT JOIN outbox_delivery AS delivery ON delivery.id = item.delivery_id
    WHERE item.operation_id = :id AND item.delivery_id < :before
    ORDER BY item.delivery_id DESC LIMIT :limit;

-- name: operation_touches
-- The started operations that a delivery is in.
SELECT operation.id, action, operation.state, who, created_ms, item.state, why
    FROM outbox_operation_item AS item
        INDEXED BY outbox_operation_item_delivery
    JOIN outbox_operation AS operation ON operation.id = operation_id
    WHERE delivery_id = :id AND operation.state <> 'planned'
    ORDER BY operation_id DESC LIMIT :limit;
