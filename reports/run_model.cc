#include "reports/run_model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "reports/clean_text.h"

namespace tales::reports {
namespace {

using nlohmann::json;

absl::Status WrongType(const json& event, const char* key, const char* wanted) {
  const auto check = event.find("check");
  const std::string of =
      check != event.end() && check->is_string() ? absl::StrCat(" of ", check->get<std::string>()) : "";
  return absl::InvalidArgumentError(OneLine(absl::StrCat("event \"", event.value("event", ""), "\"", of, ": \"", key,
                                                         "\" is ", event.at(key).type_name(), ", not ", wanted)));
}

// The value of `key`, cleaned; empty where it is absent or null.
absl::Status Read(const json& event, const char* key, std::string& out) {
  const auto it = event.find(key);
  if (it == event.end() || it->is_null()) return absl::OkStatus();
  if (!it->is_string()) return WrongType(event, key, "a string");
  out = CleanText(it->get_ref<const std::string&>());
  return absl::OkStatus();
}

absl::Status Read(const json& event, const char* key, double& out) {
  const auto it = event.find(key);
  if (it == event.end() || it->is_null()) return absl::OkStatus();
  if (!it->is_number()) return WrongType(event, key, "a number");
  out = it->get<double>();
  if (!(out >= 0 && out < 1e9)) out = 0;
  return absl::OkStatus();
}

absl::Status Read(const json& event, const char* key, bool& out) {
  const auto it = event.find(key);
  if (it == event.end() || it->is_null()) return absl::OkStatus();
  if (!it->is_boolean()) return WrongType(event, key, "true or false");
  out = it->get<bool>();
  return absl::OkStatus();
}

absl::Status Read(const json& event, const char* key, std::vector<std::string>& out) {
  const auto it = event.find(key);
  if (it == event.end() || it->is_null()) return absl::OkStatus();
  if (!it->is_array()) return WrongType(event, key, "a list");
  for (const json& one : *it) {
    if (!one.is_string()) return WrongType(event, key, "a list of strings");
    out.push_back(OneLine(one.get_ref<const std::string&>()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadCheck(const json& event) {
  std::string check;
  TALES_RETURN_IF_ERROR(Read(event, "check", check));
  check = OneLine(check);
  if (check.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("event \"", event.value("event", ""), "\" names no check"));
  }
  return check;
}

absl::StatusOr<Verdict> ReadVerdict(const json& event) {
  std::string text;
  TALES_RETURN_IF_ERROR(Read(event, "verdict", text));
  if (std::optional<Verdict> verdict = ParseVerdict(text)) return *verdict;
  return absl::InvalidArgumentError(
      OneLine(absl::StrCat("event \"", event.value("event", ""), "\": \"", text, "\" is not a verdict")));
}

// The same value with every string cleaned; what is nested deeper than any writer nests is left out.
json Cleaned(const json& value, int depth = 0) {
  if (depth > 16) return nullptr;
  if (value.is_string()) return CleanText(value.get_ref<const std::string&>());
  if (value.is_array()) {
    json out = json::array();
    for (const json& one : value) out.push_back(Cleaned(one, depth + 1));
    return out;
  }
  if (value.is_object()) {
    json out = json::object();
    for (const auto& [key, one] : value.items()) out[CleanText(key)] = Cleaned(one, depth + 1);
    return out;
  }
  return value;
}

}  // namespace

std::string Case::name() const {
  const size_t dot = check.find('.');
  return dot == std::string::npos ? check : check.substr(dot + 1);
}

std::string Case::Word() const {
  if (verdict != Verdict::kError || error_kind.empty()) return std::string(ToString(verdict));
  return absl::StrCat("error (", error_kind, ")");
}

absl::Status RunModel::Apply(const json& event) {
  if (!event.is_object()) return absl::InvalidArgumentError("an event is a JSON object");
  const auto name = event.find("event");
  if (name == event.end() || !name->is_string()) return absl::InvalidArgumentError("an event has no \"event\"");
  const std::string& kind = name->get_ref<const std::string&>();
  if (kind == "run") return ApplyRun(event);
  if (run_.is_null()) {
    return absl::InvalidArgumentError(OneLine(absl::StrCat("the first event is \"", kind, "\", not \"run\"")));
  }
  if (kind == "planned") return ApplyPlanned(event);
  if (kind == "started") return ApplyStarted(event);
  if (kind == "retry") return ApplyRetry(event);
  if (kind == "finished") return ApplyFinished(event);
  if (kind == "end") return ApplyEnd(event);
  return absl::OkStatus();
}

absl::Status RunModel::ApplyRun(const json& event) {
  std::string id;
  bool strict = false, simulated = false;
  TALES_RETURN_IF_ERROR(Read(event, "run", id));
  TALES_RETURN_IF_ERROR(Read(event, "strict", strict));
  TALES_RETURN_IF_ERROR(Read(event, "simulated", simulated));
  if (!run_.is_null() && id_ != id) {
    return absl::InvalidArgumentError(absl::StrCat("a second run, ", id, ", in the journal of ", id_));
  }
  run_ = Cleaned(event);
  id_ = std::move(id);
  strict_ = strict;
  simulated_ = simulated;
  exit_.reset();
  reason_.clear();
  return absl::OkStatus();
}

Case& RunModel::At(const std::string& check) {
  const auto [it, is_new] = index_.emplace(check, cases_.size());
  if (is_new) cases_.emplace_back().check = check;
  return cases_[it->second];
}

absl::Status RunModel::ApplyPlanned(const json& event) {
  TALES_ASSIGN_OR_RETURN(std::string check, ReadCheck(event));
  Case planned;
  planned.check = check;
  TALES_RETURN_IF_ERROR(Read(event, "question", planned.question));
  TALES_RETURN_IF_ERROR(Read(event, "required", planned.required));
  At(check) = std::move(planned);
  return absl::OkStatus();
}

absl::Status RunModel::ApplyStarted(const json& event) {
  TALES_ASSIGN_OR_RETURN(std::string check, ReadCheck(event));
  At(check).started = true;
  return absl::OkStatus();
}

absl::Status RunModel::ApplyRetry(const json& event) {
  TALES_ASSIGN_OR_RETURN(std::string check, ReadCheck(event));
  Attempt attempt;
  TALES_ASSIGN_OR_RETURN(attempt.verdict, ReadVerdict(event));
  TALES_RETURN_IF_ERROR(Read(event, "kind", attempt.kind));
  TALES_RETURN_IF_ERROR(Read(event, "found", attempt.found));
  TALES_RETURN_IF_ERROR(Read(event, "duration", attempt.duration));
  Case& one = At(check);
  Case again;
  again.check = one.check;
  again.question = one.question;
  again.required = one.required;
  again.attempts = std::move(one.attempts);
  again.attempts.push_back(std::move(attempt));
  one = std::move(again);
  return absl::OkStatus();
}

absl::Status RunModel::ApplyFinished(const json& event) {
  TALES_ASSIGN_OR_RETURN(std::string check, ReadCheck(event));
  Case read;
  TALES_ASSIGN_OR_RETURN(read.verdict, ReadVerdict(event));
  read.error_kind.clear();
  TALES_RETURN_IF_ERROR(Read(event, "kind", read.error_kind));
  TALES_RETURN_IF_ERROR(Read(event, "issue", read.issue));
  TALES_RETURN_IF_ERROR(Read(event, "expected", read.expected));
  TALES_RETURN_IF_ERROR(Read(event, "found", read.found));
  TALES_RETURN_IF_ERROR(Read(event, "next", read.next));
  TALES_RETURN_IF_ERROR(Read(event, "duration", read.duration));
  TALES_RETURN_IF_ERROR(Read(event, "evidence", read.evidence));
  Case& one = At(check);
  // A second finished event without a retry or a new plan in between must not turn a red case green.
  if (one.finished && Fails(one)) return absl::OkStatus();
  read.check = one.check;
  read.question = std::move(one.question);
  read.required = one.required;
  read.attempts = std::move(one.attempts);
  read.started = read.finished = true;
  if (read.verdict != Verdict::kError) {
    read.error_kind.clear();
  } else if (read.error_kind.empty()) {
    read.error_kind = "unreachable";
  }
  one = std::move(read);
  return absl::OkStatus();
}

absl::Status RunModel::ApplyEnd(const json& event) {
  const auto code = event.find("exit");
  if (code == event.end() || !code->is_number_integer()) {
    return absl::InvalidArgumentError("event \"end\" has no exit code");
  }
  TALES_RETURN_IF_ERROR(Read(event, "reason", reason_));
  exit_ = code->get<int>();
  return absl::OkStatus();
}

const Case* RunModel::Find(std::string_view check) const {
  const auto it = index_.find(check);
  return it == index_.end() ? nullptr : &cases_[it->second];
}

bool RunModel::Fails(const Case& one) const { return FailsRun(one.verdict, one.required, strict_); }

std::map<Verdict, int> RunModel::Counts() const {
  std::map<Verdict, int> counts;
  for (const Case& one : cases_) ++counts[one.verdict];
  return counts;
}

int RunModel::Judged() const {
  int judged = 0;
  for (const Case& one : cases_) judged += IsJudged(one.verdict);
  return judged;
}

int RunModel::ExitCode() const {
  if (Judged() == 0) return 3;
  for (const Case& one : cases_) {
    if (Fails(one)) return 1;
  }
  return 0;
}

}  // namespace tales::reports
