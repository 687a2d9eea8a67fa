# One target per folder, so that a wrong include fails to link: base <- clients <- check <- runner, and so on.

add_library(tales_options INTERFACE)
target_include_directories(tales_options INTERFACE "${CMAKE_SOURCE_DIR}")
# All sources see the same macros of these, or the precompiled header would not fit them all.
target_link_libraries(tales_options INTERFACE Threads::Threads Boost::headers)
target_compile_options(tales_options INTERFACE -pthread)
target_compile_definitions(tales_options INTERFACE GTEST_HAS_PTHREAD=1)
target_include_directories(tales_options SYSTEM INTERFACE "${CMAKE_BINARY_DIR}/generated")
# Designated initialisers leave out members on purpose: what a member is then is written at its declaration.
target_compile_options(tales_options INTERFACE -Wall -Wextra -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers $<$<BOOL:${TALES_WERROR}>:-Werror>)
# Boost.Asio 1.74 has its own coroutine detection; nothing here uses it, and the define keeps its headers quiet.
target_compile_definitions(tales_options INTERFACE BOOST_ASIO_DISABLE_BOOST_COROUTINE BOOST_ALLOW_DEPRECATED_HEADERS)
# Debian's Abseil has a string_view of its own; see the file.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS "-std=c++20")
check_cxx_source_compiles("#include <string_view>\n#include <absl/strings/string_view.h>\nstatic_assert(__is_same(std::string_view, absl::string_view));\nint main() {}"
  TALES_ABSEIL_USES_STD_STRING_VIEW)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT TALES_ABSEIL_USES_STD_STRING_VIEW)
  set(TALES_ABSEIL_VIEWS "${CMAKE_SOURCE_DIR}/harness/base/abseil_views.h")
endif()
if(TALES_SANITIZE)
  add_compile_options(-fsanitize=${TALES_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${TALES_SANITIZE})
  if(TALES_SANITIZE MATCHES thread)
    # Boost.Asio's fences: the sanitizer does not see them; they only make it miss a race, never invent one here.
    add_compile_options(-Wno-tsan)
  endif()
endif()

# What nearly every source includes costs six of the seven seconds that it takes to compile; precompiled, once per build.
# Off, every source still compiles by its own includes.
if(TALES_PRECOMPILE)
  file(WRITE "${CMAKE_BINARY_DIR}/precompiled.cc" "")
  add_library(tales_precompiled OBJECT "${CMAKE_BINARY_DIR}/precompiled.cc")
  target_link_libraries(tales_precompiled PRIVATE tales_options tales_talos_proto nlohmann_json::nlohmann_json yaml-cpp
    GTest::gmock OpenSSL::SSL)
  # By names that do not depend on where the tree is, so that ccache serves one tree with what another compiled.
  if(TALES_ABSEIL_VIEWS)
    set(views <harness/base/abseil_views.h>)
  endif()
  target_precompile_headers(tales_precompiled PRIVATE ${views} <absl/status/statusor.h> <absl/strings/str_format.h>
    <functional> <map> <memory> <optional> <set> <string> <vector> <filesystem> <gmock/gmock.h> <nlohmann/json.hpp>
    <yaml-cpp/yaml.h> <harness/talos/proto/machine.pb.h>)
endif()

# How the sources of a target are compiled.
function(tales_compile name)
  target_link_libraries(${name} PRIVATE tales_options)
  if(TALES_PRECOMPILE)
    target_precompile_headers(${name} REUSE_FROM tales_precompiled)
  elseif(TALES_ABSEIL_VIEWS)
    target_compile_options(${name} PRIVATE -include "${TALES_ABSEIL_VIEWS}")
  endif()
endfunction()

# tales_executable(NAME SRCS a.cc ... DEPS target ...)
function(tales_executable name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  tales_compile(${name})
endfunction()

# tales_library(NAME SRCS a.cc ... HDRS a.h ... DEPS target ...): a static library of one folder.
function(tales_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;HDRS;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SRCS} ${ARG_HDRS})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  tales_compile(${name})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
endfunction()

# tales_test(NAME SRCS a_test.cc ... DEPS target ... [LABELS hermetic] [TIMEOUT 60] [ONE_PROCESS]): a GoogleTest binary
# whose cases are ctest cases, or (ONE_PROCESS) which is one: where its cases share what takes long to start. Labels: hermetic (Debian packages are enough), selftest, lab, real (needs real parts).
function(tales_test name)
  cmake_parse_arguments(ARG "ONE_PROCESS" "TIMEOUT" "SRCS;DEPS;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS hermetic)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  tales_executable(${name} SRCS ${ARG_SRCS} DEPS ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(ARG_ONE_PROCESS)
    add_test(NAME ${name} COMMAND ${name})
    # What takes longest is begun first, so that it does not go on alone behind all others.
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENVIRONMENT}"
      COST ${ARG_TIMEOUT} SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
    return()
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}:"
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
