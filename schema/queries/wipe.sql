-- wipe.sql - what deleted rows left in the file (src/outbox/wipe.h).

-- name: wipe_roots
-- Where the tables and indexes of the outbox begin.
-- scans: the schema
SELECT rootpage FROM sqlite_master
    WHERE rootpage > 0 AND (tbl_name = 'outbox' OR tbl_name GLOB 'outbox_*');

-- name: wipe_cut_journal
-- A rollback journal that stays (journal_mode PERSIST) has pages as they were:
-- it is cut at each commit of ours.
PRAGMA journal_size_limit = 0;

-- name: wipe_checkpoint
-- As far as it can be without waiting and without the write lock.
PRAGMA wal_checkpoint(PASSIVE);

-- name: wipe_touch
-- Twice it changes nothing, and still is a change: all other connections drop
-- the pages that they keep in memory.
UPDATE outbox_schema SET version = -version WHERE id = 1;
