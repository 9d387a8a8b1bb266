# Embeds what is not C at build time, with CMake alone.
#
# embed_schema(outbox event): schema/NNN_*.sql, schema/catalog.sql and
# schema/queries.sql become generated headers (see cmake/embed_sql.cmake).
function(embed_schema outbox event)
endfunction()
