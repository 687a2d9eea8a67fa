// JUnit XML of anybody: Jenkins, GoogleTest, ctest, ginkgo (Kubernetes' e2e.test), cilium-cli, Surefire, pytest, our
// own.
//
//   TALES_ASSIGN_OR_RETURN(const JUnitReport report, ReadJUnit("junit_01.xml"));
//   for (const JUnitCase& one : report.cases()) { ... report.suite(one).path ... }
//
// There is no schema that all of them keep, so only what they share is trusted: the elements below each <testcase>. The
// counters of suites are never read: ginkgo counts an aborted case as an error and writes a <failure>, GoogleTest
// writes failures="0" over a failed set-up. Nothing is ever expanded but the five entities of XML and character
// references: a document type is skipped, its entities stay as they are written.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tales::reports {

enum class JUnitResult {
  kPassed,
  kFailed,   // <failure>, or a status that says so ("failed", "timedout", "aborted")
  kError,    // <error>; wins over a <failure> beside it
  kSkipped,  // <skipped>, or never run: status="notrun" | "disabled" | "skipped", result="suppressed"
  kFlaky,    // Surefire's <flakyFailure> or <flakyError>: failed, and passed when tried again
};
std::string_view ToString(JUnitResult result);  // "passed", "failed", "error", "skipped", "flaky"

// A <testsuite>. Views are into the report that it came from.
struct JUnitSuite {
  std::string path;  // its name, behind the names of the suites around it: "outer/inner"
  std::string_view name, timestamp, hostname, package;
  std::vector<std::pair<std::string_view, std::string_view>> properties;  // its own, in the order of the file

  std::string_view Property(std::string_view key) const;  // "" where it has none
};

// A <testcase>, as it stands: names may be empty and may occur more than once. Text is cleaned (reports/clean_text.h)
// and views are into the report. A <failure> or <error> directly below a <testsuite> is a case too, with an empty name.
struct JUnitCase {
  std::string_view name, classname;
  JUnitResult result = JUnitResult::kPassed;
  std::string_view status;         // the attribute, as ginkgo, GoogleTest and ctest write it
  std::string_view type, message;  // of the element that decided; ginkgo leaves the message of a <failure> empty
  std::string_view text;           // the element's body; of several (GoogleTest has one for each EXPECT) all, in order
  std::string_view output;         // <system-out>, then <system-err>
  double seconds = 0;
  int earlier_failures = 0;  // tries before the last one that failed (flaky* and rerun* elements)
  uint32_t suite = 0;        // JUnitReport::suite

  // The name without the "[It] " that ginkgo puts before it: what conformance.yaml calls `codename`.
  std::string_view spec() const;
  // One line for a person: the message, or the first line of the body where there is none.
  std::string_view Why() const;
};

// Movable; owns what its suites and cases point to.
class JUnitReport {
 public:
  absl::Span<const JUnitCase> cases() const { return cases_; }  // in the order of the file, duplicates kept
  const JUnitSuite& suite(const JUnitCase& one) const { return suites_[one.suite]; }
  absl::Span<const JUnitSuite> suites() const { return suites_; }

 private:
  friend class JUnitParser;
  struct Storage;
  struct StorageDeleter {
    void operator()(Storage* storage) const;
  };
  std::unique_ptr<Storage, StorageDeleter> storage_;
  std::vector<JUnitSuite> suites_;
  std::vector<JUnitCase> cases_;
};

struct JUnitLimits {
  uint64_t bytes = 512 << 20;    // of the file. Default: 512 MiB, some 3 million cases
  uint64_t markup = 16'000'000;  // of tags and attributes, about 60 bytes of memory each. Default: 16 million
};

// Reads a file, or a text that came from `origin` (for errors). Every error starts with the origin and says where:
// DataLoss: it ends in the middle, or is not well-formed. InvalidArgument: not XML, or not JUnit. OutOfRange: a limit.
// Reading also NotFound and PermissionDenied. Memory: the file, once, and some 140 bytes for a case; while it reads,
// 350 more.
absl::StatusOr<JUnitReport> ReadJUnit(const std::filesystem::path& path, const JUnitLimits& limits = {});
absl::StatusOr<JUnitReport> ParseJUnit(std::string text, std::string_view origin, const JUnitLimits& limits = {});

}  // namespace tales::reports
