-- store.sql - a connection and its transactions.

-- name: store_query_only
-- A reader changes nothing, whatever the statement.
PRAGMA query_only = ON;

-- name: store_synchronous
-- What is committed is on the disk (promise 1). EXTRA is FULL in WAL mode; with
-- a rollback journal FULL does not sync the journal's deletion, so that a power
-- cut can bring it back and with it take the last commit away: an attempt whose
-- bytes have left would be forgotten.
PRAGMA synchronous = EXTRA;

-- name: store_cache_size
-- 6 MiB: what is written again a few turns later. From 5 to 8 MiB a drain reads
-- as many pages, but for a tenth (docs/performance.md, "A long history").
PRAGMA cache_size = -6144;

-- name: store_wal_autocheckpoint
-- 16 MiB: a page that changes in many turns goes to the file once.
PRAGMA wal_autocheckpoint = 4000;

-- name: store_secure_delete
-- What is deleted is overwritten, whatever the library's default: who is to be
-- forgotten must not be found in pages that were freed long before.
PRAGMA secure_delete = ON;

-- name: store_journal_mode
-- As the file has it.
PRAGMA journal_mode;

-- name: store_set_wal
-- Readers and the writer do not wait for each other.
PRAGMA journal_mode = WAL;

-- name: store_set_auto_vacuum
-- Only before the first table: pruned space can be given back in steps.
PRAGMA auto_vacuum = INCREMENTAL;

-- name: store_data_version
-- Another number than before: someone else has committed.
PRAGMA data_version;

-- name: store_begin
-- The write lock at once, so that nothing fails half way for it.
BEGIN IMMEDIATE;

-- name: store_commit
-- All of it, or nothing.
COMMIT;

-- name: store_try
-- A write that changes nothing: whether there is room for one.
UPDATE outbox_schema SET version = version WHERE id = 1;

-- name: store_rollback
-- Nothing of it.
ROLLBACK;

-- name: store_empty_wal
-- The disk is full: what the WAL holds may have room in the file already.
PRAGMA wal_checkpoint(TRUNCATE);

-- name: store_has_outbox
-- Whether there is an outbox in the file, and whether a foreign one.
-- scans: the schema
SELECT sum(name = 'outbox_schema'), sum(name = 'outbox')
    FROM sqlite_master WHERE type = 'table' AND name GLOB 'outbox*';

-- name: store_version
-- The version of the schema.
SELECT version FROM outbox_schema WHERE id = 1;
