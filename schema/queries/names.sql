-- names.sql - what a screen tells of names (src/outbox/name_figures.h).

-- name: names_version
-- How often they were changed, and who did it last.
-- scans: the index holds changes of names, nothing else
SELECT (SELECT count(*) FROM outbox_operation
        INDEXED BY outbox_operation_names WHERE kind IS NOT NULL),
    who, started_ms
    FROM outbox_operation INDEXED BY outbox_operation_names
    WHERE kind IS NOT NULL ORDER BY id DESC LIMIT 1;

-- name: names_sent
-- What was delivered of each kind since a minute.
-- scans: groups the rows of a day's minutes
SELECT kind, sum(count) FROM outbox_minute
    WHERE minute > :after AND outcome = 'delivered' GROUP BY kind;

-- name: names_failed
-- A slice of the failed ones.
SELECT id, kind FROM outbox_delivery INDEXED BY outbox_delivery_aside
    WHERE aside = 'failed'
        AND id > :after ORDER BY id LIMIT :limit;

-- name: names_change
-- The newest change of a kind's name that is not taken back.
-- scans: the index holds changes of names, nothing else
SELECT id FROM outbox_operation INDEXED BY outbox_operation_names
    WHERE kind IS NOT NULL AND kind = :kind AND action = 'rename'
        AND state = 'done' ORDER BY id DESC LIMIT 1;
