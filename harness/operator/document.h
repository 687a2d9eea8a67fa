// A machine configuration as Talos reads it: YAML documents, one of which is the v1alpha1 one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/yaml/yaml_tree.h"

namespace tales::config {

inline constexpr size_t kLargestFile = 8 << 20;  // bytes of one file; inline manifests are what makes them long

struct Document {
  std::string name;        // "" for the v1alpha1 document; kind and name of another: "KmsgLogConfig remote"
  YamlNode::Pointer root;  // a map
};

struct MachineConfig {
  std::string text;
  std::vector<Document> documents;  // each name once

  const YamlNode* v1alpha1() const;  // nullptr where there is none
};

// InvalidArgument with one line per mistake, `name` and place in front: what is no YAML, no map, too large or too deep,
// a key or a document that is there twice, a document that does not say what it is.
absl::StatusOr<MachineConfig> ParseMachineConfig(std::string text, std::string_view name);
// The one document of a file that is no machine configuration (secrets.yaml), with the same limits.
absl::StatusOr<YamlNode::Pointer> ParseMap(std::string_view text, std::string_view name);

// What stands at a path of keys ("cluster.network.cni.name"); nullptr where nothing, or null, does. `root` may be null.
const YamlNode* Find(const YamlNode* root, std::string_view path);
std::string TextAt(const YamlNode* root, std::string_view path);                // "" where there is no scalar
std::vector<std::string> TextsAt(const YamlNode* root, std::string_view path);  // the scalars of a list

}  // namespace tales::config
