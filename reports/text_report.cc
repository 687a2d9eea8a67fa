#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "reports/clean_text.h"
#include "reports/names.h"
#include "reports/run_model.h"

namespace tales::reports {
namespace {

constexpr size_t kLongestField = 2 << 10;
constexpr size_t kLongestReason = 400;
constexpr int kNamesShown = 12;

std::string Field(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto it = object.find(key);
  if (it == object.end() || it->is_null() || it->is_structured()) return "";
  return OneLine(it->is_string() ? it->get<std::string>() : it->dump());
}

// Cases that one entry of the report speaks of: they have the same verdict for the same reason.
struct Group {
  const Case* first;
  std::vector<std::string> checks;
};

class Text {
 public:
  Text(const RunModel& model, const TextOptions& options) : model_(model), options_(options) {}

  std::string Write() {
    absl::StrAppend(&out_, Summary(model_), "\n");
    WriteCluster();
    WriteRed();
    WriteLists();
    if (options_.verbose) WritePassed();
    WriteEnd();
    return std::move(out_);
  }

 private:
  // `text` on lines of the wanted width, the first behind `lead`, the others as far in; lines of the text stay lines.
  void Wrapped(const std::string& lead, std::string_view text) {
    const std::string indent(lead.size(), ' ');
    const size_t width =
        std::max<size_t>(20, static_cast<size_t>(std::max(0, options_.width)) - std::min<size_t>(lead.size(), 60));
    bool is_first = true;
    for (std::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
      std::string current;
      const auto flush = [&] {
        absl::StrAppend(&out_, is_first ? lead : indent, current, "\n");
        is_first = false;
        current.clear();
      };
      for (std::string_view word : absl::StrSplit(line, ' ')) {
        if (!current.empty() && current.size() + 1 + word.size() > width) flush();
        absl::StrAppend(&current, current.empty() ? "" : " ", word);
      }
      flush();
    }
  }

  // A command that is broken over lines cannot be pasted into a shell: the terminal may wrap it, we do not.
  void Unwrapped(const std::string& lead, std::string_view text) {
    const std::string indent(lead.size(), ' ');
    bool is_first = true;
    for (std::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
      absl::StrAppend(&out_, is_first ? lead : indent, line, "\n");
      is_first = false;
    }
  }

  std::string Label(Verdict verdict, std::string_view text) const {
    std::string padded(text);
    padded.resize(std::max<size_t>(padded.size(), 13), ' ');
    if (!options_.colour) return padded;
    const char* colour = "\x1B[33m";
    if (verdict == Verdict::kPassed) colour = "\x1B[32m";
    if (verdict == Verdict::kFailed || verdict == Verdict::kError || verdict == Verdict::kMissing) colour = "\x1B[31m";
    return absl::StrCat(colour, padded, "\x1B[0m");
  }

  void WriteCluster() {
    const nlohmann::json& run = model_.run();
    const nlohmann::json cluster = run.is_object() && run.contains("cluster") ? run["cluster"] : nlohmann::json();
    std::vector<std::string> parts;
    const auto add = [&](const char* before, const std::string& value, const char* after) {
      if (!value.empty()) parts.push_back(absl::StrCat(before, value, after));
    };
    add("cluster ", Field(cluster, "name"), "");
    add("fixture ", Field(run, "fixture"), "");
    add("Talos ", Field(cluster, "talos"), "");
    add("Kubernetes ", Field(cluster, "kubernetes"), "");
    add("Cilium ", Field(cluster, "cilium"), "");
    add("", Field(cluster, "nodes"), " nodes");
    add("profile ", Field(run, "profile"), "");
    add("tier ", Field(run, "tier"), "");
    add("conformance tests: ", Field(run, "conformance"), "");
    if (!parts.empty()) Wrapped("", absl::StrJoin(parts, ", "));
    if (model_.simulated()) {
      Wrapped("", "SIMULATED: this cluster was made by tales itself; the run says nothing about a real one.");
    }
  }

