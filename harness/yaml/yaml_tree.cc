#include "harness/yaml/yaml_tree.h"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace tales {
namespace {

YamlPosition At(const YAML::Mark& mark) { return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1}; }

struct TooMuch : std::exception {
  YamlPosition position;
  std::string what_is;
  TooMuch(YamlPosition where, std::string why) : position(where), what_is(std::move(why)) {}
};

// Builds one document after the other; the limits are those of all together.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}
  YamlNode::Pointer TakeRoot() {
    anchors_.clear();
    return std::exchange(root_, nullptr);
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Append(Make(mark, anchor, YamlNode::Kind::kNull));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (++aliases_ > limits_.aliases) throw TooMuch(At(mark), absl::StrCat("more than ", limits_.aliases, " aliases"));
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw TooMuch(At(mark), "an alias of nothing");
    const auto is_target = [&](const Collection& open) { return open.node == found->second.node; };
    if (std::any_of(open_.begin(), open_.end(), is_target)) throw TooMuch(At(mark), "an alias of what it stands in");
    Count(mark, found->second.size);
    Append(found->second.node);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = Make(mark, anchor, YamlNode::Kind::kScalar);
    node->scalar = value;
    node->plain = tag == "?";
    if (node->plain && (value == "~" || value == "null" || value == "Null" || value == "NULL" || value.empty())) {
      node->kind = YamlNode::Kind::kNull;
    }
    Append(node);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Anchored {
    std::shared_ptr<YamlNode> node;
    size_t size = 1;  // nodes that a walk over it meets
  };
  struct Collection {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    size_t begin;  // count_ before it
  };

  void Count(const YAML::Mark& mark, size_t nodes) {
    count_ += nodes;
    if (count_ > limits_.nodes) throw TooMuch(At(mark), absl::StrCat("more than ", limits_.nodes, " values"));
  }
  std::shared_ptr<YamlNode> Make(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    Count(mark, 1);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->position = At(mark);
    if (anchor != 0) anchors_[anchor] = {node};
    return node;
  }
  void Append(const std::shared_ptr<YamlNode>& node) {
    if (open_.empty()) {
      root_ = node;
    } else if (YamlNode& parent = *open_.back().node; parent.kind == YamlNode::Kind::kList) {
      parent.items.push_back(node);
    } else if (auto& entries = parent.entries; !entries.empty() && entries.back().second == nullptr) {
      entries.back().second = node;
    } else {
      entries.emplace_back(node, nullptr);
    }
  }
  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (open_.size() >= limits_.depth) {
      throw TooMuch(At(mark), absl::StrCat("nested deeper than ", limits_.depth, " levels"));
    }
    const size_t begin = count_;
    auto node = Make(mark, anchor, kind);
    Append(node);
    open_.push_back({std::move(node), anchor, begin});
  }
  void Close() {
    const Collection& done = open_.back();
    if (done.anchor != 0) anchors_[done.anchor] = {done.node, count_ - done.begin};
    open_.pop_back();
  }

  const YamlLimits& limits_;
  std::shared_ptr<YamlNode> root_;
  std::vector<Collection> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  size_t aliases_ = 0, count_ = 0;
};

// The length of the well-formed UTF-8 sequence that `text` begins with; 0 where it is none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && byte(1) < 0xa0) return 0;   // longer than needed
  if (first == 0xed && byte(1) >= 0xa0) return 0;  // half of a surrogate pair
  if (first == 0xf0 && byte(1) < 0x90) return 0;   // longer than needed
  if (first == 0xf4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
  return length;
}

// The first thing that cannot stand in a text file.
std::optional<std::pair<YamlPosition, std::string>> FindBinary(std::string_view text) {
  YamlPosition position;
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
      return std::pair(position, absl::StrCat("not a text file: byte 0x", absl::Hex(c, absl::kZeroPad2)));
    }
    const size_t length = Utf8Length(text.substr(i));
    if (length == 0) return std::pair(position, absl::StrCat("not UTF-8: byte 0x", absl::Hex(c, absl::kZeroPad2)));
    i += length;
    if (c == '\n') {
      position = {position.line + 1, 1};
    } else {
      ++position.column;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view ToString(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "empty";
    case YamlNode::Kind::kScalar:
      return "a text";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "empty";
}

void YamlMistakes::Add(YamlPosition position, std::string_view path, std::string_view what) {
  std::string text =
      absl::StrCat(name_, ":", position.line, ":", position.column, ": ", path, path.empty() ? "" : ": ", what);
  // One line each, whatever the file holds.
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  lines_.push_back({position, std::move(text)});
}

std::string YamlMistakes::ToString() const {
  constexpr size_t kMost = 50;
  std::vector<const Line*> sorted;
  for (const Line& line : lines_) sorted.push_back(&line);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Line* a, const Line* b) {
    return std::pair(a->position.line, a->position.column) < std::pair(b->position.line, b->position.column);
  });
  std::string text;
  for (size_t i = 0; i < sorted.size() && i < kMost; ++i) absl::StrAppend(&text, i == 0 ? "" : "\n", sorted[i]->text);
  if (sorted.size() > kMost) absl::StrAppend(&text, "\n", name_, ": and ", sorted.size() - kMost, " more mistakes");
  return text;
}

std::vector<YamlNode::Pointer> ReadYaml(std::string_view text, const YamlLimits& limits, YamlMistakes& mistakes) {
  if (text.size() > limits.bytes) {
    mistakes.Add({}, "",
                 absl::StrCat("longer than ",
                              limits.bytes >= 1 << 20 ? absl::StrCat(limits.bytes >> 20, " MiB")
                                                      : absl::StrCat(limits.bytes >> 10, " KiB"),
                              " (", text.size(), " bytes)"));
    return {};
  }
  if (const auto binary = FindBinary(text)) {
    mistakes.Add(binary->first, "", binary->second);
    return {};
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(limits);
    std::vector<YamlNode::Pointer> documents;
    while (parser.HandleNextDocument(builder)) {
      const YamlNode::Pointer root = builder.TakeRoot();
      documents.push_back(root != nullptr ? root : std::make_shared<YamlNode>());
    }
    return documents;
  } catch (const TooMuch& problem) {
    mistakes.Add(problem.position, "", problem.what_is);
  } catch (const YAML::Exception& problem) {
    mistakes.Add(At(problem.mark), "", absl::StrCat("not YAML: ", problem.msg));
  } catch (const std::exception& problem) {
    mistakes.Add({}, "", absl::StrCat("not YAML: ", problem.what()));
  }
  return {};
}

}  // namespace tales
