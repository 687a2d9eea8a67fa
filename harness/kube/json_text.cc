#include "harness/kube/json_text.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace tales::kube {
namespace {

constexpr int kDeepest = 512;

bool TooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<nlohmann::json> ParseJson(std::string_view text) {
  if (TooDeep(text)) return absl::DataLossError(absl::StrCat("the answer is JSON nested deeper than ", kDeepest));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& e) {
    return absl::DataLossError(
        absl::StrCat("the answer of ", text.size(), " bytes is not whole JSON, at byte ", e.byte));
  } catch (const std::exception& e) {
    return absl::DataLossError(absl::StrCat("the answer is not JSON: ", e.what()));
  }
}

std::string MetadataText(const nlohmann::json& object, const char* key) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return "";
  const auto value = metadata->find(key);
  return value != metadata->end() && value->is_string() ? value->get<std::string>() : "";
}

}  // namespace tales::kube
