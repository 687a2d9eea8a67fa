# One target per folder, so that a wrong include fails to link: base <- clients <- check <- runner, and so on.

add_library(tales_options INTERFACE)
target_include_directories(tales_options INTERFACE "${CMAKE_SOURCE_DIR}")
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
  target_compile_options(tales_options INTERFACE -include "${CMAKE_SOURCE_DIR}/harness/base/abseil_views.h")
endif()
if(TALES_SANITIZE)
  add_compile_options(-fsanitize=${TALES_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${TALES_SANITIZE})
endif()

# tales_library(NAME SRCS a.cc ... HDRS a.h ... DEPS target ...): a static library of one folder.
function(tales_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;HDRS;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SRCS} ${ARG_HDRS})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE tales_options)
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
endfunction()

# tales_test(NAME SRCS a_test.cc ... DEPS target ... [LABELS hermetic] [TIMEOUT 60]): a GoogleTest binary whose
# cases are ctest cases. Labels: hermetic (Debian packages are enough), selftest, lab, real (needs real parts).
function(tales_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS hermetic)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main tales_options)
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}:"
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
