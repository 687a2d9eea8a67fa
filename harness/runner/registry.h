// Everything that a `tales` binary knows: suites, producers, fixtures, faults. The product has one (app/main.cc), each
// self-test another; there is no global registration.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fixtures/fixture.h"
#include "harness/check/check.h"
#include "harness/check/fault.h"
#include "harness/runner/producer.h"

namespace CLI {
class App;
}

namespace tales {

struct CliContext;  // harness/cli/cli.h

// A set of checks under a name, with what it grants and demands when the cluster file says nothing else.
struct Profile {
  std::string name;
  std::string description;
  Tier tier = Tier::kRead;
  absl::Duration settle = absl::ZeroDuration();
  std::vector<std::string> checks;   // globs; what is judged
  std::vector<std::string> require;  // globs; `unsupported` fails the run
};

// Breaks what a run reads instead of the cluster itself (the operator's files, foreign results): makes a broken copy
// below `scratch` (private, removed with the run's fixture) and points `definition` at it, by absolute paths. Never
// touches the original. InvalidArgument: this cluster has nothing of the kind.
using InputFault = std::function<absl::Status(const FaultRequest& fault, const std::filesystem::path& scratch,
                                              ClusterDefinition& definition)>;

struct Registry {
  std::vector<Suite> suites;
  std::vector<Producer> producers;
  std::map<std::string, FixtureFactory> fixtures;
  std::vector<Fault> faults;
  std::map<std::string, InputFault> input_faults;  // by Fault::name(); every other fault is the fixture's to make
  std::vector<Profile> profiles;
  // Verbs that live elsewhere (`lab`, `local`), so that the command line does not depend on what implements fixtures.
  std::vector<std::function<void(CLI::App&, CliContext&)>> commands;
};

}  // namespace tales
