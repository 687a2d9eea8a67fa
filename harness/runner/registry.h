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
  std::string conformance;           // mode, as in ProducerInputs
  std::string connectivity;          // tests, as in ProducerInputs
};

// What a run reads beside the cluster itself.
struct RunInputs {
  ClusterDefinition definition;  // and through it the operator's files
  ProducerInputs producers;      // and through it foreign results
};

// Breaks some of it: makes a broken copy below `scratch` (private, removed with the run's fixture) and points `inputs`
// at it, by absolute paths. Never touches the original. InvalidArgument: this run has nothing of the kind.
using InputFault =
    std::function<absl::Status(const FaultRequest& fault, const std::filesystem::path& scratch, RunInputs& inputs)>;

// Where and on what `tales prove` shows the faults of a domain that is no fixture's own.
struct ProofStage {
  std::string fixture;              // "lab"
  std::vector<std::string> checks;  // globs; the proof is about these. Default: all of the profile
  // Writes what the healthy run reads below `folder`; returns further arguments of `tales verify`.
  std::function<absl::StatusOr<std::vector<std::string>>(const std::filesystem::path& folder)> prepare;
};

struct Registry {
  std::vector<Suite> suites;
  std::vector<Producer> producers;
  std::map<std::string, FixtureFactory> fixtures;
  std::vector<Fault> faults;
  std::map<std::string, InputFault> input_faults;  // by Fault::name(); every other fault is the fixture's to make
  std::map<std::string, ProofStage> proof_stages;  // by domain; without one it is proved on the fixture of its name
  std::vector<Profile> profiles;
  // Whether --conformance takes a mode beside "none"; InvalidArgument names those that there are. Default: any
  std::function<absl::Status(std::string_view mode)> check_conformance_mode;
  // Verbs that live elsewhere (`lab`, `local`), so that the command line does not depend on what implements fixtures.
  std::vector<std::function<void(CLI::App&, CliContext&)>> commands;
};

// "adopt, docker, lab": for help and for errors.
std::string FixtureNames(const Registry& registry);

}  // namespace tales
