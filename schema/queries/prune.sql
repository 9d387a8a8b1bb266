-- prune.sql - what settled long ago, and what would else grow without end
-- (src/outbox/prune.h).

-- name: prune_look
-- The next deliveries in id order: whether each is old enough to go; whether it
-- failed so long ago; whether it came before the limit at all.
SELECT id, state, kind, arrived_ms,
    settled_ms IS NOT NULL AND settled_ms < :before_ms
        AND (state = 'delivered' OR state = 'skipped' OR state = 'discarded'),
    settled_ms IS NOT NULL AND settled_ms < :before_ms AND state = 'failed',
    arrived_ms < :before_ms
    FROM outbox_delivery WHERE id > :after ORDER BY id LIMIT :limit;

-- name: prune_record
-- The operator's row tells how many, page by page.
UPDATE outbox_operation SET matched = matched + :pruned,
    planned = planned + :pruned, applied = applied + :pruned,
    ended_ms = :now_ms WHERE id = :id;

-- name: prune_has_leftovers
-- What is older than it is of use to anybody.
-- scans: what operators did, once a walk; and the index of what is running
SELECT EXISTS (SELECT 1 FROM outbox_tombstone WHERE pruned_ms < :tombstones_ms),
    EXISTS (SELECT 1 FROM outbox_minute WHERE minute < :minute),
    (SELECT id FROM outbox_operation
        WHERE ((state <> 'running' AND state <> 'planned'
                AND ended_ms < :items_ms)
            OR (state = 'planned' AND created_ms < :plans_ms))
        AND (state = 'planned' OR EXISTS (SELECT 1 FROM outbox_operation_item
            WHERE operation_id = outbox_operation.id))
        AND NOT EXISTS (SELECT 1 FROM outbox_operation AS running
            INDEXED BY outbox_operation_running
            WHERE running.state = 'running'
            AND running.target_id = outbox_operation.id)
        ORDER BY id LIMIT 1);

-- name: prune_tombstones
-- A page of those that nobody will repeat any more.
DELETE FROM outbox_tombstone WHERE event_id IN
    (SELECT event_id FROM outbox_tombstone WHERE pruned_ms < :tombstones_ms
        LIMIT :limit);

-- name: prune_minutes
-- A page of the counters by minute.
DELETE FROM outbox_minute WHERE (minute, kind, outcome) IN
    (SELECT minute, kind, outcome FROM outbox_minute WHERE minute < :minute
        LIMIT :limit);

-- name: prune_items
-- A page of an operation's deliveries as they were.
DELETE FROM outbox_operation_item WHERE operation_id = :id AND delivery_id IN
    (SELECT delivery_id FROM outbox_operation_item
        WHERE operation_id = :id LIMIT :limit);