  static std::string RedLabel(const Case& one) {
    if (one.verdict == Verdict::kError && !one.error_kind.empty()) return one.error_kind;
    return std::string(ToString(one.verdict));
  }

  template <typename Wanted, typename Key>
  std::vector<Group> GroupBy(Wanted wanted, Key key) const {
    std::vector<Group> groups;
    std::map<std::string, size_t> index;
    for (const Case& one : model_.cases()) {
      if (!wanted(one)) continue;
      const auto [it, is_new] = index.emplace(key(one), groups.size());
      if (is_new) groups.push_back({.first = &one, .checks = {}});
      groups[it->second].checks.push_back(one.check);
    }
    return groups;
  }

  void WriteRed() {
    const std::vector<Group> groups = GroupBy(
        [&](const Case& one) { return model_.Fails(one); },
        [&](const Case& one) {
          // A case with evidence of its own is an entry of its own.
          const std::string own = one.evidence.empty() && one.attempts.empty() ? "" : one.check;
          return absl::StrJoin(
              {RedLabel(one), std::string(one.started ? "1" : "0"), one.expected, one.found, one.next, own}, "\x1F");
        });
    for (const Group& group : groups) WriteRedGroup(group);
  }

  void WriteRedGroup(const Group& group) {
    const Case& one = *group.first;
    absl::StrAppend(&out_, "\n", Label(one.verdict, RedLabel(one)), " ");
    const std::string names = JoinNames(group.checks, options_.verbose ? 0 : kNamesShown);
    const size_t start = out_.size();
    Wrapped(std::string(14, ' '), names);
    out_.erase(start, 14);
    const auto field = [&](const char* lead, const std::string& text) {
      if (!text.empty()) Wrapped(lead, HeadAndTail(text, kLongestField));
    };
    if (one.verdict == Verdict::kError && one.error_kind == "not_run" && one.found.empty()) {
      field("    found     ", one.started ? "started, and never came to a verdict" : "planned, and never run");
    }
    if (one.required && one.verdict == Verdict::kUnsupported) field("    required  ", "by the profile");
    field("    expected  ", one.expected);
    field("    found     ", one.found);
    if (!one.next.empty()) Unwrapped("    next      ", HeadAndTail(one.next, kLongestField));
    for (const Attempt& attempt : one.attempts)
      field("    before    ", absl::StrCat(ToString(attempt.verdict), ": ", attempt.found));
    for (const std::string& path : one.evidence) Unwrapped("    evidence  ", path);
    WriteBlockedBy(group);
  }

  // The red check that a blocked one is told under: the first of those it names ("a, b").
  std::string RootOf(const Case& one) const {
    for (std::string_view root : absl::StrSplit(one.found, ", ")) {
      if (IsRed(root)) return std::string(root);
    }
    return one.found;
  }

  void WriteBlockedBy(const Group& group) {
    std::vector<std::string> blocked;
    for (const Case& one : model_.cases()) {
      if (one.verdict != Verdict::kBlocked) continue;
      const std::string root = RootOf(one);
      if (std::find(group.checks.begin(), group.checks.end(), root) != group.checks.end()) blocked.push_back(one.check);
    }
    if (blocked.empty()) return;
    Wrapped("    blocks    ", absl::StrCat(Count(blocked), JoinNames(blocked, options_.verbose ? 0 : kNamesShown)));
  }

  static std::string Count(const std::vector<std::string>& checks) {
    return checks.size() == 1 ? "" : absl::StrCat(checks.size(), " checks: ");
  }

  bool IsRed(std::string_view check) const {
    const Case* found = model_.Find(check);
    return found != nullptr && model_.Fails(*found);
  }

