# How Freshet's parts are declared: freshet_module(), freshet_program(), freshet_test().

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

add_library(freshet_flags INTERFACE)
target_compile_options(freshet_flags INTERFACE -Wall -Wextra -Wpedantic -Werror)
target_include_directories(freshet_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(freshet_flags INTERFACE Threads::Threads fmt::fmt)
# clang checks the lock annotations of base/guarded.h; g++ ignores them.
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(freshet_flags INTERFACE -Wthread-safety)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

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
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT}
                         ENVIRONMENT "FRESHET_BUILD_DIR=${CMAKE_BINARY_DIR};FRESHET_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  endif()
endfunction()
