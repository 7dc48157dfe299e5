# How Freshet's parts are declared: freshet_module(), freshet_program(), freshet_test().

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

add_library(freshet_flags INTERFACE)
target_compile_options(freshet_flags INTERFACE -Wall -Wextra -Wpedantic -Werror)
target_include_directories(freshet_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(freshet_flags INTERFACE Threads::Threads fmt::fmt)
# clang checks the lock annotations of base/guarded.h; g++ ignores them.
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # libstdc++ 12's own std::stable_sort calls what clang 19 calls deprecated.
  target_compile_options(freshet_flags INTERFACE -Wthread-safety -Wno-deprecated-declarations)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  # What the compiler says it read is enough; a preprocessor's run of its own costs a cold build a tenth.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_DEPEND=1 ${CCACHE})
endif()

# The headers that most sources include, parsed once. For the release alone, so that every other build still finds the
# source that forgets to include what it uses.
option(FRESHET_PRECOMPILED_HEADERS "parse the common headers once" OFF)
if(FRESHET_PRECOMPILED_HEADERS)
  # What ccache needs to keep the parsed headers and what was compiled with them.
  if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  endif()
  target_compile_options(freshet_flags INTERFACE -fpch-preprocess)
  # g++ 12 forgets that std::string's code is a system header's, and warns of what it inlines; the other builds look.
  target_compile_options(freshet_flags INTERFACE
    -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  file(CONFIGURE OUTPUT precompiled.cpp CONTENT "")
  add_library(freshet_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(freshet_precompiled PRIVATE freshet_flags)
  target_precompile_headers(freshet_precompiled PRIVATE
    <algorithm> <array> <charconv> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <optional> <set> <span>
    <stop_token> <string> <string_view> <thread> <utility> <variant> <vector> <fmt/format.h>)
endif()

function(freshet_precompile target)
  if(FRESHET_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM freshet_precompiled)
  endif()
endfunction()

# freshet_module(NAME [LINK target...] [TEST_LINK target...])
#   The static library freshet_NAME of this folder's *.cpp, and the unit tests NAME_test of its *_test.cpp.
function(freshet_module name)
  cmake_parse_arguments(arg "" "" "LINK;TEST_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(freshet_${name} STATIC ${sources})
    target_link_libraries(freshet_${name} PUBLIC freshet_flags ${arg_LINK})
    freshet_precompile(freshet_${name})
  else()
    add_library(freshet_${name} INTERFACE)
    target_link_libraries(freshet_${name} INTERFACE freshet_flags ${arg_LINK})
  endif()
  if(tests)
    freshet_test(${name}_test LABELS unit SOURCES ${tests} LINK freshet_${name} ${arg_TEST_LINK})
  endif()
endfunction()

# What users run, without the tests.
add_custom_target(programs)

# freshet_program(NAME SOURCES file... [LINK target...]): the executable NAME, left in the top of the build folder.
# Those of tests/ and bench/ are built with what starts them, and with everything.
function(freshet_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE folder)
  if(NOT folder MATCHES "^(tests|bench)/?")
    add_dependencies(programs ${name})
  endif()
  target_link_libraries(${name} PRIVATE freshet_flags ${arg_LINK})
  freshet_precompile(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

# Every unit test's executable: all that a sanitizer's build needs.
add_custom_target(unit_tests)

# freshet_test(NAME LABELS label... SOURCES file... [LINK target...] [TIMEOUT seconds] [DEPENDS program...])
#   One GoogleTest executable. Tests labelled `unit` are listed case by case; others run as one ctest entry,
#   so that they pay for their servers once.
function(freshet_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;SOURCES;LINK;DEPENDS" ${ARGN})
  # freshet-store is left out where libchdb is missing or can't be loaded (beneath sanitizers).
  foreach(program IN LISTS arg_DEPENDS)
    if(NOT TARGET ${program})
      message(STATUS "${name} is left out: no ${program}")
      return()
    endif()
  endforeach()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE freshet_flags ${arg_LINK} GTest::gmock GTest::gtest_main)
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if("unit" IN_LIST arg_LABELS)
    add_dependencies(unit_tests ${name})
    include(GoogleTest)
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  else()
    add_test(NAME ${name} COMMAND ${name})
    # The long ones first, so that none of them is left alone at the end.
    set(cost 10)
    if("fault" IN_LIST arg_LABELS)
      set(cost 100)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} COST ${cost}
                         ENVIRONMENT "FRESHET_BUILD_DIR=${CMAKE_BINARY_DIR};FRESHET_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  endif()
endfunction()

# freshet_test_again(NAME OF test FILTER gtest-filter LABELS label... ENVIRONMENT variable=value... TIMEOUT seconds)
#   The executable of another test once more, in another world.
function(freshet_test_again name)
  cmake_parse_arguments(arg "" "OF;FILTER;TIMEOUT" "LABELS;ENVIRONMENT" ${ARGN})
  add_test(NAME ${name} COMMAND ${arg_OF} --gtest_filter=${arg_FILTER})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} COST 100
                       ENVIRONMENT "FRESHET_BUILD_DIR=${CMAKE_BINARY_DIR};FRESHET_SOURCE_DIR=${CMAKE_SOURCE_DIR};${arg_ENVIRONMENT}")
endfunction()
