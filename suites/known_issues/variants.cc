#include "suites/known_issues/variants.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/semantic_version.h"

namespace tales::known_issues {

bool IsAtLeast(const std::string& version, std::string_view least) {
  const std::optional<SemanticVersion> have = ParseSemanticVersion(version), want = ParseSemanticVersion(least);
  return have.has_value() && want.has_value() && Compare(*have, *want) >= 0;
}

Evidence AsEvidence(const Lines& lines) {
  std::string content = absl::StrCat(absl::StrJoin(lines.text, "\n"), "\n");
  if (lines.count > lines.text.size()) {
    absl::StrAppend(&content, "... and ", lines.count - lines.text.size(), " more\n");
  }
  return {.name = "agent.log", .content = std::move(content)};
}

Outcome NewVariant(std::string_view issue, std::string_view expected, std::string_view difference,
                   std::string_view line, const Lines& lines, std::string next) {
  return Outcome::Failed({.expected = std::string(expected),
                          .found = absl::StrCat("a new variant of ", issue, ": ", difference, ": ", line,
                                                lines.count > 1 ? absl::StrCat(" (one of ", lines.count, ")") : ""),
                          .next = std::move(next)})
      .With(AsEvidence(lines));
}

}  // namespace tales::known_issues
