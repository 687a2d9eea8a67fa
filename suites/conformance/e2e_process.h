// One run of Kubernetes' e2e.test against a cluster, as a child process whose output is followed while it is written.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/subprocess.h"
#include "suites/conformance/spec_stream.h"

namespace tales::conformance {

struct E2eOptions {
  std::filesystem::path program;  // e2e.test
  std::filesystem::path kubeconfig;
  std::string context;                      // of the kubeconfig; "": its current one
  std::filesystem::path folder;             // made; gets e2e.log, e2e.err and junit_01.xml
  std::vector<std::string> names;           // of the tests to run
  bool picks_all = false;                   // `names` are all conformance tests: then the focus says so
  bool needs_nodes = false;                 // false: the suite does not wait for nodes and for the pods of kube-system
  absl::Duration timeout = absl::Hours(2);  // after which ginkgo itself gives up
};

// Its arguments; argv[0] is the program. Source: test/e2e/framework/test_context.go of v1.32.2.
std::vector<std::string> E2eArguments(const E2eOptions& options);

// Used on one thread. The process dies with it.
class E2eProcess {
 public:
  static absl::StatusOr<std::unique_ptr<E2eProcess>> Start(const E2eOptions& options);

  // Waits until there is more to tell, the process has ended, or `longest` is over. False: it has ended, and everything
  // that it wrote was told.
  bool Follow(absl::Duration longest, const std::function<void(const SpecEvent&)>& sink);
  // ginkgo breaks the test under way off, cleans up and writes its report. A second one: at once.
  void Interrupt() { child_.Kill(SIGINT); }
  void Kill() { child_.Kill(SIGKILL); }

  // REQUIRES: Follow() returned false.
  const Finished& finished() const { return *finished_; }
  const SpecStream& stream() const { return stream_; }
  std::filesystem::path junit() const { return folder_ / "junit_01.xml"; }
  // The end of what it said beside its report: why it could not start.
  std::string LastWords() const;

 private:
  E2eProcess(const E2eOptions& options, Child child, std::ifstream output)
      : folder_(options.folder), child_(std::move(child)), output_(std::move(output)), stream_(options.names) {}
  bool ReadMore(const std::function<void(const SpecEvent&)>& sink);

  const std::filesystem::path folder_;
  Child child_;
  std::ifstream output_;
  SpecStream stream_;
  std::optional<Finished> finished_;
};

}  // namespace tales::conformance
