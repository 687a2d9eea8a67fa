#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/runner/worker.h"
#include "nlohmann/json.hpp"

namespace tales {

using Json = nlohmann::json;

std::string WriteWorkerTask(const WorkerTask& task) {
  Json checks = Json::array();
  for (const WorkerTask::Item& item : task.checks) checks.push_back({item.check, item.instance});
  return Json{{"access", WriteClusterAccess(task.access)},
              {"run_folder", task.run_folder.string()},
              {"token", task.token},
              {"settle_until", task.settle_until},
              {"checks", std::move(checks)},
              {"inputs", WriteProducerInputs(task.inputs)}}
      .dump();
}

absl::StatusOr<WorkerTask> ParseWorkerTask(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  WorkerTask task;
  try {
    TALES_ASSIGN_OR_RETURN(task.access, ParseClusterAccess(json.at("access").get<std::string>()));
    task.run_folder = json.at("run_folder").get<std::string>();
    task.token = json.at("token").get<std::string>();
    task.settle_until = json.at("settle_until").get<int64_t>();
    TALES_ASSIGN_OR_RETURN(task.inputs, ParseProducerInputs(json.at("inputs").get<std::string>()));
    for (const Json& item : json.at("checks")) {
      task.checks.push_back({item.at(0).get<std::string>(), item.at(1).get<std::string>()});
    }
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the task is not one: ", error.what()));
  }
  return task;
}

}  // namespace tales
