// Objects of a file as tables of fields: what a key is called, how its value is read, whether it must be there.
// Internal to this folder.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "harness/yaml/yaml_tree.h"

namespace tales::internal {

// A value in the file, with the path that errors name: "nodes[1].role".
struct Cursor {
  const YamlNode& node;
  std::string path;
  YamlMistakes& mistakes;

  void Mistake(std::string_view what) const { mistakes.Add(node.position, path, what); }
  Cursor Item(size_t i) const { return {*node.items[i], absl::StrCat(path, "[", i, "]"), mistakes}; }
  Cursor Entry(std::string_view key, const YamlNode& value) const {
    return {value, absl::StrCat(path, path.empty() ? "" : ".", key), mistakes};
  }
};

// nullopt when the text is allowed; else what is wrong and what is allowed: "\"x\" is not a role; one of ...".
using Rule = std::function<std::optional<std::string>(std::string_view)>;

// Scalars. False, with a mistake, when the value is not one.
bool ReadText(const Cursor& cursor, const Rule& rule, std::string& out);
bool ReadBool(const Cursor& cursor, bool& out);
bool ReadInt(const Cursor& cursor, int lowest, int highest, int& out);
bool ReadTexts(const Cursor& cursor, const Rule& rule, std::vector<std::string>& out);
// Calls `read` for each item or entry. False, with a mistake, when it is no list or map; duplicate and odd keys are
// mistakes.
bool ReadList(const Cursor& cursor, const std::function<void(const Cursor&)>& read);
bool ReadMap(const Cursor& cursor, const std::function<void(const YamlNode& key, const Cursor& value)>& read);

template <typename Object>
struct Field {
  std::string_view key;
  std::function<void(const Cursor&, Object&)> read;
  bool required = false;
  bool offered = true;  // as a key that could have been meant; not where `read` only says why it may not be there
};

// What is wrong with `key` where only `allowed` may stand, with the nearest one.
std::string UnknownKey(std::string_view key, const std::vector<std::string_view>& allowed);

template <typename Object>
void ReadObject(const Cursor& cursor, const std::vector<Field<Object>>& fields, Object& out) {
  std::vector<std::string_view> allowed;
  for (const auto& field : fields) {
    if (field.offered) allowed.push_back(field.key);
  }
  std::vector<bool> seen(fields.size(), false);
  const bool is_map = ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].key != key.scalar) continue;
      seen[i] = true;
      return fields[i].read(value, out);
    }
    cursor.mistakes.Add(key.position, cursor.path, UnknownKey(key.scalar, allowed));
  });
  if (!is_map) return;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].required && !seen[i]) cursor.Mistake(absl::StrCat("`", fields[i].key, "` is missing"));
  }
}

// Fields of the usual kinds.
template <typename Object>
Field<Object> Text(std::string_view key, std::string Object::*member, Rule rule = nullptr) {
  return {key, [=](const Cursor& cursor, Object& out) { ReadText(cursor, rule, out.*member); }};
}
template <typename Object>
Field<Object> Texts(std::string_view key, std::vector<std::string> Object::*member, Rule rule = nullptr) {
  return {key, [=](const Cursor& cursor, Object& out) { ReadTexts(cursor, rule, out.*member); }};
}
template <typename Object>
Field<Object> Bool(std::string_view key, bool Object::*member) {
  return {key, [=](const Cursor& cursor, Object& out) { ReadBool(cursor, out.*member); }};
}
// A key that may not be there, and what to do instead. Its value is not read, let alone shown.
template <typename Object>
Field<Object> Refused(std::string_view key, std::string_view instead) {
  return {key, [=](const Cursor& cursor, Object&) { cursor.Mistake(instead); }, false, /*offered=*/false};
}
template <typename Object>
Field<Object> Required(Field<Object> field) {
  field.required = true;
  return field;
}

}  // namespace tales::internal
