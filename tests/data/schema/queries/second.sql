-- name: query_second_file
-- Why: no newline at the end of the file.
DELETE FROM t
WHERE id = :id;