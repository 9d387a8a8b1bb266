# cmake -P embed_outbox.cmake OUTPUT FILE…: the files one after the other.
include(${CMAKE_CURRENT_LIST_DIR}/c_text.cmake)

script_files(files)
set(whole "")
foreach(file IN LISTS files)
  file(READ ${file} text)
  string(APPEND whole "${text}")
endforeach()
file(WRITE ${CMAKE_ARGV3} "${whole}")
