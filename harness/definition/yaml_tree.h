// YAML as a tree that remembers where each thing stands. Internal to this folder.
//
// Made from yaml-cpp's parser events, not from YAML::Node: so that duplicate keys are seen, nesting and aliases are
// limited while they are read, and every value has its line and column.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tales::internal {

// Line and column from 1.
struct Position {
  int line = 1, column = 1;
};

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  using Pointer = std::shared_ptr<const YamlNode>;  // shared: an alias is the same node once more

  Kind kind = Kind::kNull;
  Position position;
  std::string scalar;
  bool plain = false;  // a scalar without quotes: `true` is a boolean, `"true"` is a text
  std::vector<Pointer> items;
  std::vector<std::pair<Pointer, Pointer>> entries;  // in order, duplicates included
};
std::string_view ToString(YamlNode::Kind kind);  // "empty", "a text", "a list", "a map"

// Mistakes of one file, each on a line of its own: "name:line:column: path: what".
class Mistakes {
 public:
  explicit Mistakes(std::string_view name) : name_(name) {}
  void Add(Position position, std::string_view path, std::string_view what);
  bool empty() const { return lines_.empty(); }
  std::string ToString() const;  // by position; at most 50, then how many more there are

 private:
  struct Line {
    Position position;
    std::string text;
  };
  std::string name_;
  std::vector<Line> lines_;
};

// The one document of `text`, nullptr when it cannot be read; `mistakes` says why.
YamlNode::Pointer ReadYaml(std::string_view text, Mistakes& mistakes);

}  // namespace tales::internal
