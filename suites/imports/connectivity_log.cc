#include "suites/imports/connectivity_log.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tales::imports {
namespace {

constexpr size_t kLongestSection = 1 << 20;
constexpr size_t kLongestReason = 400;
constexpr std::string_view kAction = "[.] Action [";

// curl(1), EXIT CODES.
std::string_view MeaningOfCurl(int code) {
  switch (code) {
    case 6:
      return "the name was not resolved";
    case 7:
      return "refused";
    case 22:
      return "the answer was an HTTP error";
    case 28:
      return "timed out";
    case 35:
      return "no TLS connection";
    case 52:
      return "no answer";
    case 56:
      return "the connection broke";
    case 60:
      return "the certificate is not trusted";
    default:
      return "";
  }
}

std::string_view Between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t start = text.find(before);
  if (start == std::string_view::npos) return "";
  text.remove_prefix(start + before.size());
  return text.substr(0, text.find(after));
}

struct Reason {
  std::string text, pod, place;  // place: "10.0.0.2:8080"
};

// `command "curl --silent ... URL" failed: ...` without its many flags.
Reason ReasonOf(std::string_view text) {
  Reason reason{std::string(text.substr(0, kLongestReason)), std::string(Between(text, "(pod=", ",")), ""};
  constexpr std::string_view kCommand = "command \"";
  // What was typed may have quotes in it, so its end is looked for from what follows it.
  size_t end = std::string_view::npos;
  for (std::string_view after : {"\" failed", "\" succeeded"}) end = std::min(end, text.find(after));
  if (!absl::StartsWith(text, kCommand) || end == std::string_view::npos) return reason;
  const std::string_view typed = text.substr(kCommand.size(), end - kCommand.size());
  const std::string_view program = typed.substr(0, typed.find(' '));
  const std::string_view target = typed.substr(typed.rfind(' ') + 1);
  std::string_view place = target;
  if (const size_t scheme = place.find("://"); scheme != std::string_view::npos) place.remove_prefix(scheme + 3);
  reason.place = std::string(place.substr(0, place.find('/')));
  const std::string_view rest = text.substr(end + 1);
  constexpr std::string_view kExit = "exit code ";
  const size_t exit = rest.rfind(kExit);
  int code = 0;
  if (exit == std::string_view::npos || !absl::SimpleAtoi(rest.substr(exit + kExit.size()), &code)) {
    reason.text = absl::StrCat(program, " ", target, " ", rest.substr(1, kLongestReason));
    return reason;
  }
  const std::string_view meaning = program == "curl" ? MeaningOfCurl(code) : "";
  reason.text = absl::StrCat(program, " ", target, ": exit code ", code, meaning.empty() ? "" : " (", meaning,
                             meaning.empty() ? "" : ")");
  return reason;
}

}  // namespace

std::string_view SectionOf(std::string_view log, std::string_view test) {
  const size_t start = log.find(absl::StrCat("] Test [", test, "]"));
  if (start == std::string_view::npos) return "";
  const std::string_view rest = log.substr(start);
  return rest.substr(0, std::min({rest.find("\n[=] ["), rest.find("\n📋 Test Report ["), kLongestSection}));
}

std::string WhySkipped(std::string_view log) {
  std::map<std::string, int> reasons;
  for (std::string_view line : absl::StrSplit(log, '\n')) {
    const size_t at = line.find("Skipping test [");
    const size_t reason = line.rfind('(');
    if (at == std::string_view::npos || reason == std::string_view::npos || reason < at) continue;
    ++reasons[std::string(line.substr(reason + 1, line.rfind(')') - reason - 1))];
  }
  std::vector<std::pair<int, std::string>> ranked;
  for (const auto& [reason, count] : reasons) ranked.emplace_back(-count, reason);
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> texts;
  for (const auto& [count, reason] : ranked) texts.push_back(absl::StrCat(-count, " ", reason));
  return absl::StrJoin(texts, ", ");
}

std::string_view FailureText(std::string_view line) {
  // Dots that tell of progress may stand before it.
  line.remove_prefix(std::min(line.find_first_not_of(". "), line.size()));
  for (std::string_view mark : {"❌", "🟥"}) {
    if (absl::ConsumePrefix(&line, mark)) return absl::StripAsciiWhitespace(line);
  }
  return "";
}

size_t ActionsIn(std::string_view section) {
  size_t actions = 0;
  for (std::string_view line : absl::StrSplit(section, '\n')) {
    actions += std::min(line.find_first_not_of('.'), line.size());  // a warning may follow on the line
  }
  return actions;
}

std::string_view TestOfAction(std::string_view line) {
  const size_t at = line.find(kAction);
  if (at == std::string_view::npos) return "";
  line.remove_prefix(at + kAction.size());
  return line.substr(0, std::min(line.find('/'), line.size()));
}

std::vector<FailedAction> FailedActions(std::string_view section) {
  std::vector<std::string_view> begun;
  std::vector<FailedAction> failed;
  for (std::string_view line : absl::StrSplit(section, '\n')) {
    if (const size_t at = line.find(kAction); at != std::string_view::npos) {
      const std::string_view name = line.substr(at + kAction.size());
      begun.push_back(name.substr(0, name.rfind(']')));
    }
  }
  std::string_view last;
  for (std::string_view line : absl::StrSplit(section, '\n')) {
    if (const size_t at = line.find(kAction); at != std::string_view::npos) {
      last = line.substr(at + kAction.size());
      last = last.substr(0, last.rfind(']'));
    }
    const std::string_view text = FailureText(line);
    if (text.empty()) continue;
    Reason reason = ReasonOf(text);
    const auto is_it = [&reason](std::string_view action) {
      return absl::StrContains(action, reason.pod) && absl::StrContains(action, absl::StrCat("(", reason.place, ")"));
    };
    std::string_view action = last;
    if (!reason.pod.empty() && !reason.place.empty() && !is_it(last)) {
      const auto found = std::find_if(begun.begin(), begun.end(), is_it);
      if (found != begun.end()) action = *found;
    }
    failed.push_back({std::string(action), std::move(reason.text)});
  }
  return failed;
}

LogCheck ReadLogCheck(std::string_view section) {
  LogCheck check;
  size_t wanted = 0;  // lines that the container at hand still owes
  for (std::string_view line : absl::StrSplit(section, '\n')) {
    if (wanted > 0) {
      constexpr std::string_view kEnd = " occurrences)";
      const size_t count = line.rfind(" (");
      if (absl::EndsWith(line, kEnd) && count != std::string_view::npos) {
        check.containers.back().lines.emplace_back(line.substr(0, count));
        --wanted;
        check.containers.back().whole = wanted == 0;
        continue;
      }
      wanted = 0;
    }
    std::string_view text = FailureText(line);
    if (text.empty()) continue;
    const std::string_view all = text;
    size_t number = 0;
    if (absl::ConsumePrefix(&text, "Found ") && absl::SimpleAtoi(text.substr(0, text.find(' ')), &number) &&
        absl::EndsWith(text, "matching list of errors that must be investigated:")) {
      check.containers.push_back({std::string(Between(text, " logs in ", " matching list")), {}, false});
      wanted = number;
    } else {
      check.others.emplace_back(all);
    }
  }
  return check;
}

}  // namespace tales::imports
