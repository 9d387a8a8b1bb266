-- lane.sql - the one step that keeps a lane in order (design, "Lanes").
--
-- The head of a lane is the row that is being sent or waits with an unknown
-- outcome, else the lowest pending id. Only a head has a due time.
--
-- The index of a lane has what settled, too, so the lowest pending one is
-- looked for from where the lane stands. Below that waits only what was put
-- back or adopted, which has an index of its own.

-- name: lane_find_due
-- The head, if it has a due time.
SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_head
    WHERE lane = :lane AND due_ms IS NOT NULL;

-- name: lane_clear_due
-- Before a change of the lane.
UPDATE outbox_delivery SET due_ms = NULL WHERE id = :id;

-- name: lane_make_due
-- After it: the head is due at its own time, unless it is being sent.
UPDATE outbox_delivery SET due_ms = not_before_ms
    WHERE state = 'pending' AND id = coalesce(
        (SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_first
            WHERE lane = :lane
            AND (state = 'sending' OR (unknown = 1 AND settled_ms IS NULL))),
        (SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_put_back
            WHERE lane = :lane AND put_back = 1 AND settled_ms IS NULL
            AND id < :from ORDER BY id LIMIT 1),
        (SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_lane
            WHERE lane = :lane AND id >= :from AND settled_ms IS NULL
            ORDER BY id LIMIT 1));

-- name: lane_make_next_due
-- The same where the head has just settled, so that nothing goes before the
-- lane's order.
UPDATE outbox_delivery SET due_ms = not_before_ms
    WHERE state = 'pending' AND id = coalesce(
        (SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_put_back
            WHERE lane = :lane AND put_back = 1 AND settled_ms IS NULL
            AND id < :from ORDER BY id LIMIT 1),
        (SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_lane
            WHERE lane = :lane AND id > :from AND settled_ms IS NULL
            ORDER BY id LIMIT 1));
