# cmake -P embed_outbox.cmake OUTPUT FILE…: the files one after the other, in
# one transaction. The sqlite3 shell without -bail goes on after an error, so
# that the end looks whether all of our objects are there and were made by this
# file, and if not takes everything back.
include(${CMAKE_CURRENT_LIST_DIR}/c_text.cmake)

script_files(files)
set(whole "")
foreach(file IN LISTS files)
  file(READ ${file} text)
  string(APPEND whole "${text}")
endforeach()

set(kinds "TABLE|INDEX|UNIQUE INDEX|TRIGGER|VIEW")
string(REGEX MATCHALL "(^|\n)CREATE (${kinds}) [a-z0-9_]+" creations "${whole}")
set(names "")
set(count 0)
foreach(creation IN LISTS creations)
  string(REGEX REPLACE ".* " "" name "${creation}")
  string(APPEND names ",\n        '${name}'")
  math(EXPR count "${count} + 1")
endforeach()
string(REGEX REPLACE "^," "" names "${names}")

set(begin "BEGIN IMMEDIATE;\n")
set(end "COMMIT;\n")
if(count GREATER 0)
  set(our_objects
      "(SELECT count(*) FROM main.sqlite_master WHERE name IN (${names}))")
  string(APPEND begin "
-- How many of the ${count} objects are there: none or all at first, all at the
-- end, or nothing of this stays.
CREATE TEMP TABLE outbox_whole (
    before INTEGER NOT NULL,
    after INTEGER,
    CONSTRAINT outbox_whole CHECK (
        after IS NULL OR (before IN (0, ${count}) AND after = ${count}))
);
INSERT INTO temp.outbox_whole (before)
    SELECT ${our_objects};
")
  set(end "
UPDATE OR ROLLBACK temp.outbox_whole
    SET after = ${our_objects};
DROP TABLE temp.outbox_whole;
COMMIT;
")
endif()
file(WRITE ${CMAKE_ARGV3} "${begin}\n${whole}${end}")
