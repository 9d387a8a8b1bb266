-- health.sql - is the outbox whole (src/outbox/health.h).

-- name: health_quick_check
-- The first thing that is wrong with the file's structure; "ok".
PRAGMA quick_check(1);

-- name: health_whole_check
-- The same, indexes compared with their tables.
PRAGMA integrity_check(1);

-- name: health_states
-- The deliveries by state, to compare with the counters.
-- scans: when an operator asks for a check
SELECT state, count(*) FROM outbox_delivery GROUP BY state;

-- name: health_totals
-- What waits by the backlog's counters, and events against deliveries.
-- scans: when an operator asks for a check
SELECT (SELECT total(count) FROM outbox_backlog),
    (SELECT count(*) FROM outbox), (SELECT count(*) FROM outbox_delivery);

-- name: health_newest_arrival
-- The newest event's time: a clock that is behind it went back.
-- scans: one row, the last
SELECT arrived_ms FROM outbox_delivery ORDER BY id DESC LIMIT 1;
