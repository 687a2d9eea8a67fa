// What a person asks of `tales verify`, and what follows from it before anything runs.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/check/fault.h"
#include "harness/definition/cluster_definition.h"
#include "nlohmann/json.hpp"

namespace tales {

class Fixture;  // fixtures/fixture.h

struct RunRequest {
  std::filesystem::path cluster_file, talosconfig, kubeconfig;  // absolute, or empty
  std::string talos_context, kubernetes_context;
  std::filesystem::path vm_settings;  // --vm-settings, absolute
  std::string fixture;                // --fixture
  std::string profile;
  std::vector<std::string> suites, checks, faults;
  std::optional<absl::Duration> settle;
  std::optional<Tier> allow;
  std::string conformance;                     // --conformance; Default: the profile's
  std::string conformance_runner;              // --conformance-runner
  std::string connectivity;                    // --connectivity; Default: the profile's
  std::vector<std::filesystem::path> imports;  // --import, absolute
  std::filesystem::path baseline;              // --baseline: a run or a report of one, absolute
  bool strict = false;
  // Not part of what a resumed run repeats:
  int jobs = 0;  // 0: by the machine
  std::filesystem::path out;
  std::filesystem::path resume;
  bool keep = false;
};

// For the journal's run event, so that --resume can ask the same again.
nlohmann::json ToJson(const RunRequest& request);
absl::StatusOr<RunRequest> ParseRunRequest(const nlohmann::json& json);

// Where the cluster comes from: never guessed. InvalidArgument tells the three ways to say it.
absl::StatusOr<std::string> ChooseFixture(const RunRequest& request,
                                          const std::optional<ClusterDefinition>& definition);

// InvalidArgument where files, contexts or settings of a cluster are named that `fixture` would not look at: the
// verdict would be about another cluster than the one that was meant.
absl::Status CheckCredentialFlags(const RunRequest& request, const Fixture& fixture);

// InvalidArgument for an --import that is not there.
absl::Status CheckImports(const RunRequest& request);

// "2025-03-02T01-00-00Z-7f3a": sorts by time, unique on one machine.
std::string NewRunId();

// How long each check took in the newest other run beside `folder`; empty where there is none.
std::map<std::string, double> PastDurations(const std::filesystem::path& folder);

}  // namespace tales
