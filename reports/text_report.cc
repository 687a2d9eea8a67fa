#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "reports/clean_text.h"
#include "reports/facts.h"
#include "reports/groups.h"
#include "reports/names.h"
#include "reports/run_model.h"
#include "reports/text_writer.h"

namespace tales::reports {
namespace {

constexpr size_t kLongestField = 2 << 10;
constexpr size_t kLongestReason = 400;
constexpr int kNamesShown = 12;

class Text {
 public:
  Text(const RunModel& model, const TextOptions& options)
      : model_(model), options_(options), out_(options.width, options.colour) {}

  std::string Write() {
    out_.Line(Summary(model_));
    WriteCluster();
    for (const Group& group : RedGroups(model_)) WriteRed(group);
    WriteQuiet();
    WriteMended();
    if (options_.verbose) WritePassed();
    WriteEnd();
    return out_.Take();
  }

 private:
  static Colour ColourOf(Verdict verdict) {
    if (verdict == Verdict::kPassed) return Colour::kGreen;
    const bool red = verdict == Verdict::kFailed || verdict == Verdict::kError || verdict == Verdict::kMissing;
    return red ? Colour::kRed : Colour::kYellow;
  }

  void WriteCluster() {
    const nlohmann::json& run = model_.run();
    const nlohmann::json cluster = run.is_object() && run.contains("cluster") ? run["cluster"] : nlohmann::json();
    std::vector<std::string> parts;
    const auto add = [&](const char* before, const std::string& value, const char* after) {
      if (!value.empty()) parts.push_back(absl::StrCat(before, value, after));
    };
    add("cluster ", FieldText(cluster, "name"), "");
    add("fixture ", FieldText(run, "fixture"), "");
    add("Talos ", FieldText(cluster, "talos"), "");
    add("Kubernetes ", FieldText(cluster, "kubernetes"), "");
    add("Cilium ", FieldText(cluster, "cilium"), "");
    add("", FieldText(cluster, "nodes"), " nodes");
    add("profile ", FieldText(run, "profile"), "");
    add("tier ", FieldText(run, "tier"), "");
    add("conformance tests: ", FieldText(run, "conformance"), "");
    if (!parts.empty()) out_.Wrapped("", absl::StrJoin(parts, ", "));
    if (model_.simulated()) {
      out_.Wrapped("", "SIMULATED: this cluster was made by tales itself; the run says nothing about a real one.");
    }
  }

  void WriteRed(const Group& group) {
    const Case& one = *group.first;
    out_.Line();
    out_.Entry(ColourOf(one.verdict), ToString(one.verdict), Names(group.checks));
    if (one.verdict == Verdict::kError) out_.Field("kind", one.error_kind);
    if (one.required && one.verdict == Verdict::kUnsupported) out_.Field("required", "by the profile or a flag");
    out_.Field("expected", HeadAndTail(one.expected, kLongestField));
    out_.Field("found", HeadAndTail(FoundOf(one), kLongestField));
    out_.Command("next", HeadAndTail(one.next, kLongestField));
    for (const Attempt& attempt : one.attempts) {
      out_.Field("before", absl::StrCat(ToString(attempt.verdict), ": ", HeadAndTail(attempt.found, kLongestField)));
    }
    for (const std::string& path : one.evidence) out_.Command("evidence", path);
    if (!group.blocks.empty()) out_.Field("blocks", absl::StrCat(Count(group.blocks), Names(group.blocks)));
  }

  std::string Names(const std::vector<std::string>& checks) const {
    return JoinNames(checks, options_.verbose ? 0 : kNamesShown);
  }

  static std::string Count(const std::vector<std::string>& checks) {
    return checks.size() == 1 ? "" : absl::StrCat(checks.size(), " checks: ");
  }

  // What does not fail the run, and was not simply passed: one entry for each reason.
  void WriteQuiet() {
    bool is_first = true;
    for (Verdict verdict : kToldQuietly) {
      for (const Group& group : QuietGroups(model_, verdict)) {
        if (std::exchange(is_first, false)) out_.Line();
        const std::string reason = OneLine(HeadAndTail(Reason(model_, *group.first), kLongestReason));
        out_.Entry(ColourOf(verdict), ToString(verdict),
                   absl::StrCat(reason, reason.empty() ? "" : ": ", Count(group.checks), Names(group.checks)));
      }
    }
  }

  // Of a merged run: what an earlier run of the same cluster saw otherwise.
  void WriteMended() {
    std::vector<std::string> mended;
    for (const Case& one : model_.cases()) {
      if (one.verdict == Verdict::kPassed && !one.attempts.empty()) mended.push_back(one.check);
    }
    if (mended.empty()) return;
    out_.Line();
    out_.Entry(Colour::kYellow, "passed", absl::StrCat("at last, not in an earlier run: ", Names(mended)));
  }

  void WritePassed() {
    bool is_first = true;
    for (const Case& one : model_.cases()) {
      if (one.verdict != Verdict::kPassed) continue;
      if (std::exchange(is_first, false)) out_.Line();
      out_.Entry(
          Colour::kGreen, "passed",
          absl::StrCat(one.check, one.found.empty() ? "" : ": ", OneLine(HeadAndTail(one.found, kLongestReason))));
    }
  }

  void WriteEnd() {
    if (!model_.exit_reason().empty()) {
      out_.Line();
      out_.Wrapped("", absl::StrCat("ended early: ", model_.exit_reason()));
    } else if (!model_.exit()) {
      out_.Line();
      out_.Wrapped("", "The run has not ended: it still goes on, or it was killed.");
    }
    out_.Line();
    if (!options_.folder.empty()) {
      out_.Line(absl::StrCat("reports: ", options_.folder, model_.exit().has_value() ? "/report.html, " : "/",
                             "junit.xml, report.json, events.jsonl"));
    }
    // Last, because that is what a terminal still shows after forty failures.
    if (model_.exit().has_value()) out_.Line(absl::StrCat("exit ", *model_.exit(), ": ", Answer(model_)));
  }

  const RunModel& model_;
  const TextOptions& options_;
  TextWriter out_;
};

}  // namespace

std::string ToText(const RunModel& model, const TextOptions& options) { return Text(model, options).Write(); }

}  // namespace tales::reports
