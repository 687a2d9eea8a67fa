#include "suites/conformance/required_tests.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "required_tests_text.h"

namespace tales::conformance {
namespace {

RequiredTests Parse(std::string_view text) {
  RequiredTests tests{.release = "v1.32"};
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    if (line.size() < 3 || line.front() == '#') continue;
    tests.all.emplace_back(line.substr(2));
    if (line.front() == '*') tests.sample.emplace_back(line.substr(2));
  }
  std::sort(tests.all.begin(), tests.all.end());
  return tests;
}

}  // namespace

bool RequiredTests::Has(std::string_view codename) const {
  return std::binary_search(all.begin(), all.end(), codename, std::less<>());
}

const RequiredTests& BuiltInTests() {
  static const auto& tests = *new RequiredTests(Parse(kRequiredTestsText));
  return tests;
}

const RequiredTests* FindRequiredTests(std::string_view version) {
  return ReleaseOf(version) == BuiltInTests().release ? &BuiltInTests() : nullptr;
}

std::string ReleaseOf(std::string_view version) {
  version = absl::StripPrefix(version, "v");
  const std::vector<std::string> parts = absl::StrSplit(version, '.');
  int major = 0;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &major)) return "";
  const std::string minor = parts[1].substr(0, parts[1].find_first_not_of("0123456789"));
  return minor.empty() ? "" : absl::StrCat("v", major, ".", minor);
}

}  // namespace tales::conformance
