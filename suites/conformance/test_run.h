// One start of Kubernetes' e2e.test, wherever it runs: here as a process (e2e_process.h), or in a pod (pod_run.h).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "suites/conformance/spec_stream.h"

namespace tales::conformance {

// What is to be run.
struct E2eOptions {
  std::filesystem::path program;  // e2e.test, where it runs here
  std::filesystem::path ginkgo;   // its program for several tests at once; needed where `procs` > 1
  std::filesystem::path kubeconfig;
  std::string context;                      // of the kubeconfig; "": its current one
  std::filesystem::path folder;             // made; gets e2e.log, junit_01.xml and what else the run leaves
  std::vector<std::string> names;           // of the tests to run
  bool picks_all = false;                   // `names` are all conformance tests: then the focus says so
  bool needs_nodes = false;                 // false: the suite does not wait for nodes and for the pods of kube-system
  int procs = 1;                            // tests at once; those that are [Serial] have the cluster for themselves
  absl::Duration timeout = absl::Hours(2);  // after which ginkgo itself gives up
};

// How it ended.
struct TestRunEnd {
  std::string how;               // for a sentence: "ended with exit code 1"
  std::optional<int> exit_code;  // none: it was killed, or nobody knows
  std::string lost;              // why its end was not seen, and its results are not to be had; "": they are
};

// Used on one thread. What runs here dies with it; a pod does not.
class TestRun {
 public:
  using Sink = std::function<void(const SpecEvent&)>;
  virtual ~TestRun() = default;

  // Waits until there is more to tell, it has ended, or `longest` is over. False: it has ended, and everything that it
  // wrote was told.
  virtual bool Follow(absl::Duration longest, const Sink& sink) = 0;
  // False while nothing can be read of it: that nothing is told says nothing then.
  virtual bool is_followed() const { return true; }
  // ginkgo breaks the test under way off, cleans up and writes its report. A second one: at once.
  virtual void Interrupt() = 0;
  virtual void Kill() = 0;

  // REQUIRES: Follow() returned false.
  virtual const TestRunEnd& end() const = 0;
  virtual const SpecStream& stream() const = 0;
  virtual std::filesystem::path junit() const = 0;  // where its file is, if it left one
  // The end of what it said beside its report: why it could not start.
  virtual std::string LastWords() const = 0;
};

using StartTests = std::function<absl::StatusOr<std::unique_ptr<TestRun>>(const E2eOptions&)>;

}  // namespace tales::conformance
