-- first.sql: what is before the first name is a comment on the file.

-- name: query_plain
-- Why: a statement without anything special.
SELECT 1;

-- name: query_tricky
-- Why: everything that a careless reader of SQL trips over.
SELECT '-- no comment; it''s text', -- a comment; with 'quotes
       "a ""column", '/* nor this */', /* but this; */ 'what?? [a;b] \n'
  -- a whole line
FROM/* */t -- "open
WHERE a - b = :c; -- behind the end
