#include "tests/lab/running_lab.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "harness/base/deadline.h"
#include "harness/base/status.h"
#include "nlohmann/json.hpp"
#include "yaml-cpp/yaml.h"

namespace tales::lab {

std::string ServeLabProgram() {
  const char* program = std::getenv("TALES_SERVE_LAB");
  return program == nullptr ? "" : program;
}

absl::StatusOr<RunningLab> RunningLab::Start(const std::vector<std::string>& arguments) {
  if (ServeLabProgram().empty()) return absl::FailedPreconditionError("TALES_SERVE_LAB does not name the program");
  TALES_ASSIGN_OR_RETURN(TemporaryFolder folder, TemporaryFolder::Make("lab-test"));
  Child::Options options;
  options.command.argv = {ServeLabProgram(), "lab", "--out", folder.path().string()};
  options.command.argv.insert(options.command.argv.end(), arguments.begin(), arguments.end());
  options.log_file = folder.path() / "log";
  TALES_ASSIGN_OR_RETURN(Child child, Child::Start(options));
  const auto ready = [&]() -> absl::Status {
    if (std::filesystem::exists(folder.path() / "ready")) return absl::OkStatus();
    const std::string log = ReadFile(folder.path() / "log").value_or("no log");
    return child.running() ? absl::UnavailableError(log) : absl::AbortedError(absl::StrCat("it has ended: ", log));
  };
  TALES_RETURN_IF_ERROR(RetryUntil(Deadline::After(absl::Seconds(30)), "the lab to serve", absl::Milliseconds(10),
                                   ready, absl::IsUnavailable));
  return RunningLab(std::move(folder), std::move(child));
}

std::string RunningLab::Address(std::string_view name) const {
  const YAML::Node cluster = YAML::LoadFile((folder() / "cluster.yaml").string());
  for (const YAML::Node& node : cluster["nodes"])
    if (node["name"].as<std::string>() == name) return node["address"].as<std::string>();
  return "";
}

Finished RunningLab::Order(std::string_view verb, std::string_view arguments) const {
  Command command;
  command.argv = {ServeLabProgram(), "lab", std::string(verb), "--out", folder().string()};
  for (std::string_view argument : absl::StrSplit(arguments, ' ')) command.argv.emplace_back(argument);
  return Run(command, Deadline::After(absl::Seconds(30))).value_or(Finished{});
}

Finished RunningLab::RunClient(const std::vector<std::string>& argv) const {
  Command command;
  command.argv = argv;
  command.environment = {{"TALOSCONFIG", (folder() / "talosconfig").string()},
                         {"KUBECONFIG", (folder() / "kubeconfig").string()},
                         {"HOME", folder().string()}};
  absl::StatusOr<Finished> finished = Run(command, Deadline::After(absl::Seconds(60)));
  if (finished.ok()) return *std::move(finished);
  Finished failed;
  failed.error_output = std::string(finished.status().message());
  return failed;
}

absl::Status RunningLab::AwaitClient(const std::vector<std::string>& argv, std::string_view expected,
                                     absl::Duration patience) const {
  return RetryUntil(Deadline::After(patience), absl::StrJoin(argv, " "), absl::Milliseconds(50), [&]() -> absl::Status {
    const Finished finished = RunClient(argv);
    if (finished.ok() && absl::StrContains(finished.output, expected)) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("no \"", expected, "\" in: ", finished.output, finished.error_output));
  });
}

absl::Status RunningLab::AwaitPower(const std::string& machine, std::string_view power) const {
  const std::filesystem::path file = folder() / "vm.json";
  return RetryUntil(Deadline::After(absl::Seconds(15)), file.string(), absl::Milliseconds(20), [&]() -> absl::Status {
    TALES_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
    const nlohmann::json all = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!all.is_object() || !all.contains(machine)) return absl::NotFoundError(absl::StrCat("no machine ", machine));
    if (all[machine].value("power", "") == power) return absl::OkStatus();
    return absl::UnavailableError(all[machine].dump());
  });
}

}  // namespace tales::lab
