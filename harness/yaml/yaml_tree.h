// YAML as a tree that remembers where each thing stands.
//
// Made from yaml-cpp's parser events, not from YAML::Node: so that duplicate keys are seen, size, nesting and aliases
// are limited while they are read, and every value has its line and column.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tales {

// Line and column from 1.
struct YamlPosition {
  int line = 1, column = 1;
};

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  using Pointer = std::shared_ptr<const YamlNode>;  // shared: an alias is the same node once more

  Kind kind = Kind::kNull;
  YamlPosition position;
  std::string scalar;
  bool plain = false;  // a scalar without quotes: `true` is a boolean, `"true"` is a text
  std::vector<Pointer> items;
  std::vector<std::pair<Pointer, Pointer>> entries;  // in order, duplicates included
};
std::string_view ToString(YamlNode::Kind kind);  // "empty", "a text", "a list", "a map"

// Mistakes of one file, each on a line of its own: "name:line:column: path: what".
class YamlMistakes {
 public:
  explicit YamlMistakes(std::string_view name) : name_(name) {}
  void Add(YamlPosition position, std::string_view path, std::string_view what);
  bool empty() const { return lines_.empty(); }
  std::string ToString() const;  // by position; at most 50, then how many more there are

 private:
  struct Line {
    YamlPosition position;
    std::string text;
  };
  std::string name_;
  std::vector<Line> lines_;
};

// What a file may be at most.
struct YamlLimits {
  size_t bytes = 1 << 20;
  size_t depth = 32;
  size_t aliases = 100;
  size_t nodes = 1 << 20;  // aliases followed: so many does a walk over the tree meet
};

// The documents of `text` in order; a document without content is a node of kind kNull. None when it cannot be read,
// and then `mistakes` says why.
std::vector<YamlNode::Pointer> ReadYaml(std::string_view text, const YamlLimits& limits, YamlMistakes& mistakes);

}  // namespace tales
