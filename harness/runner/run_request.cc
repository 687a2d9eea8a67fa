#include "harness/runner/run_request.h"

#include <sys/random.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "fixtures/fixture.h"
#include "harness/base/file.h"
#include "harness/base/status.h"

namespace tales {

using Json = nlohmann::json;

nlohmann::json ToJson(const RunRequest& request) {
  Json imports = Json::array();
  for (const std::filesystem::path& path : request.imports) imports.push_back(path.string());
  Json json = {{"cluster_file", request.cluster_file.string()},
               {"talosconfig", request.talosconfig.string()},
               {"kubeconfig", request.kubeconfig.string()},
               {"talos_context", request.talos_context},
               {"kubernetes_context", request.kubernetes_context},
               {"vm_settings", request.vm_settings.string()},
               {"fixture", request.fixture},
               {"profile", request.profile},
               {"suites", request.suites},
               {"checks", request.checks},
               {"faults", request.faults},
               {"conformance", request.conformance},
               {"conformance_runner", request.conformance_runner},
               {"connectivity", request.connectivity},
               {"imports", std::move(imports)},
               {"baseline", request.baseline.string()},
               {"strict", request.strict}};
  if (request.settle.has_value()) json["settle"] = absl::ToDoubleSeconds(*request.settle);
  if (request.allow.has_value()) json["allow"] = ToString(*request.allow);
  return json;
}

absl::StatusOr<RunRequest> ParseRunRequest(const nlohmann::json& json) {
  RunRequest request;
  try {
    request.cluster_file = json.at("cluster_file").get<std::string>();
    request.talosconfig = json.at("talosconfig").get<std::string>();
    request.kubeconfig = json.at("kubeconfig").get<std::string>();
    request.talos_context = json.at("talos_context").get<std::string>();
    request.kubernetes_context = json.at("kubernetes_context").get<std::string>();
    request.vm_settings = json.value("vm_settings", "");
    request.fixture = json.at("fixture").get<std::string>();
    request.profile = json.at("profile").get<std::string>();
    request.suites = json.at("suites").get<std::vector<std::string>>();
    request.checks = json.at("checks").get<std::vector<std::string>>();
    request.faults = json.at("faults").get<std::vector<std::string>>();
    request.baseline = json.value("baseline", "");
    request.strict = json.at("strict").get<bool>();
    request.conformance = json.value("conformance", "");
    request.conformance_runner = json.value("conformance_runner", "");
    request.connectivity = json.value("connectivity", "");
    for (const Json& path : json.value("imports", Json::array())) request.imports.emplace_back(path.get<std::string>());
    if (json.contains("settle")) request.settle = absl::Seconds(json.at("settle").get<double>());
    if (json.contains("allow")) request.allow = ParseTier(json.at("allow").get<std::string>());
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat("the journal does not say what was asked: ", error.what()));
  }
  return request;
}

absl::StatusOr<std::string> ChooseFixture(const RunRequest& request,
                                          const std::optional<ClusterDefinition>& definition) {
  if (!request.fixture.empty()) return request.fixture;
  if (definition.has_value() && !definition->fixture.empty()) return definition->fixture;
  if (!request.talosconfig.empty() || !request.kubeconfig.empty()) return "adopt";
  return absl::InvalidArgumentError(
      "which cluster? Say one of\n"
      "  --cluster FILE                            a cluster file that names its fixture\n"
      "  --talosconfig T and/or --kubeconfig K     adopt a cluster that exists\n"
      "  --fixture lab|local|adopt                 a simulated cluster, a real control plane as processes, or the one "
      "of\n"
      "                                            TALOSCONFIG and KUBECONFIG");
}

absl::Status CheckCredentialFlags(const RunRequest& request, const Fixture& fixture) {
  if (fixture.TakesCredentials()) return absl::OkStatus();
  for (const auto& [flag, value] : {std::pair<const char*, std::string>{"--kubeconfig", request.kubeconfig.string()},
                                    {"--talosconfig", request.talosconfig.string()},
                                    {"--kubernetes-context", request.kubernetes_context},
                                    {"--talos-context", request.talos_context},
                                    {"--vm-settings", request.vm_settings.string()}}) {
    if (value.empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", value, ": fixture ", fixture.name(),
                                                   request.fixture.empty() ? ", which the cluster file names," : "",
                                                   " makes a cluster of its own and would not look at it; add "
                                                   "--fixture adopt, or leave the flag out"));
  }
  return absl::OkStatus();
}

absl::Status CheckImports(const RunRequest& request) {
  for (const std::filesystem::path& path : request.imports) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      return absl::InvalidArgumentError(absl::StrCat("--import ", path.string(), ": is not there",
                                                     error ? absl::StrCat(" (", error.message(), ")") : ""));
    }
  }
  return absl::OkStatus();
}

std::string NewRunId() {
  uint16_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random)
    random = static_cast<uint16_t>(absl::GetCurrentTimeNanos());
  return absl::StrCat(absl::FormatTime("%Y-%m-%dT%H-%M-%SZ", absl::Now(), absl::UTCTimeZone()), "-",
                      absl::StrFormat("%04x", random));
}

std::map<std::string, double> PastDurations(const std::filesystem::path& folder) {
  std::map<std::string, double> durations;
  std::filesystem::path newest;
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::absolute(folder, error).parent_path();
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    if (entry.path().filename() == folder.filename() || entry.path() <= newest) continue;
    if (std::filesystem::exists(entry.path() / "report.json", error)) newest = entry.path();
  }
  if (newest.empty()) return durations;
  const absl::StatusOr<std::string> text = ReadFile(newest / "report.json");
  if (!text.ok()) return durations;
  const Json report = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  // Only a hint: what cannot be read is left out.
  if (!report.is_object() || !report.contains("checks") || !report["checks"].is_array()) return durations;
  for (const Json& check : report["checks"]) {
    if (!check.is_object() || !check.contains("check") || !check["check"].is_string()) continue;
    if (check.contains("duration") && check["duration"].is_number()) {
      durations[check["check"].get<std::string>()] = check["duration"].get<double>();
    }
  }
  return durations;
}

}  // namespace tales
