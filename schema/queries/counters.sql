-- counters.sql - the counters, written once a transaction.

-- name: counters_add
-- A state's count, or a total.
UPDATE outbox_count SET count = count + :delta WHERE name = :name;

-- name: counters_add_backlog
-- Pending ones of a minute and kind.
INSERT INTO outbox_backlog (minute, kind, count)
    VALUES (:minute, :kind, :delta)
    ON CONFLICT (minute, kind) DO UPDATE SET count = count + excluded.count;

-- name: counters_drop_backlog
-- Nothing waits any more from that minute.
DELETE FROM outbox_backlog
    WHERE minute = :minute AND kind = :kind AND count <= 0;

-- name: counters_add_minute
-- What happened in a minute.
INSERT INTO outbox_minute (minute, kind, outcome, count)
    VALUES (:minute, :kind, :name, :delta)
    ON CONFLICT (minute, kind, outcome)
    DO UPDATE SET count = count + excluded.count;

-- name: counters_zero
-- Before the states are counted anew.
-- scans: eight rows
UPDATE outbox_count SET count = 0
    WHERE name <> 'delivered_ever' AND name <> 'delivered_calls';

-- name: counters_recount
-- What the states hold, counted.
-- scans: once after an adoption, and when an operator asks for a check
INSERT OR REPLACE INTO outbox_count (name, count)
    SELECT state, count(*) FROM outbox_delivery GROUP BY state;

-- name: counters_empty_backlog
-- Before it is counted anew.
DELETE FROM outbox_backlog;

-- name: counters_recount_backlog
-- What waits, counted by when it came.
-- scans: once after an adoption, and when an operator asks for a check
INSERT INTO outbox_backlog (minute, kind, count)
    SELECT arrived_ms / 60000, coalesce(kind, ''), count(*)
    FROM outbox_delivery INDEXED BY outbox_delivery_waiting
    WHERE settled_ms IS NULL AND state = 'pending' GROUP BY 1, 2;
