#include "suites/conformance/spec_stream.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace tales::conformance {
namespace {

using reports::JUnitResult;

constexpr std::string_view kDelimiter = "------------------------------";
constexpr size_t kLongestLine = 256 << 10;  // what is longer is cut: no line that matters is

// "SSSSSS": one letter for each test that was not picked, between the others.
bool IsTally(std::string_view line) { return line.find_first_not_of("SPR") == std::string_view::npos; }

// The next "[word]" of `rest`, or "".
std::string_view Bracket(std::string_view* rest) {
  if (!absl::ConsumePrefix(rest, " [")) return "";
  const size_t end = rest->find(']');
  if (end == std::string_view::npos) return "";
  const std::string_view word = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  return word;
}

// In the name of a test that failed ginkgo marks where: "[sig-node] Lease [It] should ...", "TOP-LEVEL [BeforeEach]
// ...".
std::string WithoutMarks(std::string_view name) {
  absl::ConsumePrefix(&name, "TOP-LEVEL");
  std::string plain = absl::StrReplaceAll(absl::StrCat(" ", absl::StripLeadingAsciiWhitespace(name)),
                                          {{" [It] ", " "},
                                           {" [BeforeEach] ", " "},
                                           {" [JustBeforeEach] ", " "},
                                           {" [AfterEach] ", " "},
                                           {" [JustAfterEach] ", " "},
                                           {" [BeforeAll] ", " "},
                                           {" [AfterAll] ", " "},
                                           {" [DeferCleanup (Each)] ", " "},
                                           {" [DeferCleanup (All)] ", " "}});
  return plain.substr(1);
}

bool IsSuiteNode(std::string_view line) {
  for (const char* node : {"[BeforeSuite]", "[SynchronizedBeforeSuite]", "[ReportBeforeSuite]", "[AfterSuite]",
                           "[SynchronizedAfterSuite]", "[ReportAfterSuite]", "[DeferCleanup (Suite)]"}) {
    if (absl::StartsWith(line, node)) return true;
  }
  return false;
}

}  // namespace

JUnitResult ResultOfState(std::string_view state) {
  if (state == "passed") return JUnitResult::kPassed;
  if (state == "skipped" || state == "pending") return JUnitResult::kSkipped;
  if (state == "panicked" || state == "interrupted") return JUnitResult::kError;
  return JUnitResult::kFailed;
}

void SpecStream::Feed(std::string_view bytes, const Sink& sink) {
  partial_.append(bytes);
  size_t start = 0;
  for (size_t end; (end = partial_.find('\n', start)) != std::string::npos; start = end + 1) {
    std::string_view line = std::string_view(partial_).substr(start, end - start);
    Line(absl::StripSuffix(line, "\r"), sink);
  }
  partial_.erase(0, start);
  if (partial_.size() > kLongestLine) {
    Keep(partial_);
    partial_.clear();
  }
}

void SpecStream::Line(std::string_view line, const Sink& sink) {
  if (line == kDelimiter) {
    if (place_ == Place::kEnding) End(sink);
    if (place_ == Place::kInSpec) return Keep(line);
    place_ = Place::kAwaitName;
    return;
  }
  switch (place_) {
    case Place::kBetween:
      if (run_id_.empty()) TakeRunId(line);
      return;
    case Place::kAwaitName:
      ending_ = {};
      ending_.is_suite_node = IsSuiteNode(line);
      if (TakeHeader(line)) {
        log_.clear();
        place_ = Place::kAwaitNameOfEnded;
        return;
      }
      if (absl::StartsWith(line, "[")) return Begin(line, sink);
      if (!IsTally(line) || line.empty()) place_ = Place::kBetween;  // the summary at the end
      return;
    case Place::kAwaitNameOfEnded:
      TakeName(line);
      current_.clear();  // it is over
      place_ = Place::kEnding;
      return;
    case Place::kInSpec:
      Keep(line);
      if (!TakeHeader(line)) return;
      place_ = Place::kEnding;
      if (ending_.state == "passed") End(sink);
      return;
    case Place::kEnding: {
      Keep(line);
      std::string_view text = absl::StripAsciiWhitespace(line);
      const std::string mark = absl::StrCat("[", absl::AsciiStrToUpper(ending_.state));
      if (ending_.cause.empty() && absl::ConsumePrefix(&text, mark)) {
        text = text.substr(text.find(']') == std::string_view::npos ? 0 : text.find(']') + 1);
        text = absl::StripAsciiWhitespace(text);
        // "[FAILED] in [It] - place @ time" is where; why comes at the end.
        if (!absl::StartsWith(text, "in [")) ending_.cause = std::string(text);
      }
      return;
    }
  }
}

