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

-- name: lane_find_followers
-- What comes after one in its lane. It reads the index alone, not what became
-- of them.
SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_lane
    WHERE lane = :lane AND id > :from ORDER BY id LIMIT :limit;

-- name: lane_is_put_back
-- Whether anything waits out of its lane's order.
-- scans: the first entry of an index that has nothing else
SELECT EXISTS (SELECT 1 FROM outbox_delivery
    INDEXED BY outbox_delivery_put_back
    WHERE put_back = 1 AND settled_ms IS NULL);

-- name: lane_make_followers_due
-- The heads have just settled, and nothing is put back, so that nothing goes
-- before their lanes' order: due is what comes next in each, where it waits.
-- users is a JSON object, of their ids and their users' rows.
-- scans: the ids
UPDATE outbox_delivery SET due_ms = not_before_ms,
    user_row = json_extract(:users, '$.' || id)
    WHERE state = 'pending'
        AND id IN (SELECT CAST(key AS INTEGER) FROM json_each(:users));

-- name: lane_make_next_due
-- The same in one lane, whatever waits there.
UPDATE outbox_delivery SET due_ms = not_before_ms, user_row = :user
    WHERE state = 'pending' AND id = coalesce(
        (SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_put_back
            WHERE lane = :lane AND put_back = 1 AND settled_ms IS NULL
            AND id < :from ORDER BY id LIMIT 1),
        (SELECT id FROM outbox_delivery INDEXED BY outbox_delivery_lane
            WHERE lane = :lane AND id > :from AND settled_ms IS NULL
            ORDER BY id LIMIT 1));

-- name: lane_count_lost
-- What no change of its lane would come to any more: it waits below the head
-- without having been put back, or there is no head. So it is where rows were
-- lost, or changed by hand. It reads all that waits.
SELECT count(*) FROM outbox_delivery AS waiting
    INDEXED BY outbox_delivery_waiting
    WHERE settled_ms IS NULL AND state = 'pending'
    AND NOT EXISTS (SELECT 1 FROM outbox_delivery AS head
        INDEXED BY outbox_delivery_head
        WHERE head.lane = waiting.lane AND head.due_ms IS NOT NULL
        AND (head.id <= waiting.id OR waiting.put_back = 1))
    AND NOT EXISTS (SELECT 1 FROM outbox_delivery AS head
        INDEXED BY outbox_delivery_first
        WHERE head.lane = waiting.lane AND (head.state = 'sending'
            OR (head.unknown = 1 AND head.settled_ms IS NULL))
        AND head.state = 'sending'
        AND (head.id <= waiting.id OR waiting.put_back = 1));

-- name: lane_put_back_lost
-- It is looked for as what was put back.
UPDATE outbox_delivery INDEXED BY outbox_delivery_waiting SET put_back = 1
    WHERE settled_ms IS NULL AND state = 'pending' AND put_back = 0
    AND NOT EXISTS (SELECT 1 FROM outbox_delivery AS head
        INDEXED BY outbox_delivery_head
        WHERE head.lane = outbox_delivery.lane AND head.due_ms IS NOT NULL
        AND head.id <= outbox_delivery.id)
    AND NOT EXISTS (SELECT 1 FROM outbox_delivery AS head
        INDEXED BY outbox_delivery_first
        WHERE head.lane = outbox_delivery.lane AND (head.state = 'sending'
            OR (head.unknown = 1 AND head.settled_ms IS NULL))
        AND head.state = 'sending' AND head.id <= outbox_delivery.id);

-- name: lane_make_lost_due
-- And where there was no head there is one.
UPDATE outbox_delivery INDEXED BY outbox_delivery_waiting
    SET due_ms = not_before_ms
    WHERE settled_ms IS NULL AND state = 'pending'
    AND NOT EXISTS (SELECT 1 FROM outbox_delivery AS head
        INDEXED BY outbox_delivery_head
        WHERE head.lane = outbox_delivery.lane AND head.due_ms IS NOT NULL)
    AND id = coalesce(
        (SELECT head.id FROM outbox_delivery AS head INDEXED BY outbox_delivery_first
            WHERE head.lane = outbox_delivery.lane
            AND (head.state = 'sending'
                OR (head.unknown = 1 AND head.settled_ms IS NULL))),
        (SELECT head.id FROM outbox_delivery AS head
            INDEXED BY outbox_delivery_put_back
            WHERE head.lane = outbox_delivery.lane AND head.put_back = 1
            AND head.settled_ms IS NULL ORDER BY head.id LIMIT 1));
