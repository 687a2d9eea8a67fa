#include "harness/yaml/yaml_json.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"

namespace tales {
namespace {

using Json = nlohmann::json;

Json Scalar(const YamlNode& node) {
  const std::string& text = node.scalar;
  if (!node.plain) return text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  int64_t integer = 0;
  const bool digits = text.find_first_not_of("0123456789+-") == std::string::npos;
  if (digits && absl::SimpleAtoi(text, &integer)) return integer;
  double number = 0;
  const bool numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (numeric && absl::SimpleAtod(text, &number)) return number;
  return text;
}

}  // namespace

Json ToJson(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      return Scalar(node);
    case YamlNode::Kind::kList: {
      Json list = Json::array();
      for (const YamlNode::Pointer& item : node.items) list.push_back(ToJson(*item));
      return list;
    }
    case YamlNode::Kind::kMap: {
      Json object = Json::object();
      for (const auto& [key, value] : node.entries) object[key->scalar] = ToJson(*value);
      return object;
    }
    case YamlNode::Kind::kNull:
      break;
  }
  return nullptr;
}

absl::StatusOr<std::vector<Json>> YamlDocumentsToJson(std::string_view text, std::string_view name,
                                                      const YamlLimits& limits) {
  YamlMistakes mistakes(name);
  const std::vector<YamlNode::Pointer> documents = ReadYaml(text, limits, mistakes);
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes.ToString());
  std::vector<Json> all;
  for (const YamlNode::Pointer& document : documents)
    if (document->kind != YamlNode::Kind::kNull) all.push_back(ToJson(*document));
  return all;
}

}  // namespace tales
