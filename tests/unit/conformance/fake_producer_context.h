// Remembers what a producer says.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/runner/producer.h"

namespace tales::testing {

class FakeProducerContext : public ProducerContext {
 public:
  explicit FakeProducerContext(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Cluster& cluster() override {
    if (cluster_ == nullptr) throw std::logic_error("this test has no cluster");
    return *cluster_;
  }
  const ProducerInputs& inputs() const override { return inputs_; }
  const std::filesystem::path& folder() const override { return folder_; }
  void Announce(const std::vector<std::string>& checks) override {
    announced_.insert(announced_.end(), checks.begin(), checks.end());
  }
  void Report(const std::string& check, const Outcome& outcome, absl::Duration) override {
    reported_.emplace(check, outcome);
    order_.push_back(check);
  }
  void ReportFlaky(const std::string& check, const Outcome& first_try, absl::Duration) override {
    flaky_.push_back(check);
    reported_.emplace(check, first_try);
    order_.push_back(check);
  }
  void Progress(std::string_view line) override {
    progress_.emplace_back(line);
    if (on_progress_ != nullptr) on_progress_(line);
  }
  Deadline deadline() const override { return deadline_; }

  // "passed conformance.case/x", in the order in which they were reported.
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const std::string& check : order_) {
      told.push_back(std::string(ToString(reported_.at(check).verdict())) + " " + check);
    }
    return told;
  }

  ProducerInputs inputs_;
  std::function<void(std::string_view)> on_progress_;
  Deadline deadline_ = Deadline::After(absl::Minutes(5));
  std::unique_ptr<Cluster> cluster_;
  std::vector<std::string> announced_, order_, progress_, flaky_;
  std::map<std::string, Outcome> reported_;

 private:
  const std::filesystem::path folder_;
};

}  // namespace tales::testing
