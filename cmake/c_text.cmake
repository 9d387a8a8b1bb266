# C out of text: what the embedding scripts share. Texts are handed over by the
# name of their variable, so that ";" and "[" in them are never a CMake list.
cmake_policy(VERSION 3.25)

# Set ${out} to the C definition of an array that holds the file's bytes.
# Character by character: ISO C promises no more than 4,095 bytes a literal.
function(c_array_of_file file symbol out)
  file(READ ${file} hex HEX)
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  # Twelve bytes a line.
  string(REGEX REPLACE "(........................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," characters "${hex}")
  set(${out}
      "enum { ${symbol}_length = ${length} };\nstatic const char ${symbol}[] = {\n${characters}'\\0'};\n"
      PARENT_SCOPE)
endfunction()

# Set ${out} to a C string literal, one piece a line of the text; continued
# ("\") at each line's end, for use within a macro.
function(c_literal text_variable out)
  set(text "${${text_variable}}")
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "?" "\\?" text "${text}") # no trigraphs
  string(REPLACE "\t" "\\t" text "${text}")
  string(REPLACE "\r" "\\r" text "${text}")
  string(REPLACE "\n" "\\n\" \\\n    \"" text "${text}")
  set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

# Set ${out} to the script's file arguments: those after "-P SCRIPT OUTPUT".
# (cmake is argument 0, -P 1, the script 2, the output 3.)
function(script_files out)
  set(files "")
  set(i 4)
  while(i LESS CMAKE_ARGC)
    list(APPEND files "${CMAKE_ARGV${i}}")
    math(EXPR i "${i} + 1")
  endwhile()
  set(${out} "${files}" PARENT_SCOPE)
endfunction()
