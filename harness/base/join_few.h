// A list that may be too long for a message.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace tales {

// "a; b; and 7 more": the first `most` of anything that holds texts, and how many are left.
template <typename Texts>
std::string JoinFew(const Texts& texts, std::string_view separator = "; ", size_t most = 5) {
  std::string joined;
  size_t told = 0;
  for (const auto& text : texts) {
    const std::string_view before = told == 0 ? "" : separator;
    if (told == most) {
      absl::StrAppend(&joined, before, "and ", texts.size() - told, " more");
      break;
    }
    absl::StrAppend(&joined, before, text);
    ++told;
  }
  return joined;
}

}  // namespace tales
