// What a submission to the CNCF's k8s-conformance repository consists of, made of a full run and checked here by those
// rules of its bot that need no network.
//
//   v1.32/PRODUCT/{README.md,PRODUCT.yaml,e2e.log,junit_01.xml}
//
// A submission it is not: the bot takes the three newest releases only. Source: github.com/cncf/k8s-conformance,
// instructions.md; the rules are those of kubernetes-sigs/verify-conformance, by number of their scenario.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "suites/conformance/required_tests.h"

namespace tales::conformance {

struct Breach {
  int rule = 0;       // 2 files, 3 no others, 7 and 8 and 10 PRODUCT.yaml, 12 all tests, 13 none failed
  std::string found;  // "PRODUCT.yaml lacks vendor"
};

// Rules 7, 8 and 10 on the text of a PRODUCT.yaml.
std::vector<Breach> CheckProduct(std::string_view yaml);
// Rules 12 and 13 on a junit_01.xml.
std::vector<Breach> CheckResults(const std::filesystem::path& junit, const RequiredTests& required);
// All of them on a folder that has the four files in it.
std::vector<Breach> CheckBundle(const std::filesystem::path& folder, const RequiredTests& required);

struct BundleRequest {
  std::filesystem::path run;      // folder of the run
  std::filesystem::path product;  // PRODUCT.yaml, which only a person can write
  std::filesystem::path readme;   // how to reproduce it; "": one that says how tales ran it
  std::filesystem::path out;      // made; must not be there, or be empty
};

// The folder with the four files. FailedPrecondition: the run was none of all tests, one after the other, to its end,
// or rules are broken, with all of them named; nothing is written then. Other errors: of files.
absl::StatusOr<std::filesystem::path> MakeBundle(const BundleRequest& request);

}  // namespace tales::conformance
