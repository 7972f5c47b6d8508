# How every folder is built: floor() for shared code, room() for a program, suite() for tests.
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)
find_package(tl-expected REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent_core)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(GSASL REQUIRED IMPORTED_TARGET libgsasl)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Commands stand in bin, service programs in libexec, as they do when installed.
set(POSTERN_COMMANDS ${CMAKE_BINARY_DIR}/bin)
set(POSTERN_SERVICES ${CMAKE_BINARY_DIR}/libexec)

option(POSTERN_FUZZ "build the fuzz targets for libFuzzer (clang only)" OFF)
option(POSTERN_TESTS "build the tests" ON)
option(POSTERN_UNIT_TESTS "build all unit tests, not only those of what a build with sanitizers leaves out" ON)
set(POSTERN_SANITIZE "" CACHE STRING "sanitizers to build with, as in -fsanitize=")
# Builds take a third of the time, and find no missing include: sources see more than they name.
option(POSTERN_COMMON_HEADERS "compile cmake/common_headers.h once for all sources" OFF)

add_library(postern_flags INTERFACE)
target_include_directories(postern_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(postern_flags INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor)
# A program names only the libraries that it calls, whatever the floors under it can do.
target_link_options(postern_flags INTERFACE -Wl,--as-needed)
if(POSTERN_SANITIZE)
  target_compile_options(postern_flags INTERFACE -fsanitize=${POSTERN_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(postern_flags INTERFACE -fsanitize=${POSTERN_SANITIZE})
  target_compile_definitions(postern_flags INTERFACE POSTERN_SANITIZED=1)
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    target_compile_options(postern_flags INTERFACE -fno-sanitize=function)
  endif()
  if(NOT POSTERN_FUZZ)
    # These look at each access, cost a fifth of the time to compile, and find next to nothing that the processor or the
    # address sanitizer does not.
    target_compile_options(postern_flags INTERFACE -fno-sanitize=null,alignment,object-size,vptr)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL Release OR CMAKE_BUILD_TYPE STREQUAL RelWithDebInfo)
  target_compile_options(postern_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
    -fstack-clash-protection -D_GLIBCXX_ASSERTIONS)
  target_link_options(postern_flags INTERFACE -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
if(POSTERN_FUZZ)
  target_compile_options(postern_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(POSTERN_COMMON_HEADERS)
  set(CMAKE_POSITION_INDEPENDENT_CODE OFF)  # one way for libraries and programs
  target_compile_options(postern_flags INTERFACE -fPIC)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    # Of headers that were read before g++ 12 forgets that they are the system's, and finds in them what is not there.
    target_compile_options(postern_flags INTERFACE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
      -Wno-restrict -Wno-maybe-uninitialized -Wno-free-nonheap-object -Wno-nonnull)
    # Nor does it know that what several sources in one go keep to themselves is not in a header.
    target_compile_options(postern_flags INTERFACE -Wno-subobject-linkage)
  endif()
  add_library(common_headers OBJECT ${CMAKE_SOURCE_DIR}/cmake/common_headers.cpp)
  target_link_libraries(common_headers PRIVATE postern_flags)
  target_precompile_headers(common_headers PRIVATE ${CMAKE_SOURCE_DIR}/cmake/common_headers.h)
endif()
# Sources of a target are compiled several in one go, for the same reason. ALONE: those that cannot, because what they
# keep to themselves has the name of what a neighbour does.
function(use_common_headers target)
  if(ARGN)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  if(POSTERN_COMMON_HEADERS)
    target_precompile_headers(${target} REUSE_FROM common_headers)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# floor(base SOURCES text.cpp DEPENDS …): a static library postern_base
function(floor name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE;DEPENDS" ${ARGN})
  list(APPEND ARG_SOURCES ${ARG_ALONE})
  if(ARG_SOURCES)
    add_library(postern_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(postern_${name} PUBLIC postern_flags ${ARG_DEPENDS})
    use_common_headers(postern_${name} ${ARG_ALONE})
  else()
    add_library(postern_${name} INTERFACE)
    target_link_libraries(postern_${name} INTERFACE postern_flags ${ARG_DEPENDS})
  endif()
endfunction()

# What is installed, and no test: cmake --build --preset release --target programs
add_custom_target(programs)

# room(smtpd KIND service SOURCES session.cpp … DEPENDS …): a library room_smtpd of the
# sources, which the tests link too, and the program of main.cpp and that library.
function(room name)
  cmake_parse_arguments(ARG "" "KIND;MAIN" "SOURCES;ALONE;DEPENDS" ${ARGN})
  list(APPEND ARG_SOURCES ${ARG_ALONE})
  if(NOT ARG_MAIN)
    set(ARG_MAIN main.cpp)
  endif()
  set(library ${ARG_DEPENDS})
  if(ARG_SOURCES)
    add_library(room_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(room_${name} PUBLIC postern_flags ${ARG_DEPENDS})
    set(library room_${name})
    use_common_headers(room_${name} ${ARG_ALONE})
  endif()
  add_executable(program_${name} ${ARG_MAIN})
  target_link_libraries(program_${name} PRIVATE ${library})
  add_dependencies(programs program_${name})
  if(ARG_KIND STREQUAL command)
    set_target_properties(program_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${POSTERN_COMMANDS})
    # They are started often, by scripts: most of what a start costs is the dynamic linking of the standard library.
    if(CMAKE_BUILD_TYPE STREQUAL Release AND NOT POSTERN_SANITIZE)
      target_link_options(program_${name} PRIVATE -static-libstdc++ -static-libgcc)
    endif()
    install(TARGETS program_${name} DESTINATION ${POSTERN_INSTALL_COMMANDS})
  else()
    set_target_properties(program_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${POSTERN_SERVICES})
    install(TARGETS program_${name} DESTINATION ${POSTERN_INSTALL_SERVICES})
  endif()
endfunction()

# suite(lib_base SOURCES text_test.cpp … DEPENDS …): one doctest program, one ctest test. AS_SHIPPED: it looks at what a
# build with sanitizers leaves out, such as the jail, and so belongs to every build.
function(suite name)
  cmake_parse_arguments(ARG "AS_SHIPPED" "" "SOURCES;ALONE;DEPENDS" ${ARGN})
  list(APPEND ARG_SOURCES ${ARG_ALONE})
  if(NOT POSTERN_TESTS OR NOT (POSTERN_UNIT_TESTS OR ARG_AS_SHIPPED))
    return()
  endif()
  if(NOT TARGET doctest_main)
    add_library(doctest_main OBJECT ${CMAKE_SOURCE_DIR}/tests/doctest_main.cpp)
    target_link_libraries(doctest_main PRIVATE postern_flags)
  endif()
  add_executable(test_${name} ${ARG_SOURCES} $<TARGET_OBJECTS:doctest_main>)
  # What is tested is built as it ships; the tests themselves need to be built fast, not to be fast.
  target_compile_options(test_${name} PRIVATE -O0 -U_FORTIFY_SOURCE)
  target_compile_definitions(test_${name} PRIVATE DOCTEST_CONFIG_SUPER_FAST_ASSERTS)
  target_link_libraries(test_${name} PRIVATE postern_flags ${ARG_DEPENDS})
  if(NOT CMAKE_BUILD_TYPE STREQUAL Release)  # where headers are read for another optimisation
    use_common_headers(test_${name} ${ARG_ALONE})
  endif()
  target_compile_definitions(test_${name} PRIVATE POSTERN_SOURCE="${CMAKE_SOURCE_DIR}")
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
  belongs_to_unit_tests(test_${name})
endfunction()

# The target unit_tests: what they need, and no program that ships but does not take part.
function(belongs_to_unit_tests target)
  if(NOT TARGET unit_tests)
    add_custom_target(unit_tests)
  endif()
  add_dependencies(unit_tests ${target})
endfunction()

# fuzz_target(main_cf SOURCE main_cf_fuzz.cpp DEPENDS …): with POSTERN_FUZZ a libFuzzer program; otherwise a
# program that replays the corpus tests/fuzz/corpus/NAME, and a ctest test that does so.
function(fuzz_target name)
  if(NOT POSTERN_TESTS OR NOT (POSTERN_UNIT_TESTS OR POSTERN_FUZZ))
    return()
  endif()
  cmake_parse_arguments(ARG "" "SOURCE" "DEPENDS" ${ARGN})
  if(POSTERN_FUZZ)
    add_executable(fuzz_${name} ${ARG_SOURCE})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    if(NOT TARGET fuzz_replay)
      add_library(fuzz_replay OBJECT ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.cpp)
      target_link_libraries(fuzz_replay PRIVATE postern_flags)
    endif()
    add_executable(fuzz_${name} ${ARG_SOURCE} $<TARGET_OBJECTS:fuzz_replay>)
    add_test(NAME fuzz_${name} COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz_${name} PROPERTIES TIMEOUT 120)
    belongs_to_unit_tests(fuzz_${name})
  endif()
  target_link_libraries(fuzz_${name} PRIVATE postern_flags ${ARG_DEPENDS})
  set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
endfunction()

# Where an installed system keeps its things: the layout that Postfix administrators expect under /usr.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "" FORCE)
endif()
set(POSTERN_INSTALL_COMMANDS sbin)
set(POSTERN_INSTALL_SERVICES lib/postern)
