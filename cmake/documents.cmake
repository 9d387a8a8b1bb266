# The manual page and the completions, which the program itself prints: one
# source with --help. Made after the program, and installed with it.

set(documents ${CMAKE_BINARY_DIR}/documents)

# add_document(NAME DESTINATION WORD…)
#
# documents/NAME is what `subrelay help WORD…` prints.
function(add_document name destination)
  add_custom_command(
    OUTPUT ${documents}/${name}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${documents}
    COMMAND sh -c "\"$0\" help \"$@\" >\"${documents}/${name}.new\" && mv \"${documents}/${name}.new\" \"${documents}/${name}\"" $<TARGET_FILE:subrelay> ${ARGN}
    DEPENDS subrelay
    COMMENT "Writing ${name}"
    VERBATIM)
  install(FILES ${documents}/${name} DESTINATION ${destination})
  set_property(GLOBAL APPEND PROPERTY SUBRELAY_DOCUMENTS ${documents}/${name})
endfunction()

add_document(subrelay.1 share/man/man1 --man)
add_document(subrelay share/bash-completion/completions --completion bash)
add_document(_subrelay share/zsh/site-functions --completion zsh)
add_document(subrelay.fish share/fish/vendor_completions.d --completion fish)

get_property(all GLOBAL PROPERTY SUBRELAY_DOCUMENTS)
add_custom_target(documents ALL DEPENDS ${all})
