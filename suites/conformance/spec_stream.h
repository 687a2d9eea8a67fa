// What `e2e.test --ginkgo.v` prints, followed as it prints it: which test runs now, and how each ended.
//
// With one process ginkgo writes a line of dashes and the test's name when it starts it, the test's own output, and one
// line with state and run time when it is over ("• [0.123 seconds]", "• [FAILED] [5.012 seconds]"), at once and in
// order. With several it writes nothing when a test starts, and all of it when the test is over: dashes, the line with
// state and run time, the name, the output. Source: ginkgo v2.21.0, reporters/default_reporter.go.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "reports/junit_reader.h"

namespace tales::conformance {

struct SpecEvent {
  enum class Kind { kStarted, kEnded };
  Kind kind = Kind::kStarted;
  std::string name;  // codename; of the suite's own nodes "[SynchronizedBeforeSuite]"
  bool is_suite_node = false;
  std::string state;  // "passed", "failed", "skipped", "timedout", "panicked", "interrupted", "aborted"
  absl::Duration duration;
  std::string cause;  // of what did not pass: the first line of why
  std::string log;    // of what did not pass: what it printed, at most kSpecLog bytes of its end
};
inline constexpr size_t kSpecLog = 1 << 20;

// "passed", "failed", ... as JUnit calls it.
reports::JUnitResult ResultOfState(std::string_view state);

// Not thread-safe.
class SpecStream {
 public:
  // `names`: of the tests that were picked; a line is taken for the longest of them that it starts with.
  explicit SpecStream(const std::vector<std::string>& names) : names_(names.begin(), names.end()) {}

  // The next bytes of the output, cut anywhere.
  void Feed(std::string_view bytes, const std::function<void(const SpecEvent&)>& sink);
  // The test that is under way; "" between tests, and where several are.
  const std::string& current() const { return current_; }
  // What it has printed so far.
  const std::string& current_log() const { return log_; }
  // The id that e2e.test gave itself, and its namespaces as label e2e-run; "" before it says so.
  const std::string& run_id() const { return run_id_; }
  // Namespaces that tests said they are done with. Several processes have an id each, and do not say it.
  const std::set<std::string>& namespaces() const { return namespaces_; }

 private:
  enum class Place { kBetween, kAwaitName, kInSpec, kEnding, kAwaitNameOfEnded };
  using Sink = std::function<void(const SpecEvent&)>;
  void Line(std::string_view line, const Sink& sink);
  void Begin(std::string_view line, const Sink& sink);
  void TakeName(std::string_view line);
  bool TakeHeader(std::string_view line);
  void TakeRunId(std::string_view line);
  void TakeNamespace(std::string_view line);
  void End(const Sink& sink);
  void Keep(std::string_view line);

  std::set<std::string, std::less<>> names_;
  std::set<std::string> namespaces_;
  std::string partial_;
  Place place_ = Place::kBetween;
  std::string current_, log_, run_id_;
  SpecEvent ending_;
};

}  // namespace tales::conformance
