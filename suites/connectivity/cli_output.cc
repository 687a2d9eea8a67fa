#include "suites/connectivity/cli_output.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "suites/imports/connectivity_log.h"

namespace tales::connectivity {
namespace {

constexpr size_t kLongestLog = 1 << 20;
constexpr size_t kLongestLine = 256 << 10;
constexpr size_t kTail = 2000;

// "Test [no-policies] [2/112]" or "Skipping test [dns-only] [93/112] (why)", behind "[=] [cilium-test-1] ".
bool ReadHeader(std::string_view line, TestEvent& event) {
  // Dots that tell of progress may stand before it.
  line.remove_prefix(std::min(line.find_first_not_of('.'), line.size()));
  if (!absl::ConsumePrefix(&line, "[=] [")) return false;
  const size_t space = line.find("] ");
  if (space == std::string_view::npos) return false;
  line.remove_prefix(space + 2);
  if (absl::ConsumePrefix(&line, "Test [")) {
    event.kind = TestEvent::Kind::kStarted;
  } else if (absl::ConsumePrefix(&line, "Skipping test [")) {
    event.kind = TestEvent::Kind::kSkipped;
  } else {
    return false;
  }
  const size_t end = line.find("] [");
  if (end == std::string_view::npos) return false;
  event.test = std::string(line.substr(0, end));
  line.remove_prefix(end + 3);
  const std::vector<std::string_view> parts = absl::StrSplit(line.substr(0, line.find(']')), '/');
  return parts.size() == 2 && absl::SimpleAtoi(parts[0], &event.number) && absl::SimpleAtoi(parts[1], &event.all);
}

}  // namespace

void CliOutput::Feed(std::string_view chunk, const Sink& sink) {
  tail_.append(chunk);
  if (tail_.size() > 2 * kTail) tail_.erase(0, tail_.size() - kTail);
  while (!chunk.empty()) {
    const size_t end = chunk.find('\n');
    const std::string_view piece = chunk.substr(0, end);
    line_.append(piece.substr(0, kLongestLine - std::min(line_.size(), kLongestLine)));
    if (end == std::string_view::npos) return;
    chunk.remove_prefix(end + 1);
    Take(line_, sink);
    line_.clear();
  }
}

void CliOutput::Finish(const Sink& sink) {
  if (!line_.empty()) Take(line_, sink);
  line_.clear();
  if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
}

void CliOutput::EndCurrent(const Sink& sink) {
  if (current_.test.empty()) return;
  TestEvent ended = std::exchange(current_, {});
  ended.kind = TestEvent::Kind::kEnded;
  ended.cancelled = cancelled_;
  sink(ended);
}

void CliOutput::Take(std::string_view line, const Sink& sink) {
  if (absl::StrContains(line, "Single-node environment detected")) single_node_ = true;
  if (absl::StrContains(line, "Cancellation request (")) {
    // At its end it cancels what is over by then, and may come to say so; not with a signal or a time-out as its cause.
    // That is behind its report, though headers that waited in a queue may stand between them.
    const bool at_its_end = has_reported_ && absl::StrContains(line, "(context canceled)");
    if (!reported_ && !at_its_end) cancelled_ = true;
  }
  TestEvent event;
  if (ReadHeader(line, event)) {
    EndCurrent(sink);
    all_ = event.all;
    owner_ = event.test;
    reported_ = false;  // side by side there are several reports
    if (event.kind == TestEvent::Kind::kStarted) {
      current_ = event;
      current_.log = absl::StrCat(line, "\n");
      for (std::string_view before : absl::StrSplit(early_[event.test], '\n', absl::SkipEmpty())) Keep(before);
      early_.erase(event.test);
    }
    sink(event);
    return;
  }
  if (absl::StartsWith(line, "📋 Test Report [") ||
      (absl::StartsWith(line, "✅ [") && absl::StrContains(line, "] All "))) {
    EndCurrent(sink);
    reported_ = has_reported_ = true;
    return;
  }
  // Behind its first failure a test prints past the queue that headers wait in.
  if (const std::string_view test = imports::TestOfAction(line); !test.empty()) owner_ = std::string(test);
  if (owner_ != current_.test) {
    std::string& early = early_[owner_];
    if (early.size() < kLongestLog) absl::StrAppend(&early, line, "\n");
    return;
  }
  if (!current_.test.empty()) Keep(line);
}

void CliOutput::Keep(std::string_view line) {
  if (!imports::FailureText(line).empty()) current_.failed = true;
  if (current_.log.size() < kLongestLog) absl::StrAppend(&current_.log, line, "\n");
}

}  // namespace tales::connectivity
