// What tests with real talosctl share: a lab, and talosctl on it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/lab/running_lab.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {

class TalosctlFixture : public ::testing::Test {
 protected:
  explicit TalosctlFixture(std::vector<std::string> arguments = {}) : arguments_(std::move(arguments)) {}

  void SetUp() override {
    if (!FindProgram("talosctl").ok()) GTEST_SKIP() << "talosctl is not on PATH";
    absl::StatusOr<RunningLab> lab = RunningLab::Start(arguments_);
    ASSERT_OK(lab);
    lab_ = std::make_unique<RunningLab>(*std::move(lab));
    control_ = lab_->Address("control");
    worker_ = lab_->Address("worker");
  }

  Finished Talosctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "talosctl");
    return lab_->RunClient(arguments);
  }
  // Its standard output; the test fails when it does not exit 0.
  std::string Output(const std::vector<std::string>& arguments) {
    const Finished finished = Talosctl(arguments);
    EXPECT_EQ(finished.exit_code, 0) << ::testing::PrintToString(arguments) << "\n" << finished.error_output;
    return finished.output;
  }
  // Until it exits 0 with that in its output.
  void Await(std::vector<std::string> arguments, std::string_view expected) {
    arguments.insert(arguments.begin(), "talosctl");
    EXPECT_OK(lab_->AwaitClient(arguments, expected));
  }

  const std::vector<std::string> arguments_;  // of the lab
  std::unique_ptr<RunningLab> lab_;
  std::string control_, worker_;
};

}  // namespace tales::lab
