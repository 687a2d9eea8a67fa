#include "suites/conformance/selection.h"

#include <re2/re2.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"

namespace tales::conformance {
namespace {

constexpr int64_t kMemory = 64 << 20;  // of a compiled expression; four hundred names take some ten

std::string Escaped(std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    if (std::string_view(R"(\.+*?()|[]{}^$)").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

absl::StatusOr<std::unique_ptr<re2::RE2>> Compile(std::string_view what, std::string_view expression) {
  if (expression.empty()) return nullptr;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemory);
  auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (compiled->ok()) return compiled;
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is not a regular expression that can be used: ", compiled->error()));
}

bool Matches(const re2::RE2& expression, const std::string& text) { return re2::RE2::PartialMatch(text, expression); }

}  // namespace

std::string FocusOn(const std::vector<std::string>& names) {
  std::vector<std::string> escaped;
  escaped.reserve(names.size());
  for (const std::string& name : names) escaped.push_back(Escaped(name));
  // No "^": ginkgo puts the name of the suite before that of the test.
  return absl::StrCat("(", absl::StrJoin(escaped, "|"), ")$");
}

Selection::Selection() = default;
Selection::Selection(Selection&&) noexcept = default;
Selection& Selection::operator=(Selection&&) noexcept = default;
Selection::~Selection() = default;

absl::StatusOr<Selection> Selection::Make(std::string_view focus, std::string_view skip) {
  Selection selection;
  TALES_ASSIGN_OR_RETURN(selection.focus_, Compile("the focus", focus));
  TALES_ASSIGN_OR_RETURN(selection.skip_, Compile("the skip", skip));
  return selection;
}

bool Selection::Picks(std::string_view name) const {
  const std::string text = absl::StrCat("Kubernetes e2e suite ", name);
  if (focus_ != nullptr && !Matches(*focus_, text)) return false;
  return skip_ == nullptr || !Matches(*skip_, text);
}

std::vector<std::string> Selection::Of(const std::vector<std::string>& names) const {
  std::vector<std::string> picked;
  std::copy_if(names.begin(), names.end(), std::back_inserter(picked),
               [this](const std::string& name) { return Picks(name); });
  return picked;
}

}  // namespace tales::conformance
