#include "suites/conformance/last_words.h"

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "harness/base/file.h"

namespace tales::conformance {
namespace {

constexpr size_t kKept = 2000;

}  // namespace

std::string LastWordsOf(const std::vector<std::filesystem::path>& files, uint64_t longest) {
  for (const std::filesystem::path& file : files) {
    const absl::StatusOr<std::string> text = ReadFile(file, longest);
    if (!text.ok()) continue;
    const std::string words(absl::StripAsciiWhitespace(*text));
    if (!words.empty()) return words.substr(words.size() > kKept ? words.size() - kKept : 0);
  }
  return "";
}

}  // namespace tales::conformance
