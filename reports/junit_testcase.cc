#include "reports/junit_testcase.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "reports/clean_text.h"
#include "reports/evidence_path.h"

namespace tales::reports {
namespace {

// GitLab and Jenkins cut or refuse more than this; the whole is in the evidence.
constexpr size_t kLongestText = 64 << 10;
constexpr size_t kLongestMessage = 500;

std::string Message(std::string_view text) {
  std::string line = OneLine(text);
  if (line.size() > kLongestMessage) line = OneLine(HeadAndTail(line, kLongestMessage));
  return line;
}

void SetText(pugi::xml_node node, std::string_view text) {
  node.append_child(pugi::node_pcdata).set_value(HeadAndTail(text, kLongestText).c_str());
}

std::string Body(const Case& one) {
  std::string body;
  if (!one.expected.empty()) absl::StrAppend(&body, "expected: ", one.expected, "\n");
  if (!one.found.empty()) absl::StrAppend(&body, "found: ", one.found, "\n");
  if (!one.next.empty()) absl::StrAppend(&body, "next: ", one.next, "\n");
  return body;
}

pugi::xml_node AddResult(pugi::xml_node testcase, const char* element, std::string_view type,
                         std::string_view message) {
  pugi::xml_node node = testcase.append_child(element);
  SetAttribute(node, "type", absl::StrCat("tales.", OneLine(type)));
  SetAttribute(node, "message", Message(message));
  return node;
}

std::string WithoutEvidenceMarks(std::string_view text) {
  return absl::StrReplaceAll(text, {{"[[ATTACHMENT", "[ [ATTACHMENT"}});
}

void AddAttempts(pugi::xml_node testcase, const Case& one, const char* failure, const char* error) {
  for (const Attempt& attempt : one.attempts) {
    const bool is_error = attempt.verdict == Verdict::kError;
    const std::string type = is_error && !attempt.kind.empty() ? attempt.kind : std::string(ToString(attempt.verdict));
    SetText(AddResult(testcase, is_error ? error : failure, type, attempt.found), attempt.found);
  }
}

void AddVerdict(pugi::xml_node testcase, const Case& one, bool fails, std::string& output) {
  const std::string verdict(ToString(one.verdict));
  const std::string issue = one.issue.empty() ? "" : absl::StrCat(one.issue, ": ");
  switch (one.verdict) {
    case Verdict::kPassed:
      // Of a merged run: an earlier run of the same cluster said something else.
      for (const Attempt& attempt : one.attempts) {
        absl::StrAppend(&output, "before: ", ToString(attempt.verdict), ": ", WithoutEvidenceMarks(attempt.found),
                        "\n");
      }
      break;
    case Verdict::kFailed:
      SetText(AddResult(testcase, "failure", verdict, one.found), Body(one));
      AddAttempts(testcase, one, "rerunFailure", "rerunError");
      return;
    case Verdict::kError: {
      const bool never_ran = one.error_kind == "not_run";
      const std::string_view why = one.started ? "started, and never came to a verdict" : "planned, and never run";
      SetText(AddResult(testcase, "error", one.error_kind, never_ran && one.found.empty() ? why : one.found),
              Body(one));
      AddAttempts(testcase, one, "rerunFailure", "rerunError");
      return;
    }
    case Verdict::kMissing:
      SetText(AddResult(testcase, "error", verdict, one.found), Body(one));
      return;
    case Verdict::kUnsupported: {
      const std::string message =
          absl::StrCat(one.expected, one.expected.empty() || one.found.empty() ? "" : "; ", one.found);
      pugi::xml_node node = AddResult(testcase, fails ? "error" : "skipped", verdict, message);
      if (fails) SetText(node, absl::StrCat("the profile requires this check\n", Body(one)));
      return;
    }
    case Verdict::kBlocked:
      AddResult(testcase, "skipped", verdict, one.found);
      return;
    case Verdict::kKnown:
      AddResult(testcase, "skipped", verdict, absl::StrCat(issue, one.found));
      return;
    case Verdict::kResolved: {
      const std::string advice =
          absl::StrCat("the known issue ", one.issue, " is gone: remove its entry from the cluster file. ", one.found);
      if (fails) {
        SetText(AddResult(testcase, "failure", verdict, advice), advice);
      } else {
        absl::StrAppend(&output, WithoutEvidenceMarks(advice), "\n");
      }
      return;
    }
    case Verdict::kInconclusive:
      AddResult(testcase, fails ? "failure" : "skipped", verdict, absl::StrCat(issue, one.found));
      return;
    case Verdict::kFlaky:
      if (fails) AddResult(testcase, "failure", verdict, "failed, and passed on its one retry (--strict)");
      AddAttempts(testcase, one, "flakyFailure", "flakyError");
      return;
  }
}

}  // namespace

std::string Seconds(double seconds) { return absl::StrFormat("%.3f", seconds); }

void SetAttribute(pugi::xml_node node, const char* name, const std::string& value) {
  // Attributes may hold "]]>", but readers that look for CDATA with less than an XML parser stumble over it.
  node.append_attribute(name).set_value(absl::StrReplaceAll(value, {{"]]>", "]] >"}}).c_str());
}

pugi::xml_node AppendTestcase(pugi::xml_node suite, const Case& one, bool fails) {
  pugi::xml_node testcase = suite.append_child("testcase");
  SetAttribute(testcase, "classname", absl::StrCat("tales.", one.suite()));
  SetAttribute(testcase, "name", one.name());
  SetAttribute(testcase, "time", Seconds(one.duration));
  std::string output;
  AddVerdict(testcase, one, fails, output);
  for (const std::string& path : one.evidence) {
    if (IsInsideTheRun(path)) absl::StrAppend(&output, "[[ATTACHMENT|", path, "]]\n");
  }
  if (!output.empty()) SetText(testcase.append_child("system-out"), output);
  return testcase;
}

}  // namespace tales::reports
