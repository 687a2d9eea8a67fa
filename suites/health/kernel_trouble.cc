#include "suites/health/kernel_trouble.h"

#include <memory>

#include "absl/strings/str_split.h"
#include "re2/re2.h"

namespace tales::health {
namespace {

struct Pattern {
  const char* kind;
  std::unique_ptr<RE2> regex;
};

const std::vector<Pattern>& Patterns() {
  static const std::vector<Pattern>* const kPatterns = [] {
    auto* patterns = new std::vector<Pattern>();
    auto add = [&](const char* kind, const char* regex) { patterns->push_back({kind, std::make_unique<RE2>(regex)}); };
    add("panic", R"(Kernel panic - not syncing)");
    add("oops", R"(\b(?:Oops: |BUG: |kernel BUG at |general protection fault|Unable to handle kernel ))");
    add("hung task", R"(task .+ blocked for more than \d+ seconds|soft lockup|hard LOCKUP|rcu.*detected stalls?)");
    add("I/O error",
        R"(I/O error,? (?:on )?dev |Buffer I/O error on dev |EXT4-fs error|XFS .*(?:metadata I/O error|Corruption))");
    add("out of memory", R"([Oo]ut of memory: Killed process )");
    return patterns;
  }();
  return *kPatterns;
}

}  // namespace

std::vector<KernelTrouble> FindKernelTrouble(std::string_view log) {
  static const RE2 kRemovable(R"(dev(?:ice)? (?:fd|sr)\d)");
  std::vector<KernelTrouble> found;
  for (std::string_view line : absl::StrSplit(log, '\n')) {
    const re2::StringPiece text(line.data(), line.size());
    for (const Pattern& pattern : Patterns()) {
      if (!RE2::PartialMatch(text, *pattern.regex)) continue;
      if (RE2::PartialMatch(text, kRemovable)) break;
      found.push_back({pattern.kind, std::string(line)});
      break;
    }
  }
  return found;
}

}  // namespace tales::health
