#include "harness/base/size.h"

#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace tales {
namespace {

constexpr std::array<std::pair<std::string_view, uint64_t>, 9> kUnits = {{
    {"KiB", uint64_t{1} << 10},
    {"MiB", uint64_t{1} << 20},
    {"GiB", uint64_t{1} << 30},
    {"TiB", uint64_t{1} << 40},
    {"KB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
    {"B", 1},
}};
constexpr uint64_t kMost = INT64_MAX;

}  // namespace

std::optional<uint64_t> ParseSize(std::string_view text) {
  uint64_t factor = 1;
  for (const auto& [unit, value] : kUnits) {
    if (absl::ConsumeSuffix(&text, unit)) {
      factor = value;
      break;
    }
  }
  if (text.empty() || text.size() > 20 || text.find_first_not_of("0123456789.") != std::string_view::npos)
    return std::nullopt;
  if (uint64_t number = 0; absl::SimpleAtoi(text, &number)) {
    if (number > kMost / factor) return std::nullopt;
    return number * factor;
  }
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !(number * static_cast<double>(factor) < 9e18)) return std::nullopt;
  return static_cast<uint64_t>(std::llround(number * static_cast<double>(factor)));
}

std::string FormatSize(uint64_t bytes) {
  std::string shortest = absl::StrCat(bytes);
  for (const auto& [unit, value] : kUnits) {
    if (bytes == 0 || value == 1 || bytes % value != 0) continue;
    std::string text = absl::StrCat(bytes / value, unit);
    if (text.size() < shortest.size()) shortest = std::move(text);
  }
  return shortest;
}

}  // namespace tales
