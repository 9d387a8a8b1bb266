-- adopt.sql - events that came in without a delivery: while triggers were
-- switched off, or from a dump that had lost it.

-- name: adopt_span
-- Which events are to be looked at: those after the first id, up to the second
-- (NULL: there are none).
SELECT adopted_id, (SELECT max(id) FROM outbox)
    FROM outbox_relay WHERE id = 1;

-- name: adopt_walk
-- Their deliveries. Thirty lie on a page, and events by threes: where one id
-- follows the other, no event needs to be read. Not beyond the last event: what
-- comes later may need its delivery.
SELECT id FROM outbox_delivery WHERE id > :after_id AND id <= :last_id
    ORDER BY id;

-- name: adopt_find
-- Events in a gap between deliveries, with lane and kind as the trigger
-- outbox_accept makes them.
SELECT id, coalesce(user_id, '/' || id),
    coalesce(
        CASE WHEN fact_period = 'TRIAL'
            THEN (SELECT kind FROM outbox_type
                WHERE type = fact_type AND condition = 'trial') END,
        CASE WHEN fact_conversion = 'true'
            THEN (SELECT kind FROM outbox_type
                WHERE type = fact_type AND condition = 'conversion') END,
        (SELECT kind FROM outbox_type
            WHERE type = fact_type AND condition = ''))
    FROM outbox WHERE id > :after_id AND id <= :last_id
    ORDER BY id LIMIT :limit;

-- name: adopt_insert
-- Its delivery; the lane's step makes it due. Attempts that are left of the one
-- that was lost count on, with their bytes: those may be at Intercom.
INSERT INTO outbox_delivery (id, lane, kind, arrived_ms, put_back, attempts,
    bound)
    SELECT :id, :lane, :kind, :now_ms, 1, coalesce(max(number), 0),
        count(*) > 0
    FROM outbox_attempt
    WHERE id BETWEEN (:id << 20) AND (:id << 20 | 1048575);

-- name: adopt_end_attempts
-- How one of them ended may be lost with it (outbox_attempt_outcome).
UPDATE outbox_attempt SET ended_ms = :now_ms, outcome = 'unknown',
    result = 'how it ended is lost'
    WHERE id BETWEEN (:id << 20) AND (:id << 20 | 1048575)
        AND outcome IS NULL;

-- name: adopt_remember
-- All up to here have been looked at.
UPDATE outbox_relay SET adopted_id = :reached_id WHERE id = 1;

-- name: adopt_forget
-- Look at all events again.
UPDATE outbox_relay SET adopted_id = 0 WHERE id = 1;