void SpecStream::Begin(std::string_view line, const Sink& sink) {
  log_.clear();
  ending_ = {};
  ending_.is_suite_node = IsSuiteNode(line);
  TakeName(line);
  place_ = Place::kInSpec;
  sink(ending_);
}

void SpecStream::TakeName(std::string_view marked) {
  const std::string line = WithoutMarks(marked);
  // The name is followed by its labels: "[sig-node] Lease ... [Conformance] [sig-node, Conformance]".
  current_ = line;
  if (const auto after = names_.upper_bound(line); after != names_.begin()) {
    if (const std::string& name = *std::prev(after); absl::StartsWith(line, name)) current_ = name;
  }
  if (ending_.is_suite_node) current_ = std::string(absl::StripAsciiWhitespace(current_));
  ending_.name = current_;
}

// "• [0.1 seconds]", "• [FAILED] [0.1 seconds]", "S [SKIPPED] [0.1 seconds]", "[AfterSuite] PASSED [0.1 seconds]".
bool SpecStream::TakeHeader(std::string_view line) {
  if (!absl::EndsWith(line, " seconds]")) return false;
  std::string_view rest = line;
  if (ending_.is_suite_node) {
    if (!absl::ConsumePrefix(&rest, "[")) return false;
    rest.remove_prefix(
        std::min(rest.size(), rest.find(']') == std::string_view::npos ? rest.size() : rest.find(']') + 1));
    absl::ConsumePrefix(&rest, " PASSED");
  } else if (!absl::ConsumePrefix(&rest, "•") && !absl::ConsumePrefix(&rest, "S") && !absl::ConsumePrefix(&rest, "P")) {
    return false;
  }
  std::string_view word = Bracket(&rest);
  ending_.state = "passed";
  if (!absl::EndsWith(word, " seconds")) {
    ending_.state = absl::AsciiStrToLower(absl::StripSuffix(word, "!"));
    word = Bracket(&rest);
  }
  double seconds = 0;
  if (!rest.empty() || !absl::ConsumeSuffix(&word, " seconds") || !absl::SimpleAtod(word, &seconds)) return false;
  ending_.duration = absl::Seconds(seconds);
  return true;
}

// `I1125 19:37:45.052777 28209 e2e.go:109] Starting e2e run "5e24..." on Ginkgo node 1`
void SpecStream::TakeRunId(std::string_view line) {
  constexpr std::string_view kBefore = "Starting e2e run \"";
  const size_t start = line.find(kBefore);
  if (start == std::string_view::npos) return;
  const std::string_view rest = line.substr(start + kBefore.size());
  const std::string_view id = rest.substr(0, rest.find('"'));
  // It becomes a label selector: nothing else may get into one.
  if (id.size() > 63 || id.find_first_not_of("0123456789abcdef-") != std::string_view::npos) return;
  run_id_ = std::string(id);
}

// `  STEP: Destroying namespace "configmap-2838" for this suite. @ 11/25/25 19:38:12.042`
void SpecStream::TakeNamespace(std::string_view line) {
  constexpr std::string_view kBefore = "Destroying namespace \"";
  const size_t start = line.find(kBefore);
  if (start == std::string_view::npos) return;
  const std::string_view rest = line.substr(start + kBefore.size());
  namespaces_.emplace(rest.substr(0, rest.find('"')));
}

void SpecStream::End(const Sink& sink) {
  ending_.kind = SpecEvent::Kind::kEnded;
  if (ending_.state != "passed") ending_.log = std::move(log_);
  log_.clear();
  current_.clear();
  place_ = Place::kBetween;
  sink(ending_);
}

void SpecStream::Keep(std::string_view line) {
  TakeNamespace(line);
  log_.append(line);
  log_ += '\n';
  if (log_.size() > 2 * kSpecLog) log_.erase(0, log_.size() - kSpecLog);
}

}  // namespace tales::conformance
