#include "suites/config/faults/edit.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/operator/document.h"
#include "harness/yaml/yaml_tree.h"

namespace tales::config {
namespace {

// "podSubnets[0]" in parts: the key, and the item where one is named.
const YamlNode* Step(const YamlNode* node, std::string_view step) {
  const size_t bracket = step.find('[');
  node = Find(node, step.substr(0, bracket));
  if (bracket == std::string_view::npos || node == nullptr) return node;
  size_t index = 0;
  const std::string_view digits = step.substr(bracket + 1, step.size() - bracket - 2);
  if (!absl::SimpleAtoi(digits, &index) || index >= node->items.size()) return nullptr;
  return node->items[index].get();
}

// Where line `line` (from 1) begins; npos where there are fewer.
size_t BeginOfLine(std::string_view text, int line) {
  size_t at = 0;
  for (int i = 1; i < line && at != std::string_view::npos; ++i) {
    at = text.find('\n', at);
    if (at != std::string_view::npos) ++at;
  }
  return at;
}

}  // namespace

absl::StatusOr<std::string> WithValue(std::string text, std::string_view path, std::string_view value) {
  YamlMistakes mistakes("the file");
  const std::vector<YamlNode::Pointer> documents = ReadYaml(text, {.bytes = kLargestFile, .depth = 64}, mistakes);
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes.ToString());
  const YamlNode* node = documents.empty() ? nullptr : documents.front().get();
  for (std::string_view step : absl::StrSplit(path, '.')) node = Step(node, step);
  const absl::Status missing = absl::NotFoundError(absl::StrCat("there is no value of one line at ", path));
  if (node == nullptr || node->kind != YamlNode::Kind::kScalar || node->scalar.empty()) return missing;
  const size_t line = BeginOfLine(text, node->position.line);
  if (line == std::string::npos) return missing;
  const size_t at = text.find(node->scalar, line);
  if (at == std::string::npos || at >= text.find('\n', line)) return missing;
  return text.replace(at, node->scalar.size(), value);
}

}  // namespace tales::config
