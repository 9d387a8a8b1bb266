-- backup.sql - a copy of the whole file (src/outbox/backup.h).

-- name: backup_check
-- The first thing that is wrong with the copy; "ok".
PRAGMA integrity_check(1);
