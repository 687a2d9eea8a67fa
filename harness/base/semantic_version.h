// Versions of the form MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], with or without a `v`, and constraints over them.
// Order: semver.org 2.0.0, section 11; build metadata does not count.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tales {

struct SemanticVersion {
  std::array<uint32_t, 3> numbers{};
  std::string prerelease;  // "rc.1"; "" for a release
};

// nullopt for anything else ("1.17", "latest", numbers beyond nine digits).
std::optional<SemanticVersion> ParseSemanticVersion(std::string_view text);
// Negative, zero or positive as `a` is older, the same or newer: 1.19.0-rc.1 is older than 1.19.0.
int Compare(const SemanticVersion& a, const SemanticVersion& b);

// ">=1.19.0", "< v1.10.0"; operators >= > = < <=.
struct VersionConstraint {
  std::string op;
  SemanticVersion version;
  bool Holds(const SemanticVersion& found) const;
};
std::optional<VersionConstraint> ParseVersionConstraint(std::string_view text);

}  // namespace tales
