#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "reports/run_model.h"

namespace tales::reports {
namespace {

using nlohmann::json;

constexpr uint64_t kLongest = 256 << 20;

absl::Status Apply(RunModel& model, const char* kind, json object) {
  object["event"] = kind;
  return model.Apply(object);
}

// The events that a check of the report stands for.
absl::Status ApplyCheck(RunModel& model, const json& check) {
  if (!check.is_object()) return absl::InvalidArgumentError("a check is not an object");
  TALES_RETURN_IF_ERROR(Apply(model, "planned", check));
  const json attempts = check.value("attempts", json::array());
  if (!attempts.is_array()) return absl::InvalidArgumentError("\"attempts\" is not a list");
  for (json attempt : attempts) {
    if (!attempt.is_object()) return absl::InvalidArgumentError("an attempt is not an object");
    attempt["check"] = check["check"];
    TALES_RETURN_IF_ERROR(Apply(model, "retry", std::move(attempt)));
  }
  // What never came to a verdict stays that way.
  if (const auto kind = check.find("kind"); kind != check.end() && *kind == "not_run") return absl::OkStatus();
  return Apply(model, "finished", check);
}

absl::Status ApplyReport(RunModel& model, const json& report) {
  if (!report.is_object() || !report.contains("run") || !report.contains("checks") || !report["run"].is_object() ||
      !report["checks"].is_array()) {
    return absl::InvalidArgumentError("not a report.json of a run (no \"run\" and \"checks\")");
  }
  TALES_RETURN_IF_ERROR(Apply(model, "run", report["run"]));
  size_t number = 0;
  for (const json& check : report["checks"]) {
    const absl::Status status = ApplyCheck(model, check);
    if (!status.ok()) return Annotate(status, absl::StrCat("checks[", number, "]"));
    ++number;
  }
  if (const auto exit = report.find("exit"); exit != report.end() && exit->is_number_integer()) {
    json end = {{"exit", *exit}};
    if (report.contains("reason")) end["reason"] = report["reason"];
    return Apply(model, "end", std::move(end));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RunModel> ReadReportJson(const std::filesystem::path& path) {
  TALES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLongest));
  const json report = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (report.is_discarded()) return absl::DataLossError(absl::StrCat(path.string(), ": not JSON, or cut off"));
  RunModel model;
  if (const absl::Status status = ApplyReport(model, report); !status.ok()) {
    return absl::DataLossError(absl::StrCat(path.string(), ": ", status.message()));
  }
  return model;
}

}  // namespace tales::reports
