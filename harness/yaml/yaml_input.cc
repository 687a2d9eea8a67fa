#include "harness/yaml/yaml_input.h"

#include <exception>
#include <string>

#include "absl/strings/str_cat.h"

namespace tales {

absl::StatusOr<YAML::Node> LoadYaml(std::string_view text, std::string_view name, const YamlLimits& limits) {
  YamlMistakes mistakes(name);
  ReadYaml(text, limits, mistakes);
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes.ToString());
  try {
    return YAML::Load(std::string(text));
  } catch (const std::exception& problem) {
    return absl::InvalidArgumentError(absl::StrCat(name, ":1:1: not YAML: ", problem.what()));
  }
}

}  // namespace tales
