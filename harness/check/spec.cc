#include "harness/check/spec.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tales {
namespace {

// yaml-cpp throws on access to the wrong kind of node; an undefined node stands for "not there".
YAML::Node Descend(const YAML::Node& spec, std::string_view path) {
  YAML::Node node;
  node.reset(spec);
  for (std::string_view key : absl::StrSplit(path, '.', absl::SkipEmpty())) {
    if (!node.IsDefined() || !node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    node.reset(static_cast<const YAML::Node&>(node)[std::string(key)]);
  }
  return node;
}

const kube::Json* Descend(const kube::Json& object, std::string_view path) {
  const kube::Json* at = &object;
  for (std::string_view key : absl::StrSplit(path, '.')) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

std::string StringOf(const kube::Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::string MapValue(const kube::Json& object, std::string_view map, std::string_view key) {
  const kube::Json* values = Descend(object, map);
  if (values == nullptr || !values->is_object()) return "";
  const auto found = values->find(key);
  return found == values->end() ? "" : StringOf(&*found);
}

std::string ConditionField(const kube::Json& object, std::string_view type, const char* field) {
  for (const kube::Json& condition : Array(object, "status.conditions")) {
    if (Text(condition, "type") == type) return Text(condition, field);
  }
  return "";
}

}  // namespace

absl::StatusOr<YAML::Node> ParseSpec(const talos::Resource& resource) {
  try {
    return YAML::Load(resource.yaml_spec);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the spec of ", resource.type, " ", resource.id, " is not YAML: ", error.what()));
  }
}

std::string SpecText(const YAML::Node& spec, std::string_view path) {
  try {
    const YAML::Node node = Descend(spec, path);
    return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
  } catch (const YAML::Exception&) {
    return "";
  }
}

std::vector<std::string> SpecList(const YAML::Node& spec, std::string_view path) {
  std::vector<std::string> values;
  try {
    const YAML::Node node = Descend(spec, path);
    if (!node.IsDefined() || !node.IsSequence()) return values;
    for (const YAML::Node& item : node) {
      if (item.IsScalar()) values.push_back(item.Scalar());
    }
  } catch (const YAML::Exception&) {
    values.clear();
  }
  return values;
}

std::string Text(const kube::Json& object, std::string_view path) { return StringOf(Descend(object, path)); }

std::optional<int64_t> Number(const kube::Json& object, std::string_view path) {
  const kube::Json* value = Descend(object, path);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<int64_t>();
}

std::string Label(const kube::Json& object, std::string_view key) { return MapValue(object, "metadata.labels", key); }

std::string Annotation(const kube::Json& object, std::string_view key) {
  return MapValue(object, "metadata.annotations", key);
}

const kube::Json& Array(const kube::Json& object, std::string_view path) {
  static const kube::Json* const kEmpty = new kube::Json(kube::Json::array());
  const kube::Json* value = Descend(object, path);
  return value != nullptr && value->is_array() ? *value : *kEmpty;
}

std::string ConditionStatus(const kube::Json& object, std::string_view type) {
  return ConditionField(object, type, "status");
}

std::string ConditionMessage(const kube::Json& object, std::string_view type) {
  return ConditionField(object, type, "message");
}

std::vector<std::string> NodeAddresses(const kube::Json& node) {
  std::vector<std::string> addresses;
  for (const kube::Json& address : Array(node, "status.addresses")) {
    const std::string type = Text(address, "type");
    if (type == "InternalIP" || type == "ExternalIP") addresses.push_back(Text(address, "address"));
  }
  return addresses;
}

}  // namespace tales
