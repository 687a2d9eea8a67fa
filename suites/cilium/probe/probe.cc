#include "suites/cilium/probe/probe.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tales::cilium::probe {
namespace {

constexpr int kNotExecutable = 126, kNotFound = 127;  // of every shell
constexpr int kDoesNotFit = 10, kFitsTooMuch = 11;    // of probe.sh, mtu
constexpr size_t kQuoted = 240;

bool HasTexts(const Tried& tried) {
  for (const std::string& text : tried.probe.texts) {
    if (!absl::StrContains(tried.answer->text, text)) return false;
  }
  return true;
}

Result OfPing(const Answer& answer) {
  if (answer.code == 0) return Result::kAnswer;
  if (absl::StrContains(answer.text, "too long") || absl::StrContains(answer.text, "Frag needed"))
    return Result::kTooBig;
  return absl::StrContains(answer.text, "nreachable") ? Result::kRefused : Result::kSilence;
}

Result OfDns(const Answer& answer) {
  // dig: 9; nslookup: 1, as for a name that is not there.
  if (answer.code == 0) return Result::kAnswer;
  const bool silent = answer.code == 9 || absl::StrContains(answer.text, "no servers could be reached") ||
                      absl::StrContains(answer.text, "timed out");
  return silent ? Result::kSilence : Result::kWrong;
}

// curl(1), EXIT CODES.
Result OfCurl(const Answer& answer) {
  switch (answer.code) {
    case 0:
      return Result::kAnswer;
    case 28:
      return Result::kSilence;
    case 7:
      return Result::kRefused;
    default:
      return Result::kWrong;
  }
}

Result OfMtu(const Answer& answer) {
  switch (answer.code) {
    case 0:
      return Result::kAnswer;
    case kDoesNotFit:
      return Result::kTooBig;
    case 28:
      return Result::kSilence;
    default:
      return Result::kWrong;
  }
}

}  // namespace

Result ResultOf(const Tried& tried) {
  if (!tried.answer.ok()) return Result::kNotRun;
  const Answer& answer = *tried.answer;
  if (answer.code == kNotExecutable || answer.code == kNotFound) return Result::kNotRun;
  // busybox's ping has no -M, an old dig no +search: the program of that name is another one.
  if (answer.code != 0 &&
      (absl::StrContains(answer.text, "invalid option") || absl::StrContains(answer.text, "unrecognized option")))
    return Result::kNotRun;
  const std::string kind = tried.probe.kind();
  Result result = Result::kWrong;
  if (kind == "ping") {
    result = OfPing(answer);
  } else if (kind == "mtu") {
    result = OfMtu(answer);
  } else if (kind == "dig" || kind == "resolve" || kind == "lookup") {
    result = OfDns(answer);
  } else {
    result = OfCurl(answer);
  }
  return result == Result::kAnswer && !HasTexts(tried) ? Result::kWrong : result;
}

bool Holds(const Tried& tried) {
  const Result result = ResultOf(tried);
  return tried.probe.want == Want::kAnswer ? result == Result::kAnswer : result == Result::kSilence;
}

std::string Describe(const Tried& tried) {
  if (!tried.answer.ok()) return std::string(tried.answer.status().message());
  const std::string said =
      tried.answer->text.empty() ? "" : absl::StrCat(": ", std::string_view(tried.answer->text).substr(0, kQuoted));
  switch (ResultOf(tried)) {
    case Result::kAnswer:
      return absl::StrCat("it is answered", said);
    case Result::kSilence:
      return absl::StrCat("no answer in time", said);
    case Result::kRefused:
      return absl::StrCat("refused, or no way there", said);
    case Result::kTooBig:
      return absl::StrCat("it does not fit, though small packets get through", said);
    case Result::kWrong:
      if (tried.answer->code == kFitsTooMuch && tried.probe.kind() == "mtu")
        return absl::StrCat("one byte more than the MTU gets through too", said);
      return absl::StrCat("not the answer that it has to be (exit code ", tried.answer->code, ")", said);
    case Result::kNotRun:
      return absl::StrCat("it could not be run (exit code ", tried.answer->code, ")", said);
  }
  return "";
}

std::string Url(std::string_view address, int port, std::string_view path) {
  if (address.empty()) address = "ADDRESS";
  const bool ipv6 = absl::StrContains(address, ':');
  return absl::StrCat("http://", ipv6 ? "[" : "", address, ipv6 ? "]" : "", ":", port, path);
}

absl::StatusOr<std::vector<Answer>> ParseRecords(std::string_view output, size_t count) {
  std::vector<std::optional<Answer>> found(count);
  bool ended = false;
  for (std::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    const std::vector<std::string_view> parts = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    size_t index = 0;
    Answer answer;
    if (parts[0] == "probes") {
      ended = parts.size() == 2 && absl::SimpleAtoi(parts[1], &index) && index == count;
      continue;
    }
    if (parts[0] != "probe" || parts.size() < 3 || !absl::SimpleAtoi(parts[1], &index) || index >= count ||
        !absl::SimpleAtoi(parts[2], &answer.code)) {
      return absl::DataLossError(absl::StrCat("not a record of probe.sh: ", line.substr(0, 200)));
    }
    if (parts.size() == 4) answer.text = std::string(parts[3]);
    found[index] = std::move(answer);
  }
  std::vector<Answer> answers;
  for (std::optional<Answer>& one : found) {
    if (one.has_value()) answers.push_back(*std::move(one));
  }
  if (!ended || answers.size() != count) {
    return absl::DataLossError(
        absl::StrCat("the answers of ", count, " probes are not whole: ", answers.size(), ended ? "" : ", and no end"));
  }
  return answers;
}

}  // namespace tales::cilium::probe
