// e2e.test as a child process whose output is followed while it is written.
#pragma once

#include <signal.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/followed_child.h"
#include "suites/conformance/test_run.h"

namespace tales::conformance {

// Its arguments; argv[0] is the program. Source: test/e2e/framework/test_context.go of v1.32.2.
std::vector<std::string> E2eArguments(const E2eOptions& options);

// The process dies with it.
class E2eProcess : public TestRun {
 public:
  static absl::StatusOr<std::unique_ptr<TestRun>> Start(const E2eOptions& options);

  bool Follow(absl::Duration longest, const Sink& sink) override;
  void Interrupt() override { child_.Kill(SIGINT); }
  void Kill() override { child_.Kill(SIGKILL); }
  const TestRunEnd& end() const override { return *end_; }
  const SpecStream& stream() const override { return stream_; }
  std::filesystem::path junit() const override { return folder_ / "junit_01.xml"; }
  std::string LastWords() const override;

 private:
  E2eProcess(const E2eOptions& options, FollowedChild child)
      : folder_(options.folder), child_(std::move(child)), stream_(options.names) {}

  const std::filesystem::path folder_;
  FollowedChild child_;
  SpecStream stream_;
  std::optional<TestRunEnd> end_;
};

}  // namespace tales::conformance
