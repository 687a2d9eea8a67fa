// Which tests a run picks: the regular expressions that ginkgo takes as --focus and --skip.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}

namespace tales::conformance {

// A --focus that picks exactly the tests of these names, whatever characters are in them. Go and RE2 read it alike.
std::string FocusOn(const std::vector<std::string>& names);

// What picks all conformance tests.
inline constexpr std::string_view kFocusOnAll = R"(\[Conformance\])";

class Selection {
 public:
  // `focus` "" picks all, `skip` "" leaves none out. InvalidArgument: not a regular expression, or one that is too
  // large.
  static absl::StatusOr<Selection> Make(std::string_view focus, std::string_view skip);
  Selection(Selection&&) noexcept;
  Selection& operator=(Selection&&) noexcept;
  ~Selection();

  bool Picks(std::string_view name) const;
  std::vector<std::string> Of(const std::vector<std::string>& names) const;

 private:
  Selection();
  std::unique_ptr<re2::RE2> focus_, skip_;  // nullptr: none was given
};

}  // namespace tales::conformance
