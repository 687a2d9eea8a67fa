#include "harness/runner/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reports/clean_text.h"

namespace tales {
namespace {

using std::chrono::steady_clock;
constexpr auto kDrawEvery = std::chrono::milliseconds(100);
constexpr auto kWaitNoteEvery = std::chrono::seconds(15);

bool IsGreen(Verdict verdict) { return verdict == Verdict::kPassed; }

std::string_view Colour(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFailed:
    case Verdict::kError:
    case Verdict::kMissing:
      return "\033[31m";
    case Verdict::kUnsupported:
    case Verdict::kBlocked:
      return "\033[2m";
    default:
      return "\033[33m";
  }
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string Padded(Verdict verdict) {
  std::string text(ToString(verdict));
  text.resize(std::max<size_t>(12, text.size() + 1), ' ');
  return text;
}

// Why, in a line. What is unsupported says what it needs: what there is instead makes no sense alone.
std::string Reason(const WorkerEvent& event) {
  std::string found = reports::OneLine(FirstLine(event.found));
  if (event.verdict != Verdict::kUnsupported) return found;
  const std::string needs = reports::OneLine(FirstLine(event.expected));
  return absl::StrCat(needs, needs.empty() || found.empty() ? "" : "; ", found);
}

}  // namespace

Progress::Options Progress::ForStandardOutput() {
  Options options;
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  options.terminal = isatty(STDOUT_FILENO) == 1 && !dumb;
  const char* no_colour = std::getenv("NO_COLOR");
  options.colour = options.terminal && (no_colour == nullptr || *no_colour == '\0');
  winsize size{};
  if (options.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) options.width = size.ws_col;
  return options;
}

Progress::Progress(std::ostream& out, Options options) : out_(out), options_(options), start_(steady_clock::now()) {}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  WriteGroup();
  TakeLivingLineAway();
}

void Progress::TakeLivingLineAway() {
  if (drawn_) out_ << "\r\033[K" << std::flush;
  drawn_ = false;
}

void Progress::Line(std::string_view text) {
  Clear();
  out_ << text << "\n" << std::flush;
}

void Progress::Note(std::string_view line) { Line(reports::OneLine(line)); }

void Progress::Started(const std::string& check) { running_.insert(check); }

void Progress::Waiting(const std::string& check, const std::string& found) {
  waiting_ = absl::StrCat(check, ": ", reports::OneLine(FirstLine(found)));
  if (options_.terminal) return;
  const auto now = steady_clock::now();
  if (now - last_wait_note_ < kWaitNoteEvery) return;
  if (last_wait_note_ != steady_clock::time_point{}) Line(absl::StrCat("waiting: ", waiting_));
  last_wait_note_ = now;
}

void Progress::Producing(const std::string& producer, const std::string& progress) {
  producing_[producer] = reports::OneLine(FirstLine(progress));
  if (options_.terminal) return;
  const auto now = steady_clock::now();
  if (now - last_producing_note_ < kWaitNoteEvery) return;
  last_producing_note_ = now;
  Line(absl::StrCat(producer, ": ", producing_[producer]));
}

void Progress::Finished(const WorkerEvent& event) {
  running_.erase(event.check);
  producing_.erase(event.check);
  if (waiting_.starts_with(absl::StrCat(event.check, ":"))) waiting_.clear();
  if (IsGreen(event.verdict)) return;
  const std::string family = event.check.substr(0, event.check.find('/')), reason = Reason(event);
  const bool same = group_.count > 0 && event.verdict == group_.verdict && family == group_.family &&
                    reason == group_.reason && event.verdict == Verdict::kUnsupported;
  if (!same) {
    WriteGroup();
    group_ = {.verdict = event.verdict, .family = family, .name = event.check, .reason = reason};
  }
  ++group_.count;
  if (event.verdict != Verdict::kUnsupported) WriteGroup();
}

void Progress::WriteGroup() {
  if (group_.count == 0) return;
  const Group group = std::exchange(group_, {});
  std::string text = absl::StrCat(Padded(group.verdict),
                                  group.count == 1 ? group.name : absl::StrCat(group.family, "/* (", group.count, ")"));
  if (!group.reason.empty()) absl::StrAppend(&text, ": ", group.reason);
  TakeLivingLineAway();
  out_ << (options_.colour ? absl::StrCat(Colour(group.verdict), text, "\033[0m") : text) << "\n" << std::flush;
}

void Progress::Tick(size_t final, size_t total) {
  final_ = final;
  total_ = total;
  WriteGroup();
  if (options_.terminal && steady_clock::now() - last_draw_ >= kDrawEvery) Draw();
}

void Progress::Draw() {
  last_draw_ = steady_clock::now();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(last_draw_ - start_).count();
  std::string line = absl::StrCat("[", final_, "/", total_, "] ", seconds, "s");
  if (!waiting_.empty()) {
    absl::StrAppend(&line, "  waiting: ", waiting_);
  } else if (!running_.empty()) {
    const auto said = producing_.find(*running_.begin());
    absl::StrAppend(&line, "  ", *running_.begin(), said == producing_.end() ? "" : absl::StrCat(": ", said->second),
                    running_.size() > 1 ? absl::StrCat(" and ", running_.size() - 1, " more") : "");
  }
  if (line.size() >= static_cast<size_t>(options_.width)) line.resize(static_cast<size_t>(options_.width) - 1);
  out_ << "\r\033[K" << line << std::flush;
  drawn_ = true;
}

}  // namespace tales
