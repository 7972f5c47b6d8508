# An initial cache (cmake -C) for a build that only asks a second compiler what it thinks of each source: nothing is
# generated or linked, so it takes half the time, and a later run looks only at what has changed.
set(CMAKE_CXX_COMPILER clang++-14 CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_UNITY_BUILD ON CACHE BOOL "")  # several sources in one go
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8 CACHE STRING "")
set(common ${CMAKE_BINARY_DIR}/common_headers.pch)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR})
execute_process(COMMAND clang++-14 -std=c++20 -fPIC -x c++-header ${CMAKE_CURRENT_LIST_DIR}/common_headers.h -o ${common}
  COMMAND_ERROR_IS_FATAL ANY)
set(CMAKE_CXX_COMPILE_OBJECT
  "<CMAKE_CXX_COMPILER> <DEFINES> <INCLUDES> <FLAGS> -fPIC -include-pch ${common} -Werror=unused-result -fsyntax-only <SOURCE> && touch <OBJECT>"
  CACHE STRING "")
set(CMAKE_CXX_CREATE_STATIC_LIBRARY "touch <TARGET>" CACHE STRING "")
set(CMAKE_CXX_LINK_EXECUTABLE "touch <TARGET>" CACHE STRING "")
