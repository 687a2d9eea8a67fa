// The conformance tests that a Kubernetes release requires, by codename: the name of a test in JUnit without "[It] ",
// as conformance.yaml has it and `e2e.test --list-conformance-tests` prints it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tales::conformance {

struct RequiredTests {
  std::string release;              // "v1.32"
  std::vector<std::string> all;     // sorted
  std::vector<std::string> sample;  // of these, what needs no node: an API server, etcd and controllers are enough

  bool Has(std::string_view codename) const;
};

// Of the release that `version` ("v1.32.2", "1.32") belongs to; nullptr: its list is not built in. Read at the first
// call; thread-safe.
const RequiredTests* FindRequiredTests(std::string_view version);
// The release whose list is built in.
const RequiredTests& BuiltInTests();

// "v1.32" of "v1.32.2", "1.32.2+k3s1"; "" of what is no version.
std::string ReleaseOf(std::string_view version);

}  // namespace tales::conformance
