#include "reports/markdown.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reports/clean_text.h"

namespace tales::reports {
namespace {

// More back-ticks than any run of them in `text`, and at least `least`.
std::string Fence(std::string_view text, size_t least) {
  size_t longest = 0, run = 0;
  for (char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max(least, longest + 1), '`');
}

}  // namespace

std::string MarkdownText(std::string_view text) {
  std::string out;
  for (char c : OneLine(text)) {
    if (absl::string_view("\\`*_[]<>|#~&!").find(c) != absl::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string MarkdownCode(std::string_view text) {
  const std::string line = OneLine(text);
  if (line.empty()) return "";
  const std::string fence = Fence(line, 1);
  // A back-tick at either end would join the fence.
  const char* pad = line.front() == '`' || line.back() == '`' ? " " : "";
  return absl::StrCat(fence, pad, line, pad, fence);
}

std::string MarkdownBlock(std::string_view text, int indent) {
  text = absl::StripTrailingAsciiWhitespace(text);
  if (text.empty()) return "";
  const std::string margin(static_cast<size_t>(indent), ' ');
  const std::string fence = Fence(text, 3);
  std::string out = absl::StrCat(margin, fence, "text\n");
  for (std::string_view line : absl::StrSplit(text, '\n')) absl::StrAppend(&out, margin, line, "\n");
  return absl::StrCat(out, margin, fence, "\n");
}

}  // namespace tales::reports
