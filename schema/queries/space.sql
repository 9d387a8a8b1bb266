-- space.sql - room in the file (src/outbox/space.h).

-- name: space_auto_vacuum
-- 0: free pages stay in the file; 1: each commit gives them back; 2: we may.
PRAGMA auto_vacuum;

-- name: space_page_size
-- Bytes.
PRAGMA page_size;

-- name: space_page_count
-- Of the file.
PRAGMA page_count;

-- name: space_freelist_count
-- Of them, pages that hold nothing.
PRAGMA freelist_count;

-- name: space_give_back
-- A step: the last pages of the file move into free ones.
PRAGMA incremental_vacuum(256);
