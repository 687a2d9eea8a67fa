#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/clean_text.h"
#include "reports/facts.h"
#include "reports/groups.h"
#include "reports/markdown.h"
#include "reports/names.h"
#include "reports/run_model.h"

namespace tales::reports {
namespace {

constexpr size_t kLongestField = 2 << 10;
constexpr size_t kLongestReason = 400;
constexpr int kNames = 12;

class Markdown {
 public:
  explicit Markdown(const RunModel& model) : model_(model) {}

  std::string Write() {
    std::string title = Answer(model_);
    title[0] = absl::ascii_toupper(static_cast<unsigned char>(title[0]));
    absl::StrAppend(&out_, "# ", title, "\n\n", Summary(model_), "\n\n");
    if (model_.simulated()) {
      out_ += "> **SIMULATED:** this cluster was made by tales itself; the run says nothing about a real one.\n\n";
    }
    if (!model_.exit_reason().empty()) {
      absl::StrAppend(&out_, "> **Ended early:** ", MarkdownText(model_.exit_reason()), "\n\n");
    } else if (!model_.exit().has_value()) {
      out_ += "> **The run has not ended:** it still goes on, or it was killed.\n\n";
    }
    std::vector<std::string> facts;
    for (const Fact& fact : FactsOf(model_.run())) {
      facts.push_back(absl::StrCat(MarkdownText(FactTitle(fact.name)), " ", MarkdownCode(fact.value)));
    }
    if (!facts.empty()) absl::StrAppend(&out_, absl::StrJoin(facts, ", "), "\n");
    for (const Group& group : RedGroups(model_)) WriteRed(group);
    WriteQuiet();
    return std::move(out_);
  }

 private:
  void WriteRed(const Group& group) {
    const Case& one = *group.first;
    absl::StrAppend(&out_, "\n## ", MarkdownText(one.Word()), ": ", MarkdownCode(JoinNames(group.checks, kNames)),
                    "\n");
    Block("expected", one.expected);
    Block("found", FoundOf(one));
    Block("next", one.next);
    for (const Attempt& attempt : one.attempts) {
      Block("before", absl::StrCat(ToString(attempt.verdict), ": ", attempt.found));
    }
    for (const std::string& path : one.evidence) {
      absl::StrAppend(&out_, "\nevidence: ", MarkdownCode(path), "\n");
    }
    if (!group.blocks.empty()) {
      absl::StrAppend(&out_, "\nblocks ", group.blocks.size(), ": ", MarkdownCode(JoinNames(group.blocks, kNames)),
                      "\n");
    }
  }

  void Block(std::string_view name, std::string_view text) {
    if (!text.empty()) absl::StrAppend(&out_, "\n", name, ":\n", MarkdownBlock(HeadAndTail(text, kLongestField), 0));
  }

  void WriteQuiet() {
    bool is_first = true;
    for (Verdict verdict : kToldQuietly) {
      for (const Group& group : QuietGroups(model_, verdict)) {
        if (is_first) out_ += "\n## Neither passed nor failed\n\n";
        is_first = false;
        const std::string reason = MarkdownText(HeadAndTail(Reason(model_, *group.first), kLongestReason));
        absl::StrAppend(&out_, "- **", ToString(verdict), "** ", reason, reason.empty() ? "" : ": ",
                        MarkdownCode(JoinNames(group.checks, kNames)), "\n");
      }
    }
  }

  const RunModel& model_;
  std::string out_;
};

}  // namespace

std::string ToMarkdown(const RunModel& model) { return Markdown(model).Write(); }

}  // namespace tales::reports