  // What does not fail the run, and was not simply passed: one entry for each reason.
  void WriteLists() {
    bool is_first = true;
    for (Verdict verdict : {Verdict::kFlaky, Verdict::kKnown, Verdict::kResolved, Verdict::kInconclusive,
                            Verdict::kUnsupported, Verdict::kBlocked}) {
      const std::vector<Group> groups = GroupBy(
          [&](const Case& one) {
            if (one.verdict != verdict || model_.Fails(one)) return false;
            return verdict != Verdict::kBlocked || !IsRed(RootOf(one));
          },
          [&](const Case& one) { return Reason(one); });
      for (const Group& group : groups) {
        if (std::exchange(is_first, false)) out_ += '\n';
        const std::string names = JoinNames(group.checks, options_.verbose ? 0 : kNamesShown);
        const std::string reason = OneLine(HeadAndTail(Reason(*group.first), kLongestReason));
        absl::StrAppend(&out_, Label(verdict, ToString(verdict)), " ");
        const size_t start = out_.size();
        Wrapped(std::string(14, ' '), absl::StrCat(reason, reason.empty() ? "" : ": ", Count(group.checks), names));
        out_.erase(start, 14);
      }
    }
  }

  std::string Reason(const Case& one) const {
    switch (one.verdict) {
      case Verdict::kUnsupported:
        return OneLine(absl::StrCat(one.expected, one.expected.empty() || one.found.empty() ? "" : ", ", one.found));
      case Verdict::kBlocked:
        return absl::StrCat("by ", RootOf(one));
      case Verdict::kResolved:
        return OneLine(absl::StrCat(one.issue, " is gone, its entry can go; ", one.found));
      case Verdict::kFlaky:
        return one.attempts.empty() ? "failed once, then passed"
                                    : OneLine(absl::StrCat("failed once, then passed; ", one.attempts.back().found));
      default:
        return OneLine(absl::StrCat(one.issue, one.issue.empty() || one.found.empty() ? "" : ", ", one.found));
    }
  }

  void WritePassed() {
    bool is_first = true;
    for (const Case& one : model_.cases()) {
      if (one.verdict != Verdict::kPassed) continue;
      if (std::exchange(is_first, false)) out_ += '\n';
      absl::StrAppend(&out_, Label(one.verdict, "passed"), " ");
      const size_t start = out_.size();
      Wrapped(std::string(14, ' '),
              absl::StrCat(one.check, one.found.empty() ? "" : ": ", OneLine(HeadAndTail(one.found, kLongestReason))));
      out_.erase(start, 14);
    }
  }

  void WriteEnd() {
    if (!model_.exit_reason().empty()) {
      out_ += '\n';
      Wrapped("", absl::StrCat("ended early: ", model_.exit_reason()));
    } else if (!model_.exit()) {
      out_ += '\n';
      Wrapped("", "The run has not ended: it still goes on, or it was killed.");
    }
    if (options_.folder.empty()) return;
    absl::StrAppend(&out_, "\nreports: ", options_.folder, "/junit.xml, report.json, events.jsonl\n");
  }

  const RunModel& model_;
  const TextOptions& options_;
  std::string out_;
};

}  // namespace

std::string Summary(const RunModel& model) {
  if (model.cases().empty()) return "judged 0 of 0: nothing was planned";
  const std::map<Verdict, int> counts = model.Counts();
  const auto list = [&](std::initializer_list<Verdict> verdicts) {
    std::vector<std::string> parts;
    for (Verdict verdict : verdicts) {
      if (const auto it = counts.find(verdict); it != counts.end()) {
        parts.push_back(absl::StrCat(it->second, " ",
                                     it->second == 1 || verdict != Verdict::kError ? ToString(verdict) : "errors"));
      }
    }
    return absl::StrJoin(parts, ", ");
  };
  const std::string judged =
      list({Verdict::kPassed, Verdict::kFailed, Verdict::kFlaky, Verdict::kKnown, Verdict::kResolved});
  const std::string others =
      list({Verdict::kError, Verdict::kMissing, Verdict::kUnsupported, Verdict::kBlocked, Verdict::kInconclusive});
  return absl::StrCat("judged ", model.Judged(), " of ", model.cases().size(), ": ", judged,
                      judged.empty() || others.empty() ? "" : "; ", others);
}

std::string ToText(const RunModel& model, const TextOptions& options) { return Text(model, options).Write(); }

}  // namespace tales::reports
