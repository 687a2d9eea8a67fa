#include "suites/config/difference.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/redactor.h"
#include "harness/operator/path.h"
#include "suites/config/secret_fields.h"

namespace tales::config {
namespace {

using Kind = YamlNode::Kind;

constexpr size_t kLongestShown = 120;

bool IsNothing(const YamlNode* node) { return node == nullptr || node->kind == Kind::kNull; }

// Entries that hold something, by key.
std::map<std::string_view, const YamlNode*> EntriesOf(const YamlNode& map) {
  std::map<std::string_view, const YamlNode*> entries;
  for (const auto& [key, value] : map.entries) {
    if (!IsNothing(value.get())) entries.emplace(key->scalar, value.get());
  }
  return entries;
}

// Whether Compare() would find nothing. Not by Compare(): a list in a list in a list would be compared again and again.
bool Equal(const YamlNode* a, const YamlNode* b) {
  if (IsNothing(a) || IsNothing(b)) return IsNothing(a) && IsNothing(b);
  if (a->kind != b->kind || a->items.size() != b->items.size()) return false;
  if (a->kind == Kind::kScalar) return a->scalar == b->scalar;
  for (size_t i = 0; i < a->items.size(); ++i) {
    if (!Equal(a->items[i].get(), b->items[i].get())) return false;
  }
  const auto first = EntriesOf(*a), second = EntriesOf(*b);
  return std::equal(first.begin(), first.end(), second.begin(), second.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && Equal(x.second, y.second); });
}

std::string Shown(const Path& path, const YamlNode* node) {
  if (IsNothing(node)) return "";
  if (IsSecret(path)) return "(secret)";
  if (node->kind != Kind::kScalar) return absl::StrCat("(", ToString(node->kind), ")");
  const std::string& text = node->scalar;
  if (const auto lines = std::count(text.begin(), text.end(), '\n'); lines > 0) {
    return absl::StrCat("(", lines + 1, " lines)");
  }
  if (text.size() > kLongestShown) return absl::StrCat("(", text.size(), " bytes)");
  // What only looks like a secret stays out as well: an operator's file may hold one anywhere.
  const std::string named = absl::StrCat(path.segments().empty() ? "" : path.segments().back(), ": ", text);
  if (Redactor().Redact(named) != named) return "(secret)";
  return absl::StrCat("\"", text, "\"");
}

class Comparison {
 public:
  std::vector<Difference> differences;

  void Values(const Path& path, const YamlNode* a, const YamlNode* b) {
    if (IsNothing(a) && IsNothing(b)) return;
    if (IsNothing(a)) return Add(path, Difference::Kind::kOnlyInSecond, a, b);
    if (IsNothing(b)) return Add(path, Difference::Kind::kOnlyInFirst, a, b);
    if (a->kind != b->kind) return Add(path, Difference::Kind::kChanged, a, b);
    if (a->kind == Kind::kMap) return Maps(path, *a, *b);
    if (a->kind == Kind::kList) return Lists(path, *a, *b);
    if (a->scalar != b->scalar) Add(path, Difference::Kind::kChanged, a, b);
  }

 private:
  void Add(const Path& path, Difference::Kind kind, const YamlNode* a, const YamlNode* b) {
    differences.push_back({path.ToString(), kind, Shown(path, a), Shown(path, b)});
  }

  void Maps(const Path& path, const YamlNode& a, const YamlNode& b) {
    const auto second = EntriesOf(b);
    std::map<std::string_view, const YamlNode*> first;
    for (const auto& [key, value] : a.entries) {
      if (IsNothing(value.get())) continue;
      first.emplace(key->scalar, value.get());
      const auto found = second.find(key->scalar);
      Values(path.Key(key->scalar), value.get(), found == second.end() ? nullptr : found->second);
    }
    for (const auto& [key, value] : second) {
      if (!first.contains(key)) Values(path.Key(key), nullptr, value);
    }
  }

  // What both begin and end with is left aside; the middle is compared item by item.
  void Lists(const Path& path, const YamlNode& a, const YamlNode& b) {
    size_t begin = 0, end_a = a.items.size(), end_b = b.items.size();
    while (begin < end_a && begin < end_b && Equal(a.items[begin].get(), b.items[begin].get())) ++begin;
    while (end_a > begin && end_b > begin && Equal(a.items[end_a - 1].get(), b.items[end_b - 1].get())) {
      --end_a, --end_b;
    }
    for (size_t i = begin; i < std::max(end_a, end_b); ++i) {
      Values(path.Item(i), i < end_a ? a.items[i].get() : nullptr, i < end_b ? b.items[i].get() : nullptr);
    }
  }
};

}  // namespace

std::vector<Difference> Compare(const MachineConfig& first, const MachineConfig& second) {
  Comparison comparison;
  const auto find = [](const MachineConfig& config, const std::string& name) -> const YamlNode* {
    for (const Document& document : config.documents) {
      if (document.name == name) return document.root.get();
    }
    return nullptr;
  };
  for (const Document& document : first.documents) {
    comparison.Values(Path(document.name), document.root.get(), find(second, document.name));
  }
  for (const Document& document : second.documents) {
    if (find(first, document.name) == nullptr) comparison.Values(Path(document.name), nullptr, document.root.get());
  }
  return std::move(comparison.differences);
}

std::string Describe(const Difference& difference, std::string_view first, std::string_view second) {
  switch (difference.kind) {
    case Difference::Kind::kOnlyInFirst:
      return absl::StrCat(difference.path, ": ", difference.first, " in ", first, " only");
    case Difference::Kind::kOnlyInSecond:
      return absl::StrCat(difference.path, ": ", difference.second, " in ", second, " only");
    case Difference::Kind::kChanged:
      break;
  }
  if (difference.first == difference.second) {
    return absl::StrCat(difference.path, ": ", difference.first, " differs between ", first, " and ", second);
  }
  return absl::StrCat(difference.path, ": ", difference.first, " in ", first, ", ", difference.second, " in ", second);
}

std::string Describe(const std::vector<Difference>& differences, std::string_view first, std::string_view second,
                     size_t most) {
  std::vector<std::string> lines;
  for (const Difference& difference : differences) {
    if (lines.size() == most) break;
    lines.push_back(Describe(difference, first, second));
  }
  if (differences.size() > most) lines.push_back(absl::StrCat("and ", differences.size() - most, " more"));
  return absl::StrJoin(lines, "\n");
}

}  // namespace tales::config
