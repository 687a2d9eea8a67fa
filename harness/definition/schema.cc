#include "harness/definition/schema.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"

namespace tales::internal {
namespace {

constexpr size_t kLongestShown = 60;

std::string Shown(std::string_view text) {
  return absl::StrCat("\"", text.substr(0, kLongestShown), text.size() > kLongestShown ? "..." : "", "\"");
}

bool Expect(const Cursor& cursor, YamlNode::Kind kind) {
  if (cursor.node.kind == kind) return true;
  cursor.Mistake(absl::StrCat("is ", ToString(cursor.node.kind), "; ", ToString(kind), " is wanted"));
  return false;
}

// Edits (insertions, deletions, replacements) from one word to the other, letter case aside.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const bool same = absl::ascii_tolower(static_cast<unsigned char>(a[i])) ==
                        absl::ascii_tolower(static_cast<unsigned char>(b[j]));
      const size_t replaced = diagonal + (same ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

bool ReadText(const Cursor& cursor, const Rule& rule, std::string& out) {
  if (!Expect(cursor, YamlNode::Kind::kScalar)) return false;
  if (cursor.node.scalar.empty()) {
    cursor.Mistake("is an empty text; leave the key out where there is nothing to say");
    return false;
  }
  if (rule != nullptr) {
    if (const auto wrong = rule(cursor.node.scalar)) {
      cursor.Mistake(*wrong);
      return false;
    }
  }
  out = cursor.node.scalar;
  return true;
}

bool ReadBool(const Cursor& cursor, bool& out) {
  if (cursor.node.kind == YamlNode::Kind::kScalar && cursor.node.plain &&
      (cursor.node.scalar == "true" || cursor.node.scalar == "false")) {
    out = cursor.node.scalar == "true";
    return true;
  }
  cursor.Mistake(absl::StrCat(
      cursor.node.kind == YamlNode::Kind::kScalar ? Shown(cursor.node.scalar) : std::string(ToString(cursor.node.kind)),
      " is not a boolean; true or false, without quotes"));
  return false;
}

bool ReadInt(const Cursor& cursor, int lowest, int highest, int& out) {
  int value = 0;
  if (cursor.node.kind == YamlNode::Kind::kScalar && cursor.node.plain &&
      absl::SimpleAtoi(cursor.node.scalar, &value) && value >= lowest && value <= highest) {
    out = value;
    return true;
  }
  const std::string shown =
      cursor.node.kind == YamlNode::Kind::kScalar ? Shown(cursor.node.scalar) : std::string(ToString(cursor.node.kind));
  cursor.Mistake(lowest == highest ? absl::StrCat(shown, " is not allowed; it must be ", lowest)
                                   : absl::StrCat(shown, " is not allowed; a number from ", lowest, " to ", highest));
  return false;
}

bool ReadTexts(const Cursor& cursor, const Rule& rule, std::vector<std::string>& out) {
  return ReadList(cursor, [&](const Cursor& item) {
    std::string text;
    if (ReadText(item, rule, text)) out.push_back(std::move(text));
  });
}

bool ReadList(const Cursor& cursor, const std::function<void(const Cursor&)>& read) {
  if (!Expect(cursor, YamlNode::Kind::kList)) return false;
  for (size_t i = 0; i < cursor.node.items.size(); ++i) read(cursor.Item(i));
  return true;
}

bool ReadMap(const Cursor& cursor, const std::function<void(const YamlNode& key, const Cursor& value)>& read) {
  if (!Expect(cursor, YamlNode::Kind::kMap)) return false;
  std::map<std::string_view, YamlPosition> seen;
  for (const auto& [key, value] : cursor.node.entries) {
    if (key->kind != YamlNode::Kind::kScalar) {
      cursor.mistakes.Add(key->position, cursor.path,
                          absl::StrCat("a key that is ", ToString(key->kind), "; a text is wanted"));
      continue;
    }
    if (const auto [first, added] = seen.emplace(key->scalar, key->position); !added) {
      cursor.mistakes.Add(key->position, cursor.path,
                          absl::StrCat("key ", Shown(key->scalar), " for the second time; it stands on line ",
                                       first->second.line, " already"));
      continue;
    }
    static const YamlNode nothing;
    read(*key,
         cursor.Entry(std::string_view(key->scalar).substr(0, kLongestShown), value == nullptr ? nothing : *value));
  }
  return true;
}

std::string UnknownKey(std::string_view key, const std::vector<std::string_view>& allowed) {
  std::string_view nearest;
  size_t distance = 3;
  if (key.size() <= kLongestShown) {
    for (std::string_view candidate : allowed) {
      const size_t d = Distance(key, candidate);
      if (d < distance && d < candidate.size() / 2 + 1) {
        distance = d;
        nearest = candidate;
      }
    }
  }
  if (!nearest.empty()) return absl::StrCat("unknown key ", Shown(key), "; did you mean \"", nearest, "\"?");
  return absl::StrCat("unknown key ", Shown(key), "; one of ", absl::StrJoin(allowed, ", "));
}

}  // namespace tales::internal
