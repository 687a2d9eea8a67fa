#include "harness/kube/exec_messages.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "harness/kube/errors.h"
#include "harness/kube/json_text.h"

namespace tales::kube {
namespace {

constexpr char kStdout = 1, kStderr = 2, kError = 3;

std::string Field(const Json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

absl::Status ExecMessages::Take(std::string_view message) {
  if (message.empty()) return absl::OkStatus();
  const char channel = message.front();
  message.remove_prefix(1);
  if (channel == kError && !message.empty()) return TakeStatus(message);
  if (channel != kStdout && channel != kStderr) return absl::OkStatus();
  std::string& stream = channel == kStdout ? result_.output : result_.error_output;
  if (stream.size() + message.size() > limit_) {
    return absl::ResourceExhaustedError(absl::StrCat("the command writes more than ", limit_, " bytes"));
  }
  stream.append(message);
  return absl::OkStatus();
}

absl::Status ExecMessages::TakeStatus(std::string_view text) {
  absl::StatusOr<Json> status = ParseJson(text);
  if (!status.ok()) return absl::DataLossError(absl::StrCat("how the command ended: ", status.status().message()));
  ended_ = true;
  if (Field(*status, "status") == "Success") return absl::OkStatus();
  if (Field(*status, "reason") == "NonZeroExitCode") {
    const Json causes = status->value("/details/causes"_json_pointer, Json::array());
    for (const Json& cause : causes) {
      if (Field(cause, "reason") == "ExitCode" && absl::SimpleAtoi(Field(cause, "message"), &result_.exit_code)) {
        return absl::OkStatus();
      }
    }
    return absl::DataLossError("the command failed, and its exit code was not told");
  }
  const auto code = status->is_object() ? status->find("code") : status->end();
  const bool has_code = status->is_object() && code != status->end() && code->is_number_integer();
  return FromHttp(has_code ? std::max(code->get<int>(), 400) : 500, text);
}

absl::StatusOr<ExecResult> ExecMessages::Result() && {
  if (!ended_) return absl::UnavailableError("the connection closed before the command's end was told");
  return std::move(result_);
}

}  // namespace tales::kube
