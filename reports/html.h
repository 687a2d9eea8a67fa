// Text of others inside HTML: it must not become markup, script or a link.
#pragma once

#include <string>
#include <string_view>

namespace tales::reports {

// For text and for values in double quotes. REQUIRES: cleaned text (reports/clean_text.h).
std::string HtmlText(std::string_view text);

// A link to a file below the page's own folder: no scheme, host or parent folder can come out of it.
std::string HtmlHref(std::string_view relative_path);

}  // namespace tales::reports
