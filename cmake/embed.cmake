# Embeds what is not C at build time, with CMake alone: the functions that a
# CMakeLists.txt calls. The work is done by the scripts beside this file, which
# run when a file that they read is newer than what they wrote.

set(EMBED_SCRIPTS ${CMAKE_CURRENT_LIST_DIR})

# embed_text(TARGET FILE SYMBOL)
#
# TARGET can #include "SYMBOL.h", which holds the bytes of FILE, whatever they
# are, and a NUL behind them:
#   static const char SYMBOL[];       sizeof(SYMBOL) - 1 is the length
#   enum { SYMBOL_length = … };       the length, without that NUL
function(embed_text target file symbol)
  get_filename_component(file ${file} ABSOLUTE)
  set(header ${CMAKE_BINARY_DIR}/generated/${symbol}.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -P ${EMBED_SCRIPTS}/embed_text.cmake
            ${header} ${symbol} ${file}
    DEPENDS ${file} ${EMBED_SCRIPTS}/embed_text.cmake
            ${EMBED_SCRIPTS}/c_text.cmake
    COMMENT "Embedding ${symbol}"
    VERBATIM)
  target_sources(${target} PRIVATE ${header})
endfunction()

# Make GENERATED/NAME from the files in the list named by files_variable.
function(embed_sql script generated name files_variable)
  add_custom_command(
    OUTPUT ${generated}/${name}
    COMMAND ${CMAKE_COMMAND} -P ${EMBED_SCRIPTS}/${script}.cmake
            ${generated}/${name} ${${files_variable}}
    DEPENDS ${${files_variable}} ${EMBED_SCRIPTS}/${script}.cmake
            ${EMBED_SCRIPTS}/c_text.cmake ${EMBED_SCRIPTS}/sql_text.cmake
    COMMENT "Embedding ${name}"
    VERBATIM)
endfunction()

# embed_schema(TARGET SCHEMA GENERATED)
#
# Makes the interface library TARGET; who links it finds in the folder
# GENERATED, made from the folder SCHEMA:
#   queries.h     SCHEMA/queries/*.sql: every named query, as QUERIES(QUERY)
#   migrations.h  SCHEMA/migrations/NNN_name.sql, as MIGRATIONS(MIGRATION), and
#                 SCHEMA/catalog.sql, as catalog_text
#   catalog.inc   the rows of SCHEMA/catalog.sql, one macro a row
#   outbox.sql    migrations and catalog one after the other, as plain SQL
# Files that do not exist give empty lists.
function(embed_schema target schema generated)
  file(GLOB queries CONFIGURE_DEPENDS ${schema}/queries/*.sql)
  file(GLOB migrations CONFIGURE_DEPENDS ${schema}/migrations/*.sql)
  file(GLOB catalog CONFIGURE_DEPENDS ${schema}/catalog.sql)
  list(SORT queries)
  list(SORT migrations)
  set(whole ${migrations} ${catalog})

  embed_sql(embed_queries ${generated} queries.h queries)
  embed_sql(embed_migrations ${generated} migrations.h whole)
  embed_sql(embed_catalog ${generated} catalog.inc catalog)
  embed_sql(embed_outbox ${generated} outbox.sql whole)

  add_custom_target(${target}_generated ALL
    DEPENDS ${generated}/queries.h ${generated}/migrations.h
            ${generated}/catalog.inc ${generated}/outbox.sql)
  add_library(${target} INTERFACE)
  target_include_directories(${target} INTERFACE ${generated})
  add_dependencies(${target} ${target}_generated)
endfunction()
