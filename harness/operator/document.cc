#include "harness/operator/document.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/operator/path.h"

namespace tales::config {
namespace {

constexpr YamlLimits kLimits = {.bytes = kLargestFile, .depth = 64, .aliases = 100, .nodes = 1 << 18};

const YamlNode* Entry(const YamlNode& map, std::string_view key) {
  if (map.kind != YamlNode::Kind::kMap) return nullptr;
  for (const auto& [name, value] : map.entries) {
    if (name->kind == YamlNode::Kind::kScalar && name->scalar == key) return value.get();
  }
  return nullptr;
}

// Talos refuses them: the second of two equal keys would silently win elsewhere.
void FindDuplicateKeys(const YamlNode& node, const Path& path, YamlMistakes& mistakes) {
  for (size_t i = 0; i < node.items.size(); ++i) FindDuplicateKeys(*node.items[i], path.Item(i), mistakes);
  std::set<std::string_view> seen;
  for (const auto& [key, value] : node.entries) {
    if (key->kind != YamlNode::Kind::kScalar && key->kind != YamlNode::Kind::kNull) {
      mistakes.Add(key->position, path.ToString(), "a key that is no text");
      continue;
    }
    const Path below = path.Key(key->scalar);
    if (!seen.insert(key->scalar).second) mistakes.Add(key->position, below.ToString(), "this key is there twice");
    if (value != nullptr) FindDuplicateKeys(*value, below, mistakes);
  }
}

// "" for v1alpha1, "KIND" or "KIND NAME"; where it says neither, a mistake.
std::string NameOf(const YamlNode& root, YamlMistakes& mistakes) {
  if (TextAt(&root, "version") == "v1alpha1") return "";
  const std::string kind = TextAt(&root, "kind"), name = TextAt(&root, "name");
  if (kind.empty() || TextAt(&root, "apiVersion").empty()) {
    mistakes.Add(root.position, "",
                 "no machine configuration: neither `version: v1alpha1` nor `apiVersion` and `kind`");
  }
  return absl::StrCat(kind.substr(0, 80), name.empty() ? "" : " ", name.substr(0, 80));
}

std::vector<YamlNode::Pointer> ReadMaps(std::string_view text, YamlMistakes& mistakes) {
  std::vector<YamlNode::Pointer> maps;
  for (const YamlNode::Pointer& root : ReadYaml(text, kLimits, mistakes)) {
    if (root->kind == YamlNode::Kind::kNull) continue;  // "---" before the first document, or behind the last
    if (root->kind != YamlNode::Kind::kMap) {
      mistakes.Add(root->position, "", absl::StrCat("is ", ToString(root->kind), "; a map is wanted"));
      continue;
    }
    FindDuplicateKeys(*root, Path(), mistakes);
    maps.push_back(root);
  }
  if (maps.empty() && mistakes.empty()) mistakes.Add({}, "", "the file is empty");
  return maps;
}

}  // namespace

const YamlNode* MachineConfig::v1alpha1() const {
  for (const Document& document : documents) {
    if (document.name.empty()) return document.root.get();
  }
  return nullptr;
}

absl::StatusOr<MachineConfig> ParseMachineConfig(std::string text, std::string_view name) {
  YamlMistakes mistakes(name);
  MachineConfig config;
  std::set<std::string> names;
  for (YamlNode::Pointer& root : ReadMaps(text, mistakes)) {
    std::string document = NameOf(*root, mistakes);
    if (!names.insert(document).second) {
      mistakes.Add(
          root->position, "",
          absl::StrCat("a second document ", document.empty() ? "v1alpha1" : document, "; each is there once"));
    }
    config.documents.push_back({std::move(document), std::move(root)});
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes.ToString());
  config.text = std::move(text);
  return config;
}

absl::StatusOr<YamlNode::Pointer> ParseMap(std::string_view text, std::string_view name) {
  YamlMistakes mistakes(name);
  const std::vector<YamlNode::Pointer> maps = ReadMaps(text, mistakes);
  if (maps.size() > 1) mistakes.Add(maps[1]->position, "", "a second document; one is wanted");
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes.ToString());
  return maps.front();
}

const YamlNode* Find(const YamlNode* root, std::string_view path) {
  for (std::string_view key : absl::StrSplit(path, '.')) {
    if (root == nullptr) return nullptr;
    root = Entry(*root, key);
  }
  return root == nullptr || root->kind == YamlNode::Kind::kNull ? nullptr : root;
}

std::string TextAt(const YamlNode* root, std::string_view path) {
  const YamlNode* node = Find(root, path);
  return node != nullptr && node->kind == YamlNode::Kind::kScalar ? node->scalar : "";
}

std::vector<std::string> TextsAt(const YamlNode* root, std::string_view path) {
  std::vector<std::string> texts;
  if (const YamlNode* node = Find(root, path); node != nullptr) {
    for (const YamlNode::Pointer& item : node->items) {
      if (item->kind == YamlNode::Kind::kScalar) texts.push_back(item->scalar);
    }
  }
  return texts;
}

}  // namespace tales::config
