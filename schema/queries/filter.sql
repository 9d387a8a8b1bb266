-- filter.sql - the deliveries that a filter may choose, in order.
--
-- One pair of queries for each way in; src/outbox/cursor.c looks at each row.
-- A slice at a time: no look at the database is a long one. Ids go from above
-- :low to below :high, downwards or upwards.

-- name: filter_all_down
-- Whatever there is.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery
    WHERE id > :low AND id < :high ORDER BY id DESC LIMIT :limit;

-- name: filter_all_up
-- Whatever there is.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery
    WHERE id > :low AND id < :high ORDER BY id LIMIT :limit;

-- name: filter_aside_down
-- What settled otherwise than hoped for, in one state.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_aside
    WHERE aside = :state
        AND id > :low AND id < :high ORDER BY id DESC LIMIT :limit;

-- name: filter_aside_up
-- What settled otherwise than hoped for, in one state.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_aside
    WHERE aside = :state
        AND id > :low AND id < :high ORDER BY id LIMIT :limit;

-- name: filter_sending_down
-- What is in flight.
-- scans: the index holds what is in flight, nothing else
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_first
    WHERE state = 'sending'
        AND id > :low AND id < :high ORDER BY id DESC LIMIT :limit;

-- name: filter_sending_up
-- What is in flight.
-- scans: the index holds what is in flight, nothing else
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_first
    WHERE state = 'sending'
        AND id > :low AND id < :high ORDER BY id LIMIT :limit;

-- name: filter_pending_down
-- What waits, while it is not much.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_waiting
    WHERE settled_ms IS NULL AND state = 'pending'
        AND id > :low AND id < :high ORDER BY id DESC LIMIT :limit;

-- name: filter_pending_up
-- What waits, while it is not much.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_waiting
    WHERE settled_ms IS NULL AND state = 'pending'
        AND id > :low AND id < :high ORDER BY id LIMIT :limit;

-- name: filter_reason_down
-- One reason.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_reason
    WHERE reason IS NOT NULL AND reason = :reason
        AND id > :low AND id < :high ORDER BY id DESC LIMIT :limit;

-- name: filter_reason_up
-- One reason.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_reason
    WHERE reason IS NOT NULL AND reason = :reason
        AND id > :low AND id < :high ORDER BY id LIMIT :limit;

-- name: filter_code_down
-- One HTTP status, other than of success.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_code
    WHERE status >= 300 AND status = :code
        AND id > :low AND id < :high ORDER BY id DESC LIMIT :limit;

-- name: filter_code_up
-- One HTTP status, other than of success.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_code
    WHERE status >= 300 AND status = :code
        AND id > :low AND id < :high ORDER BY id LIMIT :limit;

-- name: filter_user_down
-- One user.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_lane
    WHERE lane = :lane AND id > :low AND id < :high
    ORDER BY id DESC LIMIT :limit;

-- name: filter_user_up
-- One user.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_lane
    WHERE lane = :lane AND id > :low AND id < :high
    ORDER BY id LIMIT :limit;

-- name: filter_by_user_rest_down
-- The failed ones in the order of users: the rest of one.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_user
    WHERE aside = 'failed' AND lane = :key AND id < :id
    ORDER BY id DESC LIMIT :limit;

-- name: filter_by_user_next_down
-- And those behind it.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_user
    WHERE aside = 'failed' AND lane < :key
    ORDER BY lane DESC, id DESC LIMIT :limit;

-- name: filter_by_user_rest_up
-- The failed ones in the order of users: the rest of one.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_user
    WHERE aside = 'failed' AND lane = :key AND id > :id
    ORDER BY id LIMIT :limit;

-- name: filter_by_user_next_up
-- And those behind it.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_user
    WHERE aside = 'failed' AND lane > :key
    ORDER BY lane, id LIMIT :limit;

-- name: filter_by_reason_rest_down
-- The failed ones in the order of reasons: the rest of one.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_reason
    WHERE aside = 'failed' AND ifnull(reason, '') = :key AND id < :id
    ORDER BY id DESC LIMIT :limit;

-- name: filter_by_reason_next_down
-- And those behind it.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_reason
    WHERE aside = 'failed' AND ifnull(reason, '') < :key
    ORDER BY ifnull(reason, '') DESC, id DESC LIMIT :limit;

-- name: filter_by_reason_rest_up
-- The failed ones in the order of reasons: the rest of one.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_reason
    WHERE aside = 'failed' AND ifnull(reason, '') = :key AND id > :id
    ORDER BY id LIMIT :limit;

-- name: filter_by_reason_next_up
-- And those behind it.
SELECT id, state, kind, lane, reason, result, status, arrived_ms
    FROM outbox_delivery INDEXED BY outbox_delivery_failed_reason
    WHERE aside = 'failed' AND ifnull(reason, '') > :key
    ORDER BY ifnull(reason, ''), id LIMIT :limit;

-- name: filter_ids
-- The first and the last id there is.
SELECT (SELECT min(id) FROM outbox_delivery),
    (SELECT max(id) FROM outbox_delivery);

-- name: filter_place
-- Where a delivery stands among the failed ones.
SELECT lane, ifnull(reason, '') FROM outbox_delivery WHERE id = :id;

-- name: filter_count
-- How many are in a state; NULL: how many there are.
-- scans: eight rows
SELECT total(count) FROM outbox_count
    WHERE name = :state OR (:state IS NULL AND name NOT GLOB 'delivered_*');
