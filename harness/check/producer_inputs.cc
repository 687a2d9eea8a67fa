#include "harness/check/producer_inputs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace tales {

using Json = nlohmann::json;

std::string WriteProducerInputs(const ProducerInputs& inputs) {
  Json imports = Json::array();
  for (const std::filesystem::path& path : inputs.imports) imports.push_back(path.string());
  return Json{{"conformance", inputs.conformance},
              {"conformance_runner", inputs.conformance_runner},
              {"connectivity", inputs.connectivity},
              {"imports", std::move(imports)}}
      .dump();
}

absl::StatusOr<ProducerInputs> ParseProducerInputs(std::string_view json) {
  const Json value = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  ProducerInputs inputs;
  try {
    inputs.conformance = value.at("conformance").get<std::string>();
    inputs.conformance_runner = value.at("conformance_runner").get<std::string>();
    inputs.connectivity = value.at("connectivity").get<std::string>();
    for (const Json& path : value.at("imports")) inputs.imports.emplace_back(path.get<std::string>());
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("producer inputs: ", error.what()));
  }
  return inputs;
}

}  // namespace tales
