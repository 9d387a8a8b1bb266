-- A catalog: two tables, every sort of value.
INSERT INTO fixture_kind (name, text, number) VALUES
    ('first', 'FIRST', 1), -- a comment
    ('quote', 'it''s "q" \ ; [x] (y), z', -12),
    ('nothing', '', NULL);

INSERT OR IGNORE INTO fixture_store
    (name)
VALUES
    ('app_store');
