// Reading what the two APIs hand out as documents: COSI specs (YAML) and Kubernetes objects (JSON). All of it is input
// from outside: every accessor takes what is missing or of the wrong type as absent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/kube/client.h"
#include "harness/talos/client.h"
#include "yaml-cpp/yaml.h"

namespace tales {

// The spec of a COSI resource; InvalidArgument names the resource when it is not YAML.
absl::StatusOr<YAML::Node> ParseSpec(const talos::Resource& resource);

// The scalar at `path` ("status.ready"), "" when it is not there. Never throws.
std::string SpecText(const YAML::Node& spec, std::string_view path);
// The scalars of the list at `path`.
std::vector<std::string> SpecList(const YAML::Node& spec, std::string_view path);

// The string at a dotted path of a Kubernetes object ("metadata.name"), "" when it is not there or not a string. Keys
// with dots in them (labels) have accessors of their own.
std::string Text(const kube::Json& object, std::string_view path);
std::optional<int64_t> Number(const kube::Json& object, std::string_view path);
std::string Label(const kube::Json& object, std::string_view key);
std::string Annotation(const kube::Json& object, std::string_view key);
// The element at a dotted path; an empty array when it is not there or not an array.
const kube::Json& Array(const kube::Json& object, std::string_view path);
// status.conditions[type].status: "True", "False", "Unknown"; "" when the condition is not there.
std::string ConditionStatus(const kube::Json& object, std::string_view type);
std::string ConditionMessage(const kube::Json& object, std::string_view type);
// A Node's addresses of type InternalIP and ExternalIP.
std::vector<std::string> NodeAddresses(const kube::Json& node);

}  // namespace tales
