// How much of Kubernetes' conformance tests somebody asked for, and which tests that picks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/definition/cluster_definition.h"
#include "suites/conformance/required_tests.h"

namespace tales::conformance {

enum class Mode {
  kNone,    // no run of our own; of results, what their own focus says
  kSample,  // the part that needs no node: never a claim of conformance
  kFast,    // all of it, side by side where tests allow it
  kFull,    // all of it, one after the other
  kPart,    // one SIG's, or what a regular expression picks
};

struct ModeRequest {
  Mode mode = Mode::kNone;
  std::string text;     // as it was asked for: "sig:node"
  std::string pattern;  // of kPart: what a test's codename has to match (RE2)
};

// "", "none", "sample", "fast", "full", "sig:NAME" ("sig:node", "sig:sig-node"), "focus:REGEX"; anything else is
// InvalidArgument.
absl::StatusOr<ModeRequest> ParseMode(std::string_view text);

struct Picked {
  Mode mode = Mode::kNone;
  std::vector<std::string> names;  // codenames, sorted
  std::string what;                // for a sentence: "the sample", "a full run"
  bool is_all = false;             // everything that the release requires
  bool needs_nodes = false;        // any of it needs a kubelet
  Tier tier = Tier::kCreate;       // what the tests do to the cluster
  int procs = 1;                   // tests at once
};

// InvalidArgument: the release has no such tests. REQUIRES: a mode other than kNone.
absl::StatusOr<Picked> Pick(const ModeRequest& request, const RequiredTests& required);

}  // namespace tales::conformance
