#include "harness/operator/path.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tales::config {
namespace {

constexpr size_t kLongestShown = 80;

bool IsPlain(std::string_view key) {
  return !key.empty() && key.size() <= kLongestShown && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '/';
  });
}

}  // namespace

Path Path::Key(std::string_view key) const {
  Path longer = *this;
  longer.segments_.emplace_back(key);
  if (IsPlain(key)) {
    absl::StrAppend(&longer.text_, text_.empty() ? "" : ".", key);
  } else {
    absl::StrAppend(&longer.text_, "[\"", absl::CHexEscape(key.substr(0, kLongestShown)),
                    key.size() > kLongestShown ? "..." : "", "\"]");
  }
  return longer;
}

Path Path::Item(size_t index) const {
  Path longer = *this;
  longer.segments_.emplace_back("[]");
  absl::StrAppend(&longer.text_, "[", index, "]");
  return longer;
}

std::string Path::ToString() const {
  if (document_.empty()) return text_.empty() ? "the whole document" : text_;
  return text_.empty() ? document_ : absl::StrCat(document_, ": ", text_);
}

bool Path::IsAtOrBelow(std::string_view pattern) const {
  size_t at = 0;
  for (std::string_view key : absl::StrSplit(pattern, '.')) {
    const bool item = key.size() > 2 && key.substr(key.size() - 2) == "[]";
    if (item) key.remove_suffix(2);
    if (at >= segments_.size() || (key != "*" && segments_[at] != key)) return false;
    ++at;
    if (item && (at >= segments_.size() || segments_[at++] != "[]")) return false;
  }
  return true;
}

}  // namespace tales::config
