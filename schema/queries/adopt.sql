-- adopt.sql - events that came in without a delivery: while triggers were
-- switched off, or from a dump that had lost it.

-- name: adopt_page
-- How far the next page of events reaches; NULL: there are no more. A page that
-- is not full reaches to the last event.
SELECT adopted_id, coalesce((SELECT id FROM outbox WHERE id > adopted_id
        ORDER BY id LIMIT 1 OFFSET :limit - 1),
    (SELECT max(id) FROM outbox WHERE id > adopted_id))
    FROM outbox_relay WHERE id = 1;

-- name: adopt_find
-- Those of the page without a delivery, with lane and kind as the trigger
-- outbox_accept makes them.
SELECT outbox.id, coalesce(user_id, '/' || outbox.id),
    coalesce(
        CASE WHEN fact_period = 'TRIAL'
            THEN (SELECT kind FROM outbox_type
                WHERE type = fact_type AND condition = 'trial') END,
        CASE WHEN fact_conversion = 'true'
            THEN (SELECT kind FROM outbox_type
                WHERE type = fact_type AND condition = 'conversion') END,
        (SELECT kind FROM outbox_type
            WHERE type = fact_type AND condition = ''))
    FROM outbox LEFT JOIN outbox_delivery AS delivery
        ON delivery.id = outbox.id
    WHERE outbox.id > :after_id AND outbox.id <= :last_id
        AND delivery.id IS NULL
    ORDER BY outbox.id;

-- name: adopt_insert
-- Its delivery; the lane's step makes it due. Attempts that are left of the one
-- that was lost count on, with their bytes: those may be at Intercom.
INSERT INTO outbox_delivery (id, lane, kind, arrived_ms, put_back, attempts,
    bound)
    SELECT :id, :lane, :kind, :now_ms, 1, coalesce(max(number), 0),
        count(*) > 0
    FROM outbox_attempt WHERE delivery_id = :id;

-- name: adopt_end_attempts
-- How one of them ended may be lost with it (outbox_attempt_outcome).
UPDATE outbox_attempt SET ended_ms = :now_ms, outcome = 'unknown',
    result = 'how it ended is lost'
    WHERE delivery_id = :id AND outcome IS NULL;

-- name: adopt_remember
-- All up to here have been looked at.
UPDATE outbox_relay SET adopted_id = :last_id WHERE id = 1;

-- name: adopt_forget
-- Look at all events again.
UPDATE outbox_relay SET adopted_id = 0 WHERE id = 1;
