// What the tests of the loop share: a recorder in a folder of its own, and workers and producers that are shell
// scripts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/runner/run_loop.h"
#include "tests/support/status_matchers.h"

namespace tales {

class Quiet : public RunObserver {
 public:
  void Started(const std::string&) override {}
  void Waiting(const std::string&, const std::string&) override {}
  void Finished(const WorkerEvent&) override {}
  void Producing(const std::string&, const std::string&) override {}
  void Note(std::string_view) override {}
  void Tick(size_t, size_t) override {}
};

// Reads "TOKEN CHECK..." and says started and passed for each, after what `before` does with $t (token) and $c.
inline std::string Script(const std::string& before) {
  return absl::StrCat(R"(read t checks; for c in $checks; do
printf '{"token":"%s","event":"started","check":"%s"}\n' $t $c >&3
)",
                      before, R"(
printf '{"token":"%s","event":"finished","check":"%s","verdict":"passed"}\n' $t $c >&3
done; printf '{"token":"%s","event":"done"}\n' $t >&3)");
}

class RunLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-run-loop");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    absl::StatusOr<std::unique_ptr<Recorder>> recorder = Recorder::Create(folder_->path() / "run");
    ASSERT_OK(recorder);
    recorder_ = *std::move(recorder);
    ASSERT_OK(recorder_->Record({{"event", "run"}, {"run", "test"}}));
  }

  RunLoop::Result Run(const std::string& script) {
    for (const PlannedCheck& check : checks_) EXPECT_OK(recorder_->Record(ToEvent(check)));
    return RunAgain(script);
  }
  // With a journal that has the plan already.
  RunLoop::Result RunAgain(const std::string& script = Script("")) {
    RunLoop::Options options;
    options.worker_argv = {"/bin/sh", "-c", script};
    options.scheduling.jobs = 3;
    options.grace = absl::ZeroDuration();
    options.silence = absl::Seconds(5);
    options.alive = alive_;
    options.producer_argv = {"/bin/sh", "-c", producer_};
    options.make_producer_task = [](const PlannedCheck&) { return std::string(); };
    options.spool_folder = recorder_->folder() / "producers";
    options.producers_outlive = producers_outlive_;
    options.rule = rule_;
    options.make_task = [](const std::vector<const PlannedCheck*>& batch, const std::string& token) {
      std::string task = token;
      for (const PlannedCheck* check : batch) absl::StrAppend(&task, " ", check->name);
      return absl::StrCat(task, "\n");
    };
    Quiet quiet;
    Interrupts interrupts;
    return RunLoop(checks_, *recorder_, quiet, interrupts, std::move(options)).Run();
  }
  void Add(std::string name, std::vector<std::string> after = {}) {
    PlannedCheck& check = checks_.emplace_back();
    check.name = check.check = std::move(name);
    check.after = std::move(after);
    check.deadline = absl::Milliseconds(300);
  }
  const reports::Case& Case(std::string_view name) { return *recorder_->model().Find(name); }

  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<PlannedCheck> checks_;
  std::function<absl::Status()> alive_;
  std::string producer_;  // the script of every producer
  bool producers_outlive_ = false;
  std::function<void(WorkerEvent&)> rule_;
};

}  // namespace tales
