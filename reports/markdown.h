// Text of others inside Markdown: it must not become markup, links or HTML.
#pragma once

#include <string>
#include <string_view>

namespace tales::reports {

std::string MarkdownText(std::string_view text);  // escaped, on one line
std::string MarkdownCode(std::string_view text);  // `as code`, on one line, whatever back-ticks are in it
// A fenced block, each line `indent` spaces in. Empty for an empty text.
std::string MarkdownBlock(std::string_view text, int indent);

}  // namespace tales::reports
