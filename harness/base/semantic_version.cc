#include "harness/base/semantic_version.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tales {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 9 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// Dots are let through: they part the identifiers.
bool IsIdentifiers(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-';
  });
}

int Sign(int64_t difference) { return difference < 0 ? -1 : difference > 0 ? 1 : 0; }

// Numbers by value and below words, words by their bytes.
int CompareIdentifier(std::string_view a, std::string_view b) {
  if (IsNumber(a) != IsNumber(b)) return IsNumber(a) ? -1 : 1;
  uint32_t x = 0, y = 0;
  if (absl::SimpleAtoi(a, &x) && absl::SimpleAtoi(b, &y)) return Sign(static_cast<int64_t>(x) - y);
  return Sign(a.compare(b));
}

int ComparePrerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return static_cast<int>(a.empty()) - static_cast<int>(b.empty());
  const std::vector<std::string_view> x = absl::StrSplit(a, '.'), y = absl::StrSplit(b, '.');
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (const int order = CompareIdentifier(x[i], y[i]); order != 0) return order;
  }
  return Sign(static_cast<int64_t>(x.size()) - static_cast<int64_t>(y.size()));
}

}  // namespace

std::optional<SemanticVersion> ParseSemanticVersion(std::string_view text) {
  absl::ConsumePrefix(&text, "v");
  if (const size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!IsIdentifiers(text.substr(plus + 1))) return std::nullopt;
    text = text.substr(0, plus);
  }
  SemanticVersion version;
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (!IsIdentifiers(text.substr(dash + 1))) return std::nullopt;
    version.prerelease = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  const std::vector<std::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() != version.numbers.size() || !std::all_of(parts.begin(), parts.end(), IsNumber)) return std::nullopt;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!absl::SimpleAtoi(parts[i], &version.numbers[i])) return std::nullopt;
  }
  return version;
}

int Compare(const SemanticVersion& a, const SemanticVersion& b) {
  for (size_t i = 0; i < a.numbers.size(); ++i) {
    if (a.numbers[i] != b.numbers[i]) return a.numbers[i] < b.numbers[i] ? -1 : 1;
  }
  return ComparePrerelease(a.prerelease, b.prerelease);
}

bool VersionConstraint::Holds(const SemanticVersion& found) const {
  const int order = Compare(found, version);
  if (op == ">=") return order >= 0;
  if (op == "<=") return order <= 0;
  if (op == ">") return order > 0;
  if (op == "<") return order < 0;
  return order == 0;
}

std::optional<VersionConstraint> ParseVersionConstraint(std::string_view text) {
  for (const std::string_view op : {">=", "<=", ">", "<", "="}) {
    std::string_view rest = text;
    if (!absl::ConsumePrefix(&rest, op)) continue;
    const std::optional<SemanticVersion> version = ParseSemanticVersion(absl::StripLeadingAsciiWhitespace(rest));
    if (!version.has_value()) return std::nullopt;
    return VersionConstraint{std::string(op), *version};
  }
  return std::nullopt;
}

}  // namespace tales
